"""A thousand power cuts, each at a random moment and with a random part of what was not flushed lost: no counter comes twice."""

import errno
import random
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from adc import EPOCH_FRAMES, CounterStore, CounterStoreError, counter


class PowerCut(BaseException):
    """The camera lost power; nothing after it reaches the disk."""


class Inode:
    """A file's bytes as programs see them, and as they were when they were last flushed."""

    def __init__(self) -> None:
        self.seen = self.safe = b""


class Disk:
    """One folder in memory that keeps the promises of POSIX and no others.

    What fsync was called for is safe: the bytes of a file, or the names in the folder. Of all else, at a power cut, each name
    is by chance as it was at any time since, and each file has its old bytes, its new ones or a beginning of the new ones.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.names: dict[str, Inode] = {}
        self.names_since_safe: list[dict[str, Inode]] = []
        self.open: dict[int, Inode | None] = {}  # None: the folder itself
        self.steps_left = 0

    def step(self) -> None:
        """One thing is done, unless the power goes just before it."""
        self.names_since_safe.append(dict(self.names))
        if self.steps_left == 0:
            raise PowerCut
        self.steps_left -= 1

    def restart(self, steps: int) -> None:
        names = {}
        states = [*self.names_since_safe, self.names]
        for name in sorted({name for state in states for name in state}):
            inode = self.chance.choice(states).get(name)
            if inode is not None:
                names[name] = inode
        for inode in names.values():
            if inode.seen == inode.safe:
                continue
            torn = inode.seen[: self.chance.randint(0, len(inode.seen))]
            inode.seen = inode.safe = self.chance.choice((inode.seen, inode.safe, torn))
        self.names, self.names_since_safe = names, []
        self.open.clear()
        self.steps_left = steps

    def opened(self, inode: Inode | None) -> int:
        number = max(self.open, default=2) + 1
        self.open[number] = inode
        return number


class DiskPath:
    """As much of a pathlib.Path as a counter store uses."""

    def __init__(self, disk: Disk, name: str) -> None:
        self.disk, self.name = disk, name

    @property
    def parent(self) -> "DiskPath":
        return DiskPath(self.disk, "")

    def __str__(self) -> str:
        return self.name

    def with_name(self, name: str) -> "DiskPath":
        return DiskPath(self.disk, name)

    def read_bytes(self) -> bytes:
        self.disk.step()
        if self.name not in self.disk.names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", self.name)
        return self.disk.names[self.name].seen

    def replace(self, target: "DiskPath") -> None:
        self.disk.step()
        self.disk.names[target.name] = self.disk.names.pop(self.name)

    def open(self, mode: str) -> "Writer":
        self.disk.step()
        if mode == "xb" and self.name in self.disk.names:
            raise FileExistsError(errno.EEXIST, "File exists", self.name)
        inode = self.disk.names.setdefault(self.name, Inode())
        inode.seen = b""
        return Writer(self.disk, inode)

    def unlink(self, missing_ok: bool) -> None:
        assert missing_ok
        self.disk.step()
        self.disk.names.pop(self.name, None)


class Writer:
    """A buffered file: nothing is seen of it before it is flushed."""

    def __init__(self, disk: Disk, inode: Inode) -> None:
        self.disk, self.inode, self.buffer, self.number = disk, inode, b"", disk.opened(inode)

    def write(self, content: bytes) -> None:
        self.buffer += content

    def flush(self) -> None:
        self.disk.step()
        self.inode.seen, self.buffer = self.inode.seen + self.buffer, b""

    def fileno(self) -> int:
        return self.number

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.buffer:
            self.flush()


def system(disk: Disk) -> SimpleNamespace:
    """As much of the module os as a counter store uses, on that disk."""

    def open_(path: DiskPath, flags: int, mode: int = 0) -> int:
        disk.step()
        return disk.opened(disk.names.setdefault(path.name, Inode()) if path.name else None)

    def write(number: int, content: bytes) -> None:
        disk.step()
        disk.open[number].seen += content

    def fsync(number: int) -> None:
        disk.step()
        inode = disk.open[number]
        if inode is None:
            disk.names_since_safe = []
        else:
            inode.safe = inode.seen

    return SimpleNamespace(
        open=open_, write=write, fsync=fsync, close=lambda number: disk.open.pop(number, None), getpid=lambda: 1,
        fstat=lambda number: SimpleNamespace(st_size=len(disk.open[number].seen)),
        O_RDWR=0, O_CREAT=0, O_CLOEXEC=0, O_RDONLY=0, O_DIRECTORY=0,
    )  # fmt: skip


@pytest.fixture
def camera_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Disk], Callable[[], CounterStore]]:
    def of(disk: Disk) -> Callable[[], CounterStore]:
        monkeypatch.setattr(counter, "os", system(disk))
        monkeypatch.setattr(counter, "fcntl", SimpleNamespace(flock=lambda *_: None, LOCK_EX=0, LOCK_NB=0))
        monkeypatch.setattr(counter, "Path", lambda path: path)
        return lambda: CounterStore(DiskPath(disk, "counter"), reserve=disk.chance.choice((1, 2, 7)))

    return of


@pytest.mark.parametrize("seed", range(2))
def test_no_counter_comes_twice_over_a_thousand_power_cuts(camera_of, seed: int) -> None:
    chance = random.Random(seed)
    disk = Disk(chance)
    open_store = camera_of(disk)
    issued: list[int] = []
    cuts_while = {"opening": 0, "issuing": 0}
    for _ in range(1000):
        disk.restart(chance.randint(0, 60))
        doing = "opening"
        try:
            store = open_store()
            doing = "issuing"
            while True:
                disk.step()  # between two frames
                issued.append(store.issue())
        except PowerCut:
            cuts_while[doing] += 1
    assert issued == sorted(set(issued))
    assert len(issued) > 5000
    assert sum(cuts_while.values()) == 1000
    assert min(cuts_while.values()) > 20


def test_an_epoch_ends_before_the_tags_grow_weak(camera_of) -> None:
    disk = Disk(random.Random(0))
    open_store = camera_of(disk)
    disk.restart(1000)
    disk.names["counter"] = Inode()
    disk.names["counter"].seen = counter._written(EPOCH_FRAMES - 2)
    store = open_store()
    assert store.left == 2
    assert [store.issue(), store.issue()] == [EPOCH_FRAMES - 2, EPOCH_FRAMES - 1]
    assert store.left == 0
    with pytest.raises(CounterStoreError, match=r"has issued all 2\*\*48 counters of its epoch: begin a new epoch"):
        store.issue()

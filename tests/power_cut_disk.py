"""A disk in memory on which the power may go at every step: what a test of counters and key slots runs on."""

import errno
import random
from types import SimpleNamespace


class PowerGone(BaseException):
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
            raise PowerGone
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
    """As much of a pathlib.Path as counter stores and flashes use."""

    def __init__(self, disk: Disk, name: str) -> None:
        self.disk, self.name = disk, name

    @property
    def parent(self) -> "DiskPath":
        return DiskPath(self.disk, "")

    def __str__(self) -> str:
        return self.name

    def with_name(self, name: str) -> "DiskPath":
        return DiskPath(self.disk, name)

    def __truediv__(self, name: str) -> "DiskPath":
        assert not self.name, "there is one folder"
        return DiskPath(self.disk, name)

    def mkdir(self, **_: object) -> None:
        assert not self.name

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

    def unlink(self, missing_ok: bool = False) -> None:
        assert missing_ok or self.name in self.disk.names
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
    """As much of the module os as counter stores and flashes use, on that disk."""

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
        open=open_, write=write, fsync=fsync, fchmod=lambda *_: None, getpid=lambda: 1,
        close=lambda number: disk.open.pop(number, None),
        fstat=lambda number: SimpleNamespace(st_size=len(disk.open[number].seen)),
        O_RDWR=0, O_CREAT=0, O_CLOEXEC=0, O_RDONLY=0, O_DIRECTORY=0,
    )  # fmt: skip

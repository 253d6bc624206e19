"""A thousand power cuts, each at a random moment and with a random part of what was not flushed lost: no counter comes twice."""

import random
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from adc import EPOCH_FRAMES, CounterStore, CounterStoreError, counter
from tests.power_cut_disk import Disk, DiskPath, Inode, PowerGone, system


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
        except PowerGone:
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

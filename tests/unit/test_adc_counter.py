"""A counter that is issued twice gives a mask away: not by threads, holders, damage or a crash at any moment."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from adc import CounterStore, CounterStoreError


def test_counters_rise_by_one_and_begin_at_zero(tmp_path: Path) -> None:
    with CounterStore(tmp_path / "counter", reserve=4) as store:
        assert [store.issue() for _ in range(10)] == list(range(10))
        assert next(store) == 10


def test_reopened_store_goes_on_after_what_was_reserved(tmp_path: Path) -> None:
    with CounterStore(tmp_path / "counter", reserve=10) as store:
        assert store.issue() == 0
    with CounterStore(tmp_path / "counter", reserve=10) as store:
        assert store.issue() == 10


def test_threads_never_share_a_counter(tmp_path: Path) -> None:
    issued: list[list[int]] = [[] for _ in range(4)]
    with CounterStore(tmp_path / "counter", reserve=16) as store:
        threads = [
            threading.Thread(target=lambda own: own.extend(store.issue() for _ in range(200)), args=(own,)) for own in issued
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(itertools.chain(*issued)) == list(range(800))


def test_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first = CounterStore(tmp_path / "counter")
    with pytest.raises(CounterStoreError, match="held by another"):
        CounterStore(tmp_path / "counter")
    first.close()
    first.close()
    CounterStore(tmp_path / "counter").close()


def test_closed_store_issues_nothing(tmp_path: Path) -> None:
    store = CounterStore(tmp_path / "counter")
    store.close()
    with pytest.raises(CounterStoreError, match="closed"):
        store.issue()


@pytest.mark.parametrize("damage", [lambda text: b"", lambda text: text[:-5], lambda text: text.replace(b"1024", b"0000"),
                                    lambda text: text + b" ", lambda text: b"0", lambda text: b"\xff" * 200])  # fmt: skip
def test_damaged_file_is_refused_and_left_alone(tmp_path: Path, damage) -> None:
    path = tmp_path / "counter"
    with CounterStore(path) as store:
        store.issue()
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(CounterStoreError, match="damaged"):
            CounterStore(path)
    assert path.read_bytes() == damaged


def test_lost_file_is_not_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "counter"
    with CounterStore(path) as store:
        store.issue()
    path.unlink()
    with pytest.raises(CounterStoreError, match="is gone"):
        CounterStore(path)


def test_failed_write_issues_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with CounterStore(tmp_path / "counter", reserve=1) as store:
        assert store.issue() == 0
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                store.issue()
        assert store.issue() >= 1


def test_forked_child_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with CounterStore(tmp_path / "counter") as store:
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with pytest.raises(CounterStoreError, match="another process"):
            store.issue()


ISSUING = """
import sys
from adc.counter import CounterStore
with CounterStore(sys.argv[1], reserve=3) as store:
    while True:
        sys.stdout.write(f"{store.issue()}\\n")
        sys.stdout.flush()
"""


def test_no_counter_comes_twice_when_the_camera_is_killed_at_any_moment(tmp_path: Path) -> None:
    moments = random.Random(4)
    issued: list[int] = []
    for _ in range(6):
        camera = subprocess.Popen([sys.executable, "-c", ISSUING, tmp_path / "counter"], stdout=subprocess.PIPE)
        assert camera.stdout is not None
        lines = [camera.stdout.readline()]  # killed while it issues, not while it starts
        time.sleep(moments.uniform(0, 0.03))
        camera.send_signal(signal.SIGKILL)
        lines += camera.stdout.read().splitlines(keepends=True)
        camera.wait()
        camera.stdout.close()
        issued += [int(line) for line in lines if line.endswith(b"\n")]
    assert len(issued) > 6
    assert issued == sorted(set(issued))


@pytest.mark.parametrize("reserve", [0, 2**32 + 1, 1.5])
def test_impossible_reserve_is_refused_by_name(tmp_path: Path, reserve: float) -> None:
    with pytest.raises(ValueError, match="reserve"):
        CounterStore(tmp_path / "counter", reserve=reserve)

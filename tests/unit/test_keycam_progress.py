"""The progress bar shows how far along the work is, also where it was begun in an earlier run, and nothing in a file."""

import io
import sys
from collections.abc import Callable

import pytest

from keycam.progress import progress


class Terminal(io.StringIO):
    """A terminal that keeps what was written to it."""

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, items: list[int], done: Callable[[int], int] | None) -> str:
    """What the terminal has shown when all of `items` are through."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(progress(items, "training", 9, done)) == items
    written: str = sys.stderr.getvalue()  # type: ignore[attr-defined]
    return written


def test_every_item_is_one_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    written = shown(monkeypatch, [5, 6, 7], None)
    assert "training" in written
    assert "3/9" in written


def test_what_an_earlier_run_did_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    written = shown(monkeypatch, [7, 8, 9], lambda epoch: epoch)
    assert "9/9" in written
    assert "3/9" not in written


def test_nothing_is_shown_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert list(progress([1, 2], "training", 2)) == [1, 2]
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]

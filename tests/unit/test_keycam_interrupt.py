"""An interrupt that a callback from C swallows comes again, and one in an import waits until that is over."""

import ctypes
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keycam.interrupt import no_interrupt_lost

PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def obeyed() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@ctypes.CFUNCTYPE(None)
def interrupted() -> None:
    signal.raise_signal(signal.SIGINT)


@ctypes.CFUNCTYPE(None)
def broken() -> None:
    raise ArithmeticError("a defect")


def test_an_interrupt_in_a_callback_from_c_comes_again() -> None:
    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt), no_interrupt_lost():
        interrupted()
        time.sleep(PATIENCE_S)
    assert time.monotonic() - began_s < PATIENCE_S / 2  # whatever it waits for


def test_what_else_a_callback_swallows_is_reported_and_the_hook_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: reported.append(lost.exc_type))
    hook = sys.unraisablehook
    with no_interrupt_lost():
        broken()
    assert reported == [ArithmeticError]
    assert sys.unraisablehook is hook


def test_an_interrupt_in_an_import_waits_until_it_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "interrupted_module.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\nWHOLE = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt), no_interrupt_lost():
        import interrupted_module  # type: ignore[import-not-found]

        time.sleep(PATIENCE_S)
    assert interrupted_module.WHOLE
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_somebody_else_handles_is_left_to_him() -> None:
    seen: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    mine = signal.getsignal(signal.SIGINT)
    with no_interrupt_lost():
        signal.raise_signal(signal.SIGINT)
    assert seen == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is mine

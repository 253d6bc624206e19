"""An interrupt that a callback from C swallows comes again; whatever else it swallows is reported as ever."""

import ctypes
import signal
import sys
import time
from collections.abc import Iterator

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

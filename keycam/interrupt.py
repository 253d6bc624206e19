"""Ctrl-C that always arrives, also while modules are imported and kernels are compiled."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN_S = 0.1
"""After so long the same interrupt comes again: by then the callback has returned, or the import may be over."""
IMPORTING = "<frozen importlib._bootstrap>"
"""The file that a frame of Python's import says it comes from."""


@contextmanager
def no_interrupt_lost() -> Iterator[None]:
    """Until the block ends, let an interrupt wait where it does harm, and deliver again what Python could not raise.

    While Numba compiles, LLVM calls back into Python for each finished piece, and an interrupt that came meanwhile is raised
    there. C cannot pass it on, so Python hands it to `sys.unraisablehook` and goes on: of 55 interrupts at random moments of a
    compilation 12 were lost so. In the initialisation of an extension module, C++ may end the whole process instead (SIGABRT):
    an interrupt waits until imports are over.

    The handler stays as it is where this is not the main thread or somebody else handles interrupts.
    """
    before = sys.unraisablehook
    here = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def again(lost: "sys.UnraisableHookArgs") -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            _interrupt_later()
        else:
            before(lost)

    sys.unraisablehook = again
    if here:
        signal.signal(signal.SIGINT, interrupt_when_imported)
    try:
        yield
    finally:
        sys.unraisablehook = before
        if here:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupt_when_imported(number: int, frame: FrameType | None) -> None:
    """A handler of signals: raises KeyboardInterrupt, or interrupts later while anything is imported."""
    outer = frame
    while outer is not None:
        if outer.f_code.co_filename == IMPORTING:
            _interrupt_later()
            return
        outer = outer.f_back
    signal.default_int_handler(number, frame)


def _interrupt_later() -> None:
    # A true signal, as only that ends what the main thread waits for.
    timer = threading.Timer(AGAIN_S, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    timer.daemon = True
    timer.start()

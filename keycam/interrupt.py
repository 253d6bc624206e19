"""Ctrl-C that always arrives, also while kernels are compiled."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN_S = 0.1
"""After so long the same interrupt comes again: by then the callback has returned."""


@contextmanager
def no_interrupt_lost() -> Iterator[None]:
    """Until the block ends, deliver again what Python could not raise where it was.

    While Numba compiles, LLVM calls back into Python for each finished piece, and an interrupt that came meanwhile is raised
    there. C cannot pass it on, so Python hands it to `sys.unraisablehook` and goes on: of 55 interrupts at random moments of a
    compilation 12 were lost so.
    """
    before = sys.unraisablehook

    def again(lost: "sys.UnraisableHookArgs") -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            before(lost)
            return
        # A true signal, as only that ends what the main thread waits for.
        timer = threading.Timer(AGAIN_S, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        timer.daemon = True
        timer.start()

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before

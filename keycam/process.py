"""What a keycam process asks of the system before its work begins: memory and threads."""

import contextlib
import ctypes
import os
import sys

# From malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where the C library is glibc.

    Frames and feature maps of megabytes are freed and wanted again all the time, and by default glibc gives each back to
    the system: fetching fresh pages then costs as much as making the key of a frame.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_ARENA_MAX, 1)  # so that what one thread frees serves the other


def share_threads() -> None:
    """Let Numba and torch run on the same OpenMP threads; call it before either is imported.

    Each brings its own copy of the GNU runtime, and the idle threads of one, which wait actively, slow those of the other:
    keyed networks by some 15 %. torch takes the system's copy, which Numba wants, where that is there already.
    """
    if sys.platform == "linux" and "torch" not in sys.modules:
        with contextlib.suppress(OSError):  # no such copy here: then each has its own
            ctypes.CDLL("libgomp.so.1.0.0", ctypes.RTLD_GLOBAL)


def begin_with_threads(threads: int) -> None:
    """Hold this process to so many threads, and set its memory up for frames.

    Numba and torch read how many there are when they are imported: where one of them is, nothing is changed.
    """
    if {"numba", "torch"} & sys.modules.keys():
        return
    for variable in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    keep_freed_memory()
    share_threads()

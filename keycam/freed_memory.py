"""What happens to memory that the process has freed."""

import ctypes
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

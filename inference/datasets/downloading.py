"""What torchvision's downloaders leave and print, kept out of the way."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def downloading(data: Path) -> Iterator[None]:
    """Run one of torchvision's data sets in this block; where it fails, a folder `data` that it made for nothing is gone."""
    was_there = data.exists()
    try:
        # Some releases of torchvision print remarks, and standard output belongs to results.
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except Exception:
        if not was_there:
            with contextlib.suppress(OSError):  # a mistyped name should leave nothing
                data.rmdir()
        raise

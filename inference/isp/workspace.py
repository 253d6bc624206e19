"""Where rasters and staged pixels live while a frame is developed: private to a thread, and kept from frame to frame."""

import threading
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)
_arrays = threading.local()


def private(name: str, size: int, kind: type[Scalar]) -> NDArray[Scalar]:
    """This thread's array (size,) of that name; fresh pages for every frame cost more than the work that fills them."""
    array: NDArray[Scalar] | None = getattr(_arrays, name, None)
    if array is None or array.size != size or array.dtype != kind:
        array = np.empty(size, kind)
        setattr(_arrays, name, array)
    return array

"""Light and its sRGB code: scenes are linear light, pictures in files are gamma-encoded."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scene: TypeAlias = NDArray[np.float32]
"""float32 (H, W, 3) of linear light in the sRGB primaries; 1 is white at nominal illumination, a highlight may exceed it."""

_KNEE_ENCODED = 0.04045
_KNEE_LINEAR = 0.0031308


def linear_from_srgb(encoded: NDArray[Any]) -> NDArray[np.float32]:
    """Linear light of sRGB values of any shape: uint8 0..255, uint16 0..65535 or float32 0..1, as float32 0..1 of the same shape.

    Raises ValueError for another dtype. Source: IEC 61966-2-1, the decoding function.
    """
    if encoded.dtype == np.uint8:
        return np.take(_LINEAR_OF_8_BITS, encoded)
    if encoded.dtype == np.uint16:
        return _decoded(encoded / 65535).astype(np.float32)
    if encoded.dtype == np.float32:
        return _decoded(encoded).astype(np.float32)
    raise ValueError(f"encoded = {encoded.dtype}: allowed is uint8, uint16 or float32")


def srgb_from_linear(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """sRGB code of linear light of any shape, rounded to uint8; light outside 0..1 is clipped, as a screen does.

    Source: IEC 61966-2-1, the encoding function.
    """
    light = np.clip(linear, 0, 1)
    encoded = np.where(light <= _KNEE_LINEAR, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)
    return np.floor(255 * encoded + 0.5).astype(np.uint8)


def _decoded(encoded: NDArray[np.floating]) -> NDArray[np.floating]:
    above = np.power((np.maximum(encoded, _KNEE_ENCODED) + 0.055) / 1.055, 2.4)
    return np.where(encoded <= _KNEE_ENCODED, encoded / 12.92, above)


_LINEAR_OF_8_BITS: NDArray[np.float32] = _decoded(np.arange(256) / 255).astype(np.float32)

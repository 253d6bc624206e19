"""Linearisation: the level that each code stands for, so that levels grow evenly with the light."""

import numpy as np
from numpy.typing import NDArray

from calibration.characterisation import Characterisation

LEVEL_BITS = 16
"""Levels have 16 bits, as the samples of the image signal processor do."""


def level_of_codes(found: Characterisation) -> NDArray[np.uint16]:
    """The levels, uint16 (2^bits,) in 2^(bits - 16) DN, never falling; the black level keeps its own.

    From the mean INL of the columns' converters where they were measured, else from the deviations of the light series.
    """
    geometry = found.recording.camera.geometry
    codes = np.arange(2**geometry.bits, dtype=np.float64)
    rise = _of_converters(found) if found.converters is not None else _of_light(found, codes)
    rise -= np.interp(found.recording.camera.black_level_dn, codes, rise)
    unit = 2.0 ** (LEVEL_BITS - geometry.bits)
    levels = np.maximum.accumulate(np.rint((codes + rise) * unit))
    return np.clip(levels, 0, 2**LEVEL_BITS - 1).astype(np.uint16)


def levels_at(levels: NDArray[np.uint16], codes: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Levels in DN of mean codes, any shape, between whole ones too."""
    unit = 2.0 ** (LEVEL_BITS - bits)
    at: NDArray[np.float64] = np.interp(codes, np.arange(levels.size), levels / unit)
    return at


def _of_converters(found: Characterisation) -> NDArray[np.float64]:
    assert found.converters is not None
    transition = found.converters.ramp.inl_lsb.mean(axis=0)
    # A code lies between its two transitions; the end codes have one.
    return np.concatenate([transition[:1], (transition[1:] + transition[:-1]) / 2, transition[-1:]])


def _of_light(found: Characterisation, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each code lacks to the line of the light series, from the main plane, held beyond the part that was fitted."""
    main = found.planes[found.main].linearity
    points = found.recording.planes[found.main].points
    used = main.used
    signal = points.signal_dn[used]
    line = main.offset_dn + main.slope_dn_per_photon * points.photons[used]
    at = np.concatenate([[0.0], signal]) + points.dark.mean_dn
    return np.interp(codes, at, np.concatenate([[0.0], line - signal]))

"""A correction profile: what a calibration found in one camera, made into the maps that inference applies frame by frame."""

import math
from collections import OrderedDict
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from adc import FrameHeader
from calibration.bench import CameraIdentity, is_number
from calibration.characterisation import Characterisation
from calibration.doubling_temperature import LEAST_DOUBLING_K, MOST_DOUBLING_K
from calibration.linearisation import level_of_codes, levels_at
from calibration.measured import Measured
from inference.isp import Corrections
from inference.isp.corrections import LEAST_GAIN, MOST_GAIN

MOST_TEMPERATURE_K = 1000.0
_MOST_DOUBLINGS = 64.0
_KEPT = 4
_TEMPERATURE_STEP_K = 0.1

Map = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CorrectionProfile:
    """Maps of one camera at one gain; `for_frame` makes them those of a frame.

    Attributes
    ----------
    camera
        whose they are; frames of another device, geometry or gain are refused.
    temperature_k, doubling_k
        at which the dark current was measured, up to 1000 K, and the rise that doubles it, 1 to 100 K; None where no such rise
        was measured.
    offset_dn
        float32 (H, W, C): what a dark code is above the black level at no exposure, columns aside.
    rate_dn_per_s
        float32 (H, W, C): by how much it grows in a second of exposure at `temperature_k`.
    column_offset_dn, column_gain
        float32 (W,): the same for a column's converter, and its factor.
    gain
        float32 (H, W, C): flat-field factors.
    linearity
        uint16 (2^bits,): the level of each code, see `inference.isp.Corrections`.
    defects
        bool (H, W): photosites that show the mean of their nearest good neighbours of the same colour.

    Raises ValueError for temperatures and rises outside that, and what `Corrections` raises for the maps.
    """

    camera: CameraIdentity
    temperature_k: float
    doubling_k: float | None
    offset_dn: Map
    rate_dn_per_s: Map
    column_offset_dn: Map
    column_gain: Map
    gain: Map
    linearity: NDArray[np.uint16]
    defects: NDArray[np.bool_]
    _made: "OrderedDict[tuple[float, float], Corrections]" = field(default_factory=OrderedDict, init=False, repr=False)

    def __post_init__(self) -> None:
        _refuse_temperature(self.temperature_k)
        rise = self.doubling_k
        if rise is not None and not (is_number(rise) and LEAST_DOUBLING_K <= rise <= MOST_DOUBLING_K):
            raise ValueError(f"doubling_k = {rise!r}: allowed is {LEAST_DOUBLING_K:g} to {MOST_DOUBLING_K:g} K, or none")
        shape = self.camera.geometry.shape
        for name in ("offset_dn", "rate_dn_per_s", "gain"):
            values = getattr(self, name)
            if values.dtype != np.float32 or values.shape != shape or not np.isfinite(values).all():
                raise ValueError(f"{name} = {values.dtype} {values.shape}: allowed is finite float32 {shape}")
        if self.defects.dtype != np.bool_ or self.defects.shape != shape[:2]:
            raise ValueError(f"defects = {self.defects.dtype} {self.defects.shape}: allowed is bool {shape[:2]}")
        self.at(1e-6, self.temperature_k)  # what is wrong with a map is found now

    def for_frame(self, header: FrameHeader) -> Corrections:
        """The corrections of a frame of this exposure and temperature. Raises ValueError for a frame of another camera."""
        self.refuse_others(CameraIdentity.of_frame(header))
        return self.at(header.exposure_s, header.temperature_k)

    def refuse_others(self, camera: CameraIdentity) -> None:
        """Raise ValueError, by field and value, where `camera` is not the calibrated one or is set to another gain or window."""
        for name in (each.name for each in fields(camera)):
            own, given = getattr(self.camera, name), getattr(camera, name)
            if own != given:
                raise ValueError(f"{name} = {given}: allowed is the calibrated one, {own}")

    def at(self, exposure_s: float, temperature_k: float) -> Corrections:
        """The corrections at an exposure and a temperature, which counts to 0.1 K; the last four are kept.

        Raises ValueError for an exposure that is not above 0 s and finite, or a temperature outside of 0 to 1000 K.
        """
        if not is_number(exposure_s) or not 0 < exposure_s < math.inf:
            raise ValueError(f"exposure_s = {exposure_s!r}: allowed is a number above 0 and finite")
        _refuse_temperature(temperature_k)
        steady = round(temperature_k / _TEMPERATURE_STEP_K) * _TEMPERATURE_STEP_K
        key = (exposure_s, steady)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._fresh(exposure_s, steady)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made  # and not what is kept by now: a stream and whoever shows its frames ask from threads of their own

    def _fresh(self, exposure_s: float, temperature_k: float) -> Corrections:
        geometry = self.camera.geometry
        doublings = 0.0 if self.doubling_k is None else (temperature_k - self.temperature_k) / self.doubling_k
        grown = np.float32(min(exposure_s * 2 ** min(doublings, _MOST_DOUBLINGS), float(np.finfo(np.float32).max)))
        most = np.float32(2.0**geometry.bits)
        # A photosite that is full of dark electrons has no light to show: it is a defect, and its offset only has to be legal.
        with np.errstate(over="ignore"):
            offset = np.clip(self.offset_dn + self.rate_dn_per_s * grown, -most, most)
        full = (offset > 0.9 * most).any(axis=2)
        kind = geometry.shape if geometry.channels == 3 else geometry.shape[:2]
        return Corrections(
            geometry,
            linearity=self.linearity,
            offset_dn=offset.reshape(kind),
            column_offset_dn=self.column_offset_dn,
            gain=self.gain.reshape(kind),
            column_gain=self.column_gain,
            defects=self.defects | full,
        )


def _refuse_temperature(temperature_k: object) -> None:
    if not is_number(temperature_k) or not 0 < temperature_k <= MOST_TEMPERATURE_K:
        raise ValueError(f"temperature_k = {temperature_k!r}: allowed is a number above 0, up to {MOST_TEMPERATURE_K:g}")


def correction_profile(found: Characterisation) -> CorrectionProfile:
    """The profile of a characterised camera, from its stacks without light and at half of saturation."""
    identity, recording = found.recording.camera, found.recording
    geometry = identity.geometry
    levels = level_of_codes(found)
    offset, rate, gain = (np.zeros(geometry.shape) for _ in range(3))
    defects = np.zeros(geometry.shape, bool)
    for own, bad in zip(recording.planes, found.defects, strict=True):
        place = (own.plane.rows, own.plane.columns, own.plane.channel)
        dark, half = (levels_at(levels, stack.mean_dn, geometry.bits) for stack in (own.dark, own.half))
        signal = half - dark
        good = ~bad.every
        rates = (own.longest_dark.mean_dn - own.dark.mean_dn) / (own.longest_dark_s - recording.exposure_s)
        offset[place] = dark - identity.black_level_dn - rates * recording.exposure_s
        rate[place] = rates
        gain[place] = float(signal[good].mean()) / np.maximum(signal, 1e-6)
        defects[place] = bad.every
    offset, column_offset = _without_columns(offset, ~defects)
    logarithm, column_logarithm = _without_columns(np.log(np.clip(gain, 1 / 16, 16)), ~defects)
    doubling = found.planes[found.main].measured["doubling_temperature_k"]
    limit = 2.0**geometry.bits / 2
    return CorrectionProfile(
        camera=identity,
        temperature_k=recording.temperature_k,
        doubling_k=doubling.value if isinstance(doubling, Measured) else None,
        offset_dn=np.clip(offset, -limit, limit).astype(np.float32),
        rate_dn_per_s=rate.astype(np.float32),
        column_offset_dn=column_offset.astype(np.float32),
        column_gain=np.exp(column_logarithm).astype(np.float32),
        gain=np.clip(np.exp(logarithm), LEAST_GAIN, MOST_GAIN).astype(np.float32),
        linearity=levels,
        defects=np.any(defects, axis=2, keepdims=True)[..., 0],
    )


def _without_columns(maps: NDArray[np.float64], good: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Maps (H, W, C) less the mean of the good photosites of each column, and those means (W,)."""
    count = good.sum(axis=(0, 2))
    columns = np.where(good, maps, 0.0).sum(axis=(0, 2)) / np.maximum(count, 1)
    return maps - columns[None, :, None], columns


def _factors_without_columns(
    gain: NDArray[np.float64], good: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    logarithm, columns = _without_columns(np.log(gain), good)
    return np.exp(logarithm), np.exp(columns)

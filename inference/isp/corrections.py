"""What a calibration knows about one camera: maps that take its fixed pattern, its lens's shading and its defects away."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from adc import Geometry
from inference.isp.colours import colour_of_sites
from inference.isp.defects import Neighbours, nearest_good
from inference.isp.development import SAMPLE_BITS

Map = NDArray[np.float32]
LEAST_GAIN, MOST_GAIN = 1e-6, 64.0


@dataclass(frozen=True, eq=False)
class Corrections:
    """Raster maps of one camera; each is None where there is nothing to correct.

    A code is corrected as black + (level - black - offset_dn - column_offset_dn) x column_gain x gain x shading, where level
    is what `linearity` says of the code, kept in 16 bits (a 12-bit code to a sixteenth of a DN); then defects are replaced.
    The maps are copied and kept read-only.

    Attributes
    ----------
    geometry
        the camera's array; frames of another one are refused.
    linearity
        uint16 (2**bits,): the level that each code stands for, in 2**(bits - 16) DN, so that levels grow evenly with the
        light; never falling. None takes the code itself.
    offset_dn
        float32 (H, W), or (H, W, 3) where the array is "rgb": the dark code of each photosite above the black level, DN.
    column_offset_dn
        float32 (W,): the same for each column's converter, DN.
    gain
        float32 (H, W), or (H, W, 3): flat-field factors, 1e-6 to 64.
    column_gain
        float32 (W,): factors of each column's converter, 1e-6 to 64.
    shading
        float32 (3, m, n), or (1, m, n) where the array is mono: the lens's shading is undone by these factors of red, green
        and blue, 1e-6 to 64, on a mesh whose corners are the corner photosites; bilinear between its nodes, m and n >= 2.
    defects
        bool (H, W): photosites that show the mean of the nearest good ones of their colour.

    Raises
    ------
    ValueError
        naming the map, what it is and what is allowed; also where all photosites of a colour are defects.
    """

    geometry: Geometry
    linearity: NDArray[np.uint16] | None = field(default=None, repr=False)
    offset_dn: Map | None = field(default=None, repr=False)
    column_offset_dn: Map | None = field(default=None, repr=False)
    gain: Map | None = field(default=None, repr=False)
    column_gain: Map | None = field(default=None, repr=False)
    shading: Map | None = field(default=None, repr=False)
    defects: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        geometry = self.geometry
        sites: tuple[int, ...] = (geometry.height, geometry.width)
        samples = geometry.shape if geometry.channels == 3 else sites
        _keep(self, "linearity", (2**geometry.bits,), np.uint16)
        if self.linearity is not None and (np.diff(self.linearity.astype(np.int64)) < 0).any():
            raise ValueError("linearity = levels that fall: allowed is levels that never do while the code rises")
        for name, shape in (("offset_dn", samples), ("column_offset_dn", sites[1:])):
            _keep(self, name, shape)
            _within(self, name, -(2.0**geometry.bits), 2.0**geometry.bits)
        for name, shape in (("gain", samples), ("column_gain", sites[1:])):
            _keep(self, name, shape)
            _within(self, name, LEAST_GAIN, MOST_GAIN)
        if self.shading is not None:
            colours = 1 if geometry.cfa == "mono" else 3
            shape = self.shading.shape
            if len(shape) != 3 or shape[0] != colours or min(shape[1:]) < 2:
                raise ValueError(f"shading = {shape}: allowed is ({colours}, m, n), m and n >= 2")
            _keep(self, "shading", shape)
            _within(self, "shading", LEAST_GAIN, MOST_GAIN)
        _keep(self, "defects", sites, np.bool_)
        _ = self.replacements  # found now, so that a hopeless map is refused now

    @cached_property
    def replacements(self) -> Neighbours | None:
        """The defects and what stands in for each, as `nearest_good` gives them; None without defects."""
        if self.defects is None or not self.defects.any():
            return None
        return nearest_good(self.defects, self.geometry)

    @cached_property
    def sample_offset(self) -> Map | None:
        """All offsets of each 16-bit sample, float32 (H * W * C,); None without any."""
        if self.offset_dn is None and self.column_offset_dn is None:
            return None
        total = np.zeros(self.geometry.shape, np.float32)
        if self.offset_dn is not None:
            total += self.offset_dn.reshape(total.shape)
        if self.column_offset_dn is not None:
            total += self.column_offset_dn[:, None]
        return (total * np.float32(2 ** (SAMPLE_BITS - self.geometry.bits))).reshape(-1)

    @cached_property
    def sample_gain(self) -> Map | None:
        """All gains of each sample, float32 (H * W * C,); None without any."""
        if self.gain is None and self.column_gain is None and self.shading is None:
            return None
        total = np.ones(self.geometry.shape, np.float32)
        if self.gain is not None:
            total *= self.gain.reshape(total.shape)
        if self.column_gain is not None:
            total *= self.column_gain[:, None]
        if self.shading is not None:
            total *= _shading_of_samples(self.shading, self.geometry)
        return total.reshape(-1)


def _shading_of_samples(mesh: Map, geometry: Geometry) -> Map:
    """The mesh (3 or 1, m, n) over the whole array, for each sample's colour: float32 (H, W, C)."""
    size = (geometry.height, geometry.width)
    planes: Map = np.stack([_stretched(plane, size) for plane in mesh], axis=-1)
    if geometry.is_bayer:
        planes = np.take_along_axis(planes, colour_of_sites(geometry)[..., None], axis=-1)
    return planes


def _stretched(mesh: Map, size: tuple[int, int]) -> Map:
    (top, down), (left, across) = (_weights(nodes, side) for nodes, side in zip(mesh.shape, size, strict=True))
    rows = mesh[top] * (1 - down[:, None]) + mesh[top + 1] * down[:, None]
    stretched = rows[:, left] * (1 - across) + rows[:, left + 1] * across
    return stretched.astype(np.float32, copy=False)


def _weights(nodes: int, side: int) -> tuple[NDArray[np.int64], Map]:
    """The mesh interval that each photosite of a side lies in, and how far along it, 0 to 1."""
    place = np.linspace(0, nodes - 1, side)
    interval = np.minimum(place.astype(np.int64), nodes - 2)
    return interval, (place - interval).astype(np.float32)


def _keep(corrections: Corrections, name: str, shape: tuple[int, ...], kind: type = np.float32) -> None:
    given = getattr(corrections, name)
    if given is None:
        return
    if given.dtype != kind or given.shape != shape:
        raise ValueError(f"{name} = {given.dtype} {given.shape}: allowed is {np.dtype(kind)} {shape}, or None")
    kept = given.copy()
    kept.flags.writeable = False
    object.__setattr__(corrections, name, kept)


def _within(corrections: Corrections, name: str, least: float, most: float) -> None:
    values = getattr(corrections, name)
    if values is not None and not (values.min() >= least and values.max() <= most):
        raise ValueError(f"{name} = {values.min()} to {values.max()}: allowed is {least:g} to {most:g}")

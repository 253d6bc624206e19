"""A plain raster ISP in NumPy: the whole picture at once, no order, no fixed lines; what the keyed one must equal bit for bit."""

import numpy as np
from numpy.typing import NDArray

from adc import FrameHeader, Geometry
from inference.isp import Corrections, IspSettings
from inference.isp.tone import CURVE_SEGMENTS, tone_curve

Means = list[NDArray[np.float32]]
F = np.float32


def raster_isp(
    codes: NDArray[np.uint16], header: FrameHeader, settings: IspSettings, corrections: Corrections | None = None
) -> NDArray[np.float32]:
    """Develop a raster (H, W, C) in DN to float32 (3 or 1, h, w)."""
    geometry = header.geometry
    unit = 2 ** (16 - geometry.bits)
    black, white = header.black_level_dn * unit, (2**geometry.bits - 1 - header.black_level_dn) * unit
    samples = codes.astype(np.int64) * unit
    if corrections is not None:
        samples = corrected(samples, F(black), corrections)
    top, left, height, width = settings.crop or (0, 0, geometry.height, geometry.width)
    window = (slice(top, top + height), slice(left, left + width))
    every_site = colour_sites(samples.shape[:2], geometry.cfa) if geometry.is_bayer else {}
    sites = {colour: site[window] for colour, site in every_site.items()}
    output = settings.output or (height, width)
    means: Means
    if geometry.is_bayer and output == (height, width):
        demosaiced = (bilinear if settings.demosaic == "bilinear" else malvar)(samples[..., 0], geometry.cfa)
        means = [plane[window].astype(F) for plane in demosaiced]
    elif geometry.is_bayer:
        means = [binned(samples[..., 0][window], site, output) for site in sites.values()]
    else:
        means = [binned(plane[window], np.ones((height, width), bool), output) for plane in samples.transpose(2, 0, 1)]
    if settings.white_balance == "grey-world":
        planes = (
            [samples[..., 0][window][site] for site in sites.values()] if geometry.is_bayer else samples[window].reshape(-1, 3).T
        )
        light_of = [int(plane.sum()) / plane.size - black for plane in planes]
        balance = np.array([1.0] * 3 if min(light_of) <= 0 else np.clip(light_of[1] / np.array(light_of), 1 / 8, 8))
    else:
        balance = np.array(settings.white_balance)
    factors = balance.astype(F) * F(settings.gain)
    light = [(mean - F(black)) / F(white) * factor for mean, factor in zip(means, factors, strict=False)]
    if len(light) == 3:
        m = np.array(settings.colour_matrix, F)
        light = [m[c, 0] * light[0] + m[c, 1] * light[1] + m[c, 2] * light[2] for c in range(3)]
    clipped = np.clip(np.stack(light), F(0), F(1))
    curve = tone_curve(settings)
    if not curve.size:
        return clipped
    place = clipped * F(CURVE_SEGMENTS)
    node = place.astype(np.int64)
    following = np.minimum(node + 1, CURVE_SEGMENTS)
    return curve[node] + (place - node.astype(F)) * (curve[following] - curve[node])


def corrected(samples: NDArray[np.int64], black: np.float32, maps: Corrections) -> NDArray[np.int64]:
    height, width = samples.shape[:2]
    geometry = maps.geometry
    unit = F(2 ** (16 - geometry.bits))
    if maps.linearity is not None:
        samples = maps.linearity[samples // 2 ** (16 - geometry.bits)].astype(np.int64)
    offset, gain = np.zeros(samples.shape, F), np.ones(samples.shape, F)
    if maps.offset_dn is not None:
        offset += maps.offset_dn.reshape(height, width, -1)
    if maps.column_offset_dn is not None:
        offset += maps.column_offset_dn[None, :, None]
    if maps.gain is not None:
        gain *= maps.gain.reshape(height, width, -1)
    if maps.column_gain is not None:
        gain *= maps.column_gain[None, :, None]
    if maps.shading is not None:
        gain *= shading(maps.shading, geometry)
    light = (samples.astype(F) - black - offset * unit) * gain + black
    fixed = np.floor(np.clip(light + F(0.5), 0, 65535)).astype(np.int64)
    return fixed if maps.defects is None else without_defects(fixed, maps.defects, geometry)


def shading(mesh: NDArray[np.float32], geometry: Geometry) -> NDArray[np.float32]:
    """The mesh's planes by bilinear interpolation at every photosite, and the plane of the photosite's colour."""
    down, across = mesh.shape[1:]
    y, x = np.linspace(0, down - 1, geometry.height), np.linspace(0, across - 1, geometry.width)
    i, j = np.minimum(y.astype(int), down - 2), np.minimum(x.astype(int), across - 2)
    v, u = (y - i).astype(F)[:, None], (x - j).astype(F)
    planes = []
    for plane in mesh:
        rows = plane[i] * (1 - v) + plane[i + 1] * v
        planes.append(rows[:, j] * (1 - u) + rows[:, j + 1] * u)
    if not geometry.is_bayer:
        return np.stack(planes, axis=-1)
    sites = colour_sites((geometry.height, geometry.width), geometry.cfa)
    return sum(plane * site for plane, site in zip(planes, sites.values(), strict=True))[..., None]


def without_defects(samples: NDArray[np.int64], defects: NDArray[np.bool_], geometry: Geometry) -> NDArray[np.int64]:
    """Every defect as the mean, half up, of all good photosites of its colour at the smallest distance: by brute force."""
    replaced = samples.copy()
    everywhere = np.ones(defects.shape, bool)
    sites = colour_sites(defects.shape, geometry.cfa).values() if geometry.is_bayer else [everywhere]
    for row, column in np.argwhere(defects):
        own = next(site for site in sites if site[row, column])
        good = np.argwhere(own & ~defects)
        distance = ((good - (row, column)) ** 2).sum(axis=1)
        nearest = good[distance == distance.min()]
        around = samples[nearest[:, 0], nearest[:, 1]]
        replaced[row, column] = np.floor(around.sum(axis=0) / len(nearest) + 0.5)
    return replaced


def colour_sites(shape: tuple[int, ...], cfa: str) -> dict[str, NDArray[np.bool_]]:
    """Where the red, green and blue photosites of a Bayer array are, each bool (H, W)."""
    row, column = np.indices(shape)
    letter = np.array(list(cfa)).reshape(2, 2)[row % 2, column % 2]
    return {colour: letter == colour for colour in "rgb"}


def binned(plane: NDArray[np.int64], site: NDArray[np.bool_], output: tuple[int, int]) -> NDArray[np.float32]:
    blocks = (output[0], plane.shape[0] // output[0], output[1], plane.shape[1] // output[1])
    sums, sites = (a.reshape(blocks).sum(axis=(1, 3)) for a in (plane * site, site.astype(np.int64)))
    return sums.astype(F) / sites.astype(F)


def bilinear(plane: NDArray[np.int64], cfa: str) -> list[NDArray[np.int64]]:
    """The mean, half up, of the nearest ring of neighbours that holds a colour; 0 to 65535."""
    height, width = plane.shape
    around = np.pad(plane, 1, mode="reflect")
    site = {c: np.pad(s, 1, mode="reflect") for c, s in colour_sites(plane.shape, cfa).items()}
    rings = (((0, 0),), ((0, -1), (0, 1), (-1, 0), (1, 0)), ((-1, -1), (-1, 1), (1, -1), (1, 1)))

    def over(ring: tuple[tuple[int, int], ...], a: NDArray[np.int64]) -> NDArray[np.int64]:
        return sum(a[1 + i : 1 + i + height, 1 + j : 1 + j + width] for i, j in ring)

    means = []
    for colour in "rgb":
        mean = np.full((height, width), -1, np.int64)
        for ring in rings:
            count = over(ring, site[colour].astype(np.int64))
            found = (mean < 0) & (count > 0)
            sums = over(ring, around * site[colour])
            mean[found] = np.floor(sums[found] / count[found] + 0.5)
        means.append(mean)
    return means


# Malvar, He and Cutler (ICASSP 2004), figure 2, as it is printed there, in eighths: green where red or blue is; a colour at
# green whose neighbours of that colour are left and right; red at blue and blue at red.
GREEN_AT_COLOUR = [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]
BESIDE_GREEN = [[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]]
ACROSS_CORNERS = [[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0], [0, 0, -1.5, 0, 0]]


def malvar(plane: NDArray[np.int64], cfa: str) -> list[NDArray[np.int64]]:
    """Each of the paper's filters over the whole plane, half up and clipped to 16 bits; picked by the photosite's colour."""
    height, width = plane.shape
    around = np.pad(plane, 2, mode="reflect").astype(np.float64)

    def filtered(weights: list[list[float]]) -> NDArray[np.int64]:
        total = sum(
            weights[i][j] * around[i : i + height, j : j + width] for i in range(5) for j in range(5)
        )  # every term is a multiple of a half, so the sum is exact in float64
        return np.clip(np.floor(total / 8 + 0.5), 0, 65535).astype(np.int64)

    site = colour_sites(plane.shape, cfa)
    over = [list(line) for line in zip(*BESIDE_GREEN, strict=True)]
    means = []
    for colour, opposite in (("r", "b"), ("g", ""), ("b", "r")):
        if colour == "g":
            means.append(np.where(site["g"], plane, filtered(GREEN_AT_COLOUR)))
            continue
        in_rows = site[colour].any(axis=1)[:, None]  # rows that hold the colour: at green it is left and right there
        at_green = np.where(in_rows, filtered(BESIDE_GREEN), filtered(over))
        mean = np.where(site[opposite], filtered(ACROSS_CORNERS), at_green)
        means.append(np.where(site[colour], plane, mean))
    return means

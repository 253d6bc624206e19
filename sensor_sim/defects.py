"""Defects: photosites that leak, that hardly answer, that are stuck, and columns that are dead, all fixed with the die."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside
from sensor_sim.streams import chosen_sites


@dataclass(frozen=True)
class Defects:
    """Shares of the photosites and columns that are defective; 0 switches each off.

    Attributes
    ----------
    hot_percent, hot_e_per_s
        share of hot photosites, 0 to 50, and the dark current that each has in addition, at the reference temperature.
    cold_percent, cold_response_percent
        share of cold photosites, 0 to 50, and the response that they have, in % of a sound one's.
    stuck_percent
        share of photosites with a constant signal, 0 to 50, each at its own level between zero and the full well.
    column_percent
        share of columns with a constant signal, 0 to 50, each at its own level between zero and the full well.
    """

    hot_percent: float = 0.0
    hot_e_per_s: float = 0.0
    cold_percent: float = 0.0
    cold_response_percent: float = 50.0
    stuck_percent: float = 0.0
    column_percent: float = 0.0

    def __post_init__(self) -> None:
        for name in ("hot_percent", "cold_percent", "stuck_percent", "column_percent"):
            refuse_outside(name, getattr(self, name), 0, 50)
        refuse_outside("hot_e_per_s", self.hot_e_per_s, 0)
        refuse_outside("cold_response_percent", self.cold_response_percent, 0, 100)

    @property
    def some_hot(self) -> bool:
        """Whether hot photosites add dark current."""
        return self.hot_percent > 0 and self.hot_e_per_s > 0

    @property
    def some_cold(self) -> bool:
        """Whether cold photosites take response away."""
        return self.cold_percent > 0 and self.cold_response_percent < 100

    def heat(self, rate_map: NDArray[np.float32], die: np.random.Generator) -> None:
        """Add the hot photosites to a map of dark current, (rows, samples) in e-/s, in place."""
        rate_map.reshape(-1)[chosen_sites(die, self.hot_percent, rate_map.size)] += np.float32(self.hot_e_per_s)

    def cool(self, gain_map: NDArray[np.float32], die: np.random.Generator) -> None:
        """Take the response of the cold photosites out of a map of gains, (rows, samples), in place."""
        gain_map.reshape(-1)[chosen_sites(die, self.cold_percent, gain_map.size)] *= np.float32(self.cold_response_percent / 100)

    def stuck_sites(self, die: np.random.Generator, shape: tuple[int, int], full_v: float) -> "StuckSites":
        """Draw the stuck photosites of an array of `shape` = (rows, samples), whose full well makes `full_v`."""
        site = chosen_sites(die, self.stuck_percent, shape[0] * shape[1])
        return StuckSites(site, np.float32(full_v) * die.random(site.size, dtype=np.float32))

    def stuck_columns(self, die: np.random.Generator, samples: int, full_v: float) -> "StuckSites":
        """Draw the dead columns of rows with so many `samples`; `site` counts along a row."""
        column = chosen_sites(die, self.column_percent, samples)
        return StuckSites(column, np.float32(full_v) * die.random(column.size, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class StuckSites:
    """Places with a constant signal: their number in the raster or the row, int64 (n,), and their signal, float32 (n,) in V."""

    site: NDArray[np.int64]
    signal_v: NDArray[np.float32]


def apply_stuck(signal_v: NDArray[np.float32], sites: StuckSites, columns: StuckSites) -> NDArray[np.float32]:
    """Signals (rows, samples) in V with the stuck photosites and dead columns at their levels: a copy."""
    stuck = signal_v.copy()
    set_stuck(stuck, sites, columns)
    return stuck


def set_stuck(signal_v: NDArray[np.float32], sites: StuckSites, columns: StuckSites) -> None:
    """`apply_stuck` in place, on a contiguous array."""
    signal_v.reshape(-1)[sites.site] = sites.signal_v
    signal_v[:, columns.site] = columns.signal_v

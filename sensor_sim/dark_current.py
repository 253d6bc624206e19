"""Dark current: heat frees electrons in every photosite, more in some than in others, and twice as many every few kelvins."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside
from sensor_sim.streams import chosen_sites


@dataclass(frozen=True)
class DarkCurrent:
    """Dark current over the array and over temperature (EMVA 1288 Release 4.0 Linear, section 7).

    Attributes
    ----------
    mean_e_per_s
        mean over the array at `reference_k`, the tail included; 0 switches the effect off.
    reference_k, doubling_k
        temperature that the figures hold for, 100 to 400, and the rise that doubles them, 1 to 100.
    spread_percent
        standard deviation of the log-normal bulk in % of its own mean, 0 to 300.
    tail_percent, tail_e_per_s
        share of the photosites that leak more, 0 to 50, and the mean of the exponential excess that they have at `reference_k`.
    """

    mean_e_per_s: float = 0.0
    reference_k: float = 333.15
    doubling_k: float = 8.0
    spread_percent: float = 0.0
    tail_percent: float = 0.0
    tail_e_per_s: float = 0.0

    def __post_init__(self) -> None:
        refuse_outside("mean_e_per_s", self.mean_e_per_s, 0, 1e9)
        refuse_outside("reference_k", self.reference_k, 100, 400)
        refuse_outside("doubling_k", self.doubling_k, 1, 100)
        refuse_outside("spread_percent", self.spread_percent, 0, 300)
        refuse_outside("tail_percent", self.tail_percent, 0, 50)
        refuse_outside("tail_e_per_s", self.tail_e_per_s, 0, 1e9)
        if self.tail_percent / 100 * self.tail_e_per_s > self.mean_e_per_s:
            most = 100 * self.mean_e_per_s / self.tail_percent
            raise ValueError(f"tail_e_per_s = {self.tail_e_per_s}: allowed is at most {most:g}, where the tail is the whole mean")

    def warming(self, temperature_k: float) -> float:
        """Dark current at a temperature over that at the reference: 2 ** ((T - Tref) / Td)."""
        return math.pow(2, (temperature_k - self.reference_k) / self.doubling_k)

    def mean_e_per_s_at(self, temperature_k: float) -> float:
        """Mean over the array at a temperature, e-/s."""
        return self.mean_e_per_s * self.warming(temperature_k)

    def rate_map(self, bulk: np.random.Generator, tail: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Draw the die's rates at the reference temperature, float32 of `shape` in e-/s. Call once for a device."""
        share = self.tail_percent / 100
        sigma = math.sqrt(math.log1p((self.spread_percent / 100) ** 2))
        rate = bulk.standard_normal(shape, dtype=np.float32)
        rate *= np.float32(sigma)
        rate -= np.float32(sigma**2 / 2)  # makes the mean of the exponential 1
        np.exp(rate, out=rate)
        rate *= np.float32(self.mean_e_per_s - share * self.tail_e_per_s)
        if self.tail_e_per_s:
            leaks = chosen_sites(tail, self.tail_percent, rate.size)
            rate.reshape(-1)[leaks] += self.tail_e_per_s * tail.standard_exponential(leaks.size, dtype=np.float32)
        return rate


def apply_dark_current(electrons: NDArray[np.float32], rate_map: NDArray[np.float32], warm_time_s: float) -> NDArray[np.float32]:
    """Expected electrons (rows, samples) in e-, with those that the dark current adds. Before shot noise: they are counted too.

    `rate_map` (rows, samples) is in e-/s at the reference temperature, `warm_time_s` the exposure times `warming`.
    """
    return electrons + rate_map * np.float32(warm_time_s)

"""Doubling temperature: by how many kelvins the dark current doubles."""

import math
from collections.abc import Sequence

import numpy as np

from calibration.line_fit import weighted_line
from calibration.measured import NORMAL_95, Measured

LEAST_DOUBLING_K, MOST_DOUBLING_K = 1.0, 100.0
"""A rise that doubles the dark current of silicon is some 5 to 12 K; outside of this it is none."""


def doubling_temperature(temperatures_k: Sequence[float], rates: Sequence[Measured]) -> Measured:
    """Td of I(T) = I0 2^((T - T0) / Td), K: 1 over the slope of log2 I over T (EMVA 1288 R4 Linear, 7.2).

    Raises ValueError for fewer than two temperatures, where the dark current does not rise beyond its 95 % interval, or for a
    rise outside of 1 to 100 K.
    """
    value = np.array([rate.value for rate in rates])
    if len(temperatures_k) != len(rates) or np.unique(temperatures_k).size < 2:
        raise ValueError(f"temperatures = {list(temperatures_k)}: allowed is two or more, with a dark current at each")
    error = np.array([rate.standard_error for rate in rates])
    if not ((value > 0) & (error < value)).all():
        raise ValueError(f"dark current = {value.min():g} e-/s: allowed is above 0 beyond its error at every temperature")
    least = 1e-12 * value  # noise-free frames have no error at all
    line = weighted_line(np.asarray(temperatures_k, float), np.log2(value), np.maximum(error, least) / value / math.log(2))
    if not line.slope > NORMAL_95 * line.slope_error:
        raise ValueError(f"slope = {line.slope:g} doublings/K: allowed is a dark current that rises beyond its 95 % interval")
    rise_k = 1 / line.slope
    if not LEAST_DOUBLING_K <= rise_k <= MOST_DOUBLING_K:
        allowed = f"{LEAST_DOUBLING_K:g} to {MOST_DOUBLING_K:g} K, as heat doubles the dark current of silicon"
        raise ValueError(f"doubling temperature = {rise_k:g} K: allowed is {allowed}")
    return Measured(rise_k, "K", line.slope_error / line.slope**2)

"""Noise that the samples of a line share: how far it stands above white noise, on the rows and in the order of emission."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.stack import Stack


class LinePower(NamedTuple):
    """Power spectra of the means of lines over what white noise of the same variance would have: 1 where lines share nothing.

    `on_rows` and `in_time` float64 (H // 2,), from one cycle in H lines up to half a cycle per line: of the rows of the raster,
    and of runs of W samples in the order of emission.
    """

    on_rows: NDArray[np.float64]
    in_time: NDArray[np.float64]


class LinePowerSums:
    """Spectra of dark frames, summed frame by frame; the mean image of a dark stack (H, W) is taken off each."""

    def __init__(self, dark: Stack) -> None:
        self._dark = dark
        half = dark.mean_dn.shape[0] // 2
        self._rows, self._time, self._frames = np.zeros(half), np.zeros(half), 0

    def add(self, codes: NDArray[np.uint16], order: NDArray[np.uint32]) -> None:
        """Take one dark frame in, uint16 (H, W) in raster layout, and the order (H W,) that it was emitted in."""
        noise = codes - self._dark.mean_dn
        self._rows += _power(noise)
        self._time += _power(noise.reshape(-1)[order].reshape(noise.shape))
        self._frames += 1

    def power(self) -> LinePower:
        """The spectra so far. Raises ValueError where no frame was taken, or the stack has no noise."""
        white = self._dark.temporal.total
        if not self._frames or not white > 0:
            raise ValueError(f"frames = {self._frames}, noise = {white:g} DN^2: allowed is one frame or more, with noise")
        return LinePower(self._rows / self._frames / white, self._time / self._frames / white)


def _power(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = noise.shape
    means = noise.mean(axis=1)
    # The mean of W samples of white noise has 1/W of its variance; the spectrum of H such means that much at every frequency.
    power: NDArray[np.float64] = width * np.abs(np.fft.rfft(means - means.mean())) ** 2 / height
    return power[1 : height // 2 + 1]

"""Effective number of bits: how good a converter must be, were it ideal, to show as much noise and distortion."""

import math

import numpy as np
from numpy.typing import NDArray


def coherent_cycles(samples: int, wanted: int) -> int:
    """The number of cycles next to `wanted` that has no common factor with the number of samples: no phase comes twice.

    Raises ValueError for fewer than 8 samples or cycles outside 1 to half of them.
    """
    if samples < 8 or not 1 <= wanted < samples / 2:
        raise ValueError(f"cycles = {wanted} in {samples} samples: allowed is 8 samples or more, and 1 to half as many cycles")
    return next(cycles for step in range(samples) for cycles in (wanted + step, wanted - step) if _fits(cycles, samples))


def _fits(cycles: int, samples: int) -> bool:
    return 1 <= cycles < samples / 2 and math.gcd(cycles, samples) == 1


class SineFit:
    """Sums that fit a sine of known frequency to the codes of C converters, frame by frame (IEEE 1241, 4.1.4.1).

    Parameters: `converters` C, and the `samples` of the whole record, in which `cycles` of the sine lie.
    """

    def __init__(self, converters: int, samples: int, cycles: int) -> None:
        self._turn = 2 * math.pi * cycles / samples
        self._samples = samples
        self._sums = np.zeros((3, converters))
        self._squares = np.zeros(converters)
        self.taken = 0

    def add(self, codes: NDArray[np.uint16]) -> None:
        """Take the next samples in, uint16 (n, C)."""
        phase = self._turn * (self.taken + np.arange(codes.shape[0]))
        wide = codes.astype(np.float64)
        self._sums += np.stack([np.cos(phase), np.sin(phase), np.ones_like(phase)]) @ wide
        self._squares += (wide**2).sum(axis=0)
        self.taken += codes.shape[0]

    def effective_bits(self, bits: int) -> NDArray[np.float64]:
        """ENOB of each converter, (C,): (SINAD - 1.76 dB) / 6.02 dB, referred to a sine of full scale (IEEE 1241, 4.5.2).

        Raises ValueError unless the whole record was taken.
        """
        if self.taken != self._samples:
            raise ValueError(f"samples = {self.taken}: allowed is the whole record, {self._samples}")
        # Over whole cycles the three are orthogonal, so that each is fitted on its own.
        cosine, sine, total = self._sums
        explained = 2 * (cosine**2 + sine**2) / self._samples + total**2 / self._samples
        noise2 = np.maximum(self._squares - explained, 1e-12) / self._samples
        ideal2 = 4.0**bits / 8  # power of a sine of full scale, DN^2
        sinad_db = 10 * np.log10(ideal2 / noise2)
        found: NDArray[np.float64] = (sinad_db - 10 * math.log10(1.5)) / (20 * math.log10(2))
        return found

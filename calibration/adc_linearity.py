"""The converters of a camera, column by column: driven by a ramp and by sines, their codes counted and fitted."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from calibration.bench import BenchError, CameraUnderTest, VoltageInput
from calibration.code_density import Transfer, count_codes, transfer_of
from calibration.effective_bits import SineFit, coherent_cycles
from calibration.session import Report

MOST_COUNTS = 2**23
"""Counters that are kept at once: 32 MiB, and four times 64 MiB for what they come to. With more columns than they suffice for,
evenly spaced ones are measured."""
SINE_SHARE = 0.98
"""Amplitude of the sine of the ENOB over half of the range that all converters share."""
SINE_BEYOND = 0.02
"""How far the sine of the code density goes beyond all converters' ranges, in ranges."""
MARGIN = 1 / 8
"""How far the ramp goes beyond the converters' ranges, in ranges."""
_SINE_SAMPLES = 2**14


class _DrivenCamera(CameraUnderTest, VoltageInput, Protocol):
    """A camera with a voltage input."""


@dataclass(frozen=True, eq=False)
class ConverterFigures:
    """Static transfers and effective bits of the converters at the foot of `columns`, int64 (C,).

    `ramp` and `sine` are the transfers that both drives show; `effective_bits` float64 (C,).
    """

    bits: int
    columns: NDArray[np.int64]
    width: int
    ramp: Transfer
    sine: Transfer
    effective_bits: NDArray[np.float64]

    def as_json(self) -> dict[str, Any]:
        """The figures of all columns together, and those of each."""
        ramp, sine = self.ramp, self.sine
        missing = ramp.missing_codes
        return {
            "columns": self.width,
            "columns_measured": int(self.columns.size),
            "inl_fit": "endpoint",
            "inl_lsb": _extremes(ramp.inl_lsb),
            "inl_best_fit_lsb": _extremes(ramp.best_fit_inl_lsb),
            "dnl_lsb": _extremes(ramp.dnl_lsb),
            "inl_by_sine_lsb": _extremes(sine.inl_lsb),
            "dnl_by_sine_lsb": _extremes(sine.dnl_lsb),
            "missing_codes": int(missing.sum()),
            "columns_with_missing_codes": int(missing.any(axis=1).sum()),
            "effective_bits": {
                "median": float(np.median(self.effective_bits)),
                "least": float(self.effective_bits.min()),
                "most": float(self.effective_bits.max()),
            },
            "by_column": {
                "column": [int(column) for column in self.columns],
                "inl_lsb": _listed(np.abs(ramp.inl_lsb).max(axis=1)),
                "dnl_lsb": _listed(np.abs(ramp.dnl_lsb).max(axis=1)),
                "missing_codes": [int(count) for count in missing.sum(axis=1)],
                "effective_bits": _listed(self.effective_bits),
            },
        }


def refuse_short_reach(camera: _DrivenCamera, took: Report = lambda frames: None) -> None:
    """Raise BenchError unless the voltage input reaches beyond both ends of every converter: seen in one frame, at first."""
    geometry = camera.identity.geometry
    low, high = camera.voltage_range_v
    (codes,) = camera.capture_voltages([np.linspace(low, high, geometry.height, dtype=np.float32)])
    took(1)
    first, last = int(codes[0].max()), int(codes[-1].min())
    if first > 0 or last < 2**geometry.bits - 1:
        raise BenchError(
            f"voltage_range_v = {low:g} to {high:g}: the converters give codes of {first} to {last} there; needed is a voltage "
            f"input that takes all of them to 0 and to {2**geometry.bits - 1}, or none"
        )


def measure_converters(camera: _DrivenCamera, hits_per_code: int, took: Report = lambda frames: None) -> ConverterFigures:
    """Drive the converters of a camera over their range and beyond: by a ramp and by a sine for the transfer, by a sine for ENOB.

    `hits_per_code` samples rest on a code in the mean, 4 or more; an even ramp is then known to 1 / hits LSB. Three samples of
    an rgb photosite share a converter: the first is read. Raises ValueError where the input does not reach beyond the range.
    """
    geometry = camera.identity.geometry
    height, codes = geometry.height, 2**geometry.bits
    count = max(1, min(geometry.width, MOST_COUNTS // codes))
    columns = np.unique(np.linspace(0, geometry.width - 1, count).round().astype(np.int64))
    frames = math.ceil(codes * hits_per_code / height)
    counts = np.zeros((columns.size, codes), np.uint32)

    def driven(wave: NDArray[np.float64]) -> Iterator[NDArray[np.uint16]]:
        for frame in camera.capture_voltages(wave[at : at + height].astype(np.float32) for at in range(0, wave.size, height)):
            took(1)
            yield frame[..., 0]

    low, high = _driven_range(camera.voltage_range_v, driven, height, codes)
    voltages = np.linspace(low, high, frames * height)
    for frame in driven(voltages):
        count_codes(counts, np.ascontiguousarray(frame), columns)
    ramp = transfer_of(counts, "ramp")
    # Where the ramp left the end codes is where the converters' ranges end.
    first, last = (voltages[each] for each in (counts[:, 0], voltages.size - 1 - counts[:, -1]))
    # In the middle a sine is pi/2 times as fast as a ramp of its length; so many more samples rest there as often.
    samples = math.ceil(math.pi / 2 * frames) * height
    slow = 2 * np.pi * coherent_cycles(samples, 1) / samples * np.arange(samples)
    beyond = (last.max() - first.min()) * SINE_BEYOND
    counts[:] = 0
    for frame in driven(_sine(max(first.min() - beyond, low), min(last.max() + beyond, high), slow)):
        count_codes(counts, np.ascontiguousarray(frame), columns)
    sine = transfer_of(counts, "sine")
    samples = math.ceil(max(_SINE_SAMPLES, codes) / height) * height
    cycles = coherent_cycles(samples, samples // 37)
    fit = SineFit(columns.size, samples, cycles)
    within = (last.min() - first.max()) * (1 - SINE_SHARE) / 2
    fast = 2 * np.pi * cycles / samples * np.arange(samples)
    for frame in driven(_sine(first.max() + within, last.min() - within, fast)):
        fit.add(frame[:, columns])
    return ConverterFigures(geometry.bits, columns, geometry.width, ramp, sine, fit.effective_bits(geometry.bits))


def _driven_range(
    reach: tuple[float, float], driven: Callable[[NDArray[np.float64]], Iterator[NDArray[np.uint16]]], height: int, codes: int
) -> tuple[float, float]:
    """The part of the input's reach that the converters' ranges lie in, by one coarse ramp, and `MARGIN` on either side.

    An input may reach far beyond converters whose gain is high.
    """
    coarse = np.linspace(*reach, height)
    (frame,) = driven(coarse)
    inside = np.flatnonzero(((frame > 0) & (frame < codes - 1)).any(axis=1))
    if not inside.size:
        return reach
    first, last = coarse[max(inside[0] - 1, 0)], coarse[min(inside[-1] + 1, height - 1)]
    return max(reach[0], first - MARGIN * (last - first)), min(reach[1], last + MARGIN * (last - first))


def _sine(low: float, high: float, phase: NDArray[np.float64]) -> NDArray[np.float64]:
    wave: NDArray[np.float64] = (low + high) / 2 + (high - low) / 2 * np.sin(phase)
    return wave


def _extremes(values: NDArray[np.float64]) -> dict[str, float]:
    return {"least": float(values.min()), "most": float(values.max()), "rms": float(np.sqrt((values**2).mean()))}


def _listed(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]

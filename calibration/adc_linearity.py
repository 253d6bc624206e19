"""The converters of a camera, column by column: driven by a ramp and by sines, their codes counted and fitted."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from calibration.bench import CameraUnderTest, VoltageInput
from calibration.code_density import Transfer, count_codes, transfer_of
from calibration.effective_bits import SineFit, coherent_cycles
from calibration.session import Report

MOST_COUNTS = 2**25
"""Counters that are kept at once: 128 MiB. With more columns than they suffice for, evenly spaced ones are measured."""
SINE_SHARE = 0.98
"""Amplitude of the sine of the ENOB over half of the converters' range."""
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


def measure_converters(camera: _DrivenCamera, hits_per_code: int, took: Report = lambda frames: None) -> ConverterFigures:
    """Drive the converters of a camera over their range and beyond: by a ramp and by a sine for the transfer, by a sine for ENOB.

    `hits_per_code` samples rest on a code in the mean, 4 or more; an even ramp is then known to 1 / hits LSB. Three samples of
    an rgb photosite share a converter: the first is read. Raises ValueError where the input does not reach beyond the range.
    """
    geometry = camera.identity.geometry
    height, codes = geometry.height, 2**geometry.bits
    count = max(1, min(geometry.width, MOST_COUNTS // codes))
    columns = np.unique(np.linspace(0, geometry.width - 1, count).round().astype(np.int64))
    low, high = camera.voltage_range_v
    middle, half = (low + high) / 2, (high - low) / 2
    frames = math.ceil(codes * hits_per_code / height)
    samples = frames * height

    def counted(voltages: NDArray[np.float64]) -> NDArray[np.uint32]:
        counts = np.zeros((columns.size, codes), np.uint32)
        for frame in camera.capture_voltages(_in_frames(voltages, height)):
            count_codes(counts, np.ascontiguousarray(frame[..., 0]), columns)
            took(1)
        return counts

    ramp = transfer_of(counted(np.linspace(low, high, samples)), "ramp")
    # In the middle a sine is pi/2 times as fast as a ramp of its length; so many more samples rest there as often.
    sine_samples = math.ceil(math.pi / 2 * frames) * height
    phase = 2 * np.pi * coherent_cycles(sine_samples, 1) / sine_samples * np.arange(sine_samples)
    sine = transfer_of(counted(middle - half * np.cos(phase)), "sine")
    return ConverterFigures(geometry.bits, columns, geometry.width, ramp, sine, _effective_bits(camera, columns, took))


def sine_samples(codes: int, height: int) -> int:
    """Samples of the ENOB's record: several for each code of a small converter, in whole frames."""
    return math.ceil(max(_SINE_SAMPLES, codes) / height) * height


def _effective_bits(camera: _DrivenCamera, columns: NDArray[np.int64], took: Report) -> NDArray[np.float64]:
    geometry = camera.identity.geometry
    low, high = camera.voltage_range_v
    samples = sine_samples(2**geometry.bits, geometry.height)
    cycles = coherent_cycles(samples, samples // 37)
    # The input goes a fiftieth beyond the range on either side.
    amplitude = SINE_SHARE * (high - low) / 2 / 1.04
    phase = 2 * np.pi * cycles / samples * np.arange(samples)
    fit = SineFit(columns.size, samples, cycles)
    for frame in camera.capture_voltages(_in_frames((low + high) / 2 + amplitude * np.sin(phase), geometry.height)):
        fit.add(frame[:, columns, 0])
        took(1)
    return fit.effective_bits(geometry.bits)


def _in_frames(voltages: NDArray[np.float64], height: int) -> Iterator[NDArray[np.float32]]:
    for begin in range(0, voltages.size, height):
        yield voltages[begin : begin + height].astype(np.float32)


def _extremes(values: NDArray[np.float64]) -> dict[str, float]:
    return {"least": float(values.min()), "most": float(values.max()), "rms": float(np.sqrt((values**2).mean()))}


def _listed(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]

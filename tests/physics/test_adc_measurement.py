"""Converters with known transfers are driven by a voltage, and their INL, DNL, missing codes and effective bits are found."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from adc import Geometry
from calibration.adc_linearity import ConverterFigures, measure_converters, refuse_short_reach
from calibration.bench import BenchError, CameraIdentity
from calibration.code_density import transfer_of
from calibration.effective_bits import coherent_cycles
from keycam.simulated_bench import SimulatedBench
from sensor_sim import DEMO_PROFILE, ReadoutFigures

BITS, HEIGHT = 10, 512
CODES = 2**BITS
LSB_V = 1 / CODES


class Converters:
    """Converters with transitions of their own, in LSB, behind a voltage input; noise in LSB rms."""

    def __init__(self, transitions_lsb: list[np.ndarray], noise_lsb: float = 0.0, beyond_lsb: float = CODES / 50) -> None:
        self.identity = CameraIdentity("numpy", Geometry(HEIGHT, len(transitions_lsb), BITS), 1.0, 0.0)
        self.transitions, self.noise_lsb, self.random = transitions_lsb, noise_lsb, np.random.default_rng(1)
        # 0 to CODES LSB is the range, so that the middle code lies in the middle.
        self.voltage_range_v = (-beyond_lsb * LSB_V, (CODES + beyond_lsb) * LSB_V)

    def capture_voltages(self, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for voltages in frames:
            level = voltages[:, None] / LSB_V + self.noise_lsb * self.random.standard_normal((HEIGHT, len(self.transitions)))
            columns = [np.searchsorted(own, level[:, at], side="right") for at, own in enumerate(self.transitions)]
            yield np.stack(columns, axis=1).astype(np.uint16)[..., None]


def even() -> np.ndarray:
    return np.arange(1.0, CODES)


def measured(transitions: list[np.ndarray], hits: int = 64, noise_lsb: float = 0.0) -> ConverterFigures:
    return measure_converters(Converters(transitions, noise_lsb), hits)  # type: ignore[arg-type]


def test_an_inl_of_half_an_lsb_in_the_shape_of_a_sine_is_found_by_both_drives() -> None:
    inl = 0.5 * np.sin(2 * np.pi * 3 * np.arange(CODES - 1) / (CODES - 2))
    found = measured([even() + inl, even()])
    # A ramp of 64 samples a code places each transition to 1/64 LSB, ends included; a sine has more samples at the ends.
    for transfer in (found.ramp, found.sine):
        assert np.abs(transfer.inl_lsb[0] - inl).max() < 0.05
        assert np.abs(transfer.inl_lsb[1]).max() < 0.05


def test_a_dnl_of_half_an_lsb_in_the_shape_of_a_sine_is_found_by_both_drives() -> None:
    dnl = 0.5 * np.sin(2 * np.pi * 100 * np.arange(CODES - 2) / (CODES - 2))
    found = measured([np.append(1.0, 1 + np.cumsum(1 + dnl))])
    for transfer in (found.ramp, found.sine):
        assert np.abs(transfer.dnl_lsb[0] - dnl).max() < 0.05


def test_a_missing_code_is_found_and_no_other() -> None:
    transitions = even()
    transitions[300] = transitions[301]  # code 301 spans nothing
    found = measured([even(), transitions], hits=16)
    assert np.argwhere(found.ramp.missing_codes).tolist() == [[1, 301]]
    assert np.argwhere(found.sine.missing_codes).tolist() == [[1, 301]]
    shown = found.as_json()
    assert (shown["missing_codes"], shown["columns_with_missing_codes"]) == (1, 1)


def test_an_ideal_converter_has_all_its_bits_and_noise_takes_them() -> None:
    assert measured([even()], hits=4).effective_bits[0] == pytest.approx(BITS, abs=0.05)
    noisy = measured([even()] * 4, hits=4, noise_lsb=1.0).effective_bits
    # log2 sqrt(1 + 12 x 1^2): 16384 samples of noise are known to 1/sqrt(32768) = 0.6 %, 0.008 bit; z = 4.
    assert noisy == pytest.approx(np.full(4, BITS - 0.5 * np.log2(13)), abs=0.032)


def test_the_line_of_best_fit_is_nowhere_farther_in_the_mean_than_that_through_the_ends() -> None:
    bow = 2.0 * np.sin(np.pi * np.arange(CODES - 1) / (CODES - 2))
    ramp = measured([even() + bow], hits=16).ramp
    assert (ramp.best_fit_inl_lsb**2).mean() < (ramp.inl_lsb**2).mean() / 3
    assert ramp.best_fit_inl_lsb.mean() == pytest.approx(0, abs=1e-9)


def test_gain_and_offset_of_a_converter_are_no_non_linearity() -> None:
    found = measured([1.01 * even() - 4])
    assert np.abs(found.ramp.inl_lsb).max() < 0.05


def test_a_drive_that_stays_inside_the_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"end codes = 0 .*allowed is"):
        measure_converters(Converters([even()], beyond_lsb=-10.0), 4)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"between the end codes = 0 .*allowed is"):
        transfer_of(np.array([[5, 0, 0, 5]], np.uint32), "ramp")


@pytest.mark.parametrize(("samples", "wanted"), [(1024, 27), (4096, 1), (480, 13), (1000, 500 - 1)])
def test_coherent_cycles_share_no_factor_with_the_samples(samples: int, wanted: int) -> None:
    cycles = coherent_cycles(samples, wanted)
    assert np.gcd(cycles, samples) == 1
    assert abs(cycles - wanted) < 10


@pytest.mark.parametrize(("samples", "wanted"), [(7, 1), (100, 0), (100, 50)])
def test_cycles_that_cannot_be_are_refused(samples: int, wanted: int) -> None:
    with pytest.raises(ValueError, match=r"cycles = .*allowed is"):
        coherent_cycles(samples, wanted)


def test_the_simulated_cameras_columns_show_their_own_transitions() -> None:
    readout = ReadoutFigures(bits=10, black_level_dn=32, inl_lsb=2.0, dnl_lsb=0.3, column_offset_v=1e-3, column_gain_percent=0.2)
    profile = replace(DEMO_PROFILE, height=1024, width=8, readout=readout)
    with SimulatedBench(profile, 5) as bench:
        found = measure_converters(bench, 64)
        true = [bench._camera.converter.transitions_v(column) for column in range(8)]  # type: ignore[union-attr]
    for column, volts in enumerate(true):
        lsb_v = (volts[-1] - volts[0]) / (volts.size - 1)
        inl = (volts - volts[0]) / lsb_v - np.arange(volts.size)
        assert np.abs(found.ramp.inl_lsb[column] - inl).max() < 0.05
        assert np.abs(found.sine.inl_lsb[column] - inl).max() < 0.05


def test_a_voltage_input_that_does_not_reach_beyond_the_converters_is_refused_at_first() -> None:
    camera = Converters([even(), even() + 3])
    refuse_short_reach(camera)  # type: ignore[arg-type]
    for reach_v in ((0.4, 0.41), (-0.1, 0.99), (0.01, 1.1)):
        camera.voltage_range_v = reach_v
        with pytest.raises(
            BenchError, match=rf"voltage_range_v = {reach_v[0]:g} to {reach_v[1]:g}: .*; needed is a voltage input"
        ):
            refuse_short_reach(camera)  # type: ignore[arg-type]

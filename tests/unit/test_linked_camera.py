"""A camera behind a link on a bench, as calibration meets it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import KeySchedule
from calibration.bench import BenchError, CameraUnderTest, Chamber, Light, VoltageInput
from calibration.remote_bench import RemoteBench
from firmware_model.bench import Bench
from firmware_model.bench_socket import BenchSocket
from keycam.linked_camera import camera_on_bench
from link.host import CameraLink
from sensor_sim import load_profile
from tests.scripted_host import DEVICE
from tests.served_camera import schedule, served_camera

PROFILE = replace(load_profile("machine-vision"), height=20, width=24, lens=None)
GAIN = PROFILE.conversion_gain_v_per_e / PROFILE.readout.lsb_v


@contextmanager
def on_bench(folder: Path, keys: KeySchedule) -> Iterator[tuple[CameraUnderTest, CameraLink, RemoteBench]]:
    bench = Bench(PROFILE)
    with (
        BenchSocket(folder / "bench", bench),
        RemoteBench(folder / "bench") as remote,
        served_camera(folder, profile=PROFILE, surroundings=bench) as served,
    ):
        served.give_key()
        with served.link() as link:
            yield camera_on_bench(link, keys, remote), link, remote


def test_frames_are_in_the_raster_and_light_temperature_and_exposure_are_as_set(tmp_path: Path) -> None:
    with on_bench(tmp_path, schedule()) as (camera, link, _):
        identity = camera.identity
        assert (identity.device, identity.geometry.height, identity.geometry.cfa) == (DEVICE, 20, "mono")
        assert (identity.analog_gain, identity.black_level_dn) == (PROFILE.readout.analog_gain, PROFILE.readout.black_level_dn)
        assert isinstance(camera, Chamber)
        camera.set_exposure_s(0.02)
        (dark,) = camera.capture(1)
        camera.set_light(Light(green_per_s=200_000.0))
        camera.set_temperature_k(320.0)
        first, second = camera.capture(2)
        assert first.temperature_k == link.read("temperature_k") == 320
        assert dark.temperature_k == PROFILE.temperature_k
        assert first.exposure_s == pytest.approx(0.02, rel=1e-3)
        signal = first.codes.astype(float).mean() - dark.codes.mean()
        # 4000 photons: z = 5 of the shot noise over 480 photosites, and 3 % for the defects and the PRNU of so few.
        electrons = 4000 * PROFILE.quantum_efficiency[1]
        assert signal == pytest.approx(GAIN * electrons, abs=GAIN * 5 * np.sqrt(electrons / 480) + 0.03 * GAIN * electrons)
        assert (first.codes != second.codes).any()


def test_voltages_come_back_row_by_row(tmp_path: Path) -> None:
    with on_bench(tmp_path, schedule()) as (camera, _, _):
        assert isinstance(camera, VoltageInput)
        low, high = camera.voltage_range_v
        rising = np.linspace(low, high, 20, dtype=np.float32)
        upwards, downwards = (codes[..., 0].astype(int) for codes in camera.capture_voltages([rising, rising[::-1].copy()]))
    top = 2**PROFILE.readout.bits - 1
    assert np.all(upwards[0] == 0)
    assert np.all(upwards[-1] == top)
    assert np.all(np.diff(upwards, axis=0) >= 0)
    # A bow of some LSB and a row noise below one.
    assert np.abs(upwards - downwards[::-1]).max() < 6


def test_frames_that_are_not_authentic_end_in_one_sentence(tmp_path: Path) -> None:
    foreign = KeySchedule.from_epoch_secret(bytes(32), device=DEVICE, client="host", epoch=1)
    with (
        on_bench(tmp_path, foreign) as (camera, _, _),
        pytest.raises(BenchError, match=r"link = .*: no frame is authentic \(frame \d+ refused \(tag\)"),
    ):
        next(iter(camera.capture(1)))


def test_a_bench_without_chamber_and_voltages_makes_a_camera_without_them(tmp_path: Path) -> None:
    with on_bench(tmp_path, schedule()) as (_, link, remote):
        for chamber_k, voltages in ((None, (0.0, 1.0)), (300.0, None), (None, None)):
            remote.temperature_k, remote.voltage_range_v = chamber_k, voltages
            camera = camera_on_bench(link, schedule(), remote)
            assert isinstance(camera, Chamber) == (chamber_k is not None)
            assert isinstance(camera, VoltageInput) == (voltages is not None)

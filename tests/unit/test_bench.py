"""The bench of a camera model: its light, its chamber and its voltages, through its socket and as the host sees them."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import RASTER, KeySchedule
from calibration import remote_bench
from calibration.bench import BenchError, Light
from calibration.remote_bench import RemoteBench
from firmware_model import Camera, converter_of
from firmware_model.bench import Bench
from firmware_model.bench_socket import BenchSocket
from firmware_model.device_settings import DeviceSettings
from firmware_model.hardware import Hardware
from firmware_model.side_door import SideDoorError
from sensor_sim import DEMO_PROFILE, Sensor, load_profile

PROFILE = replace(load_profile("ideal"), height=20, width=24, optical_black_rows=0)


@pytest.fixture
def camera() -> Iterator[Camera]:
    schedule = KeySchedule(bytes(32), policy=RASTER)
    with Camera(Sensor(PROFILE), converter_of(PROFILE, 0), schedule, iter(range(1000)), exposure_s=0.01) as camera:
        yield camera


def codes(bench: Bench, camera: Camera) -> np.ndarray:
    raw = bench.captured_by(camera)
    return raw.restore(KeySchedule(bytes(32), policy=RASTER).frame_key(raw.header.counter, camera.geometry))[..., 0]


def test_the_light_is_photons_and_ends_the_voltages(camera: Camera) -> None:
    bench = Bench(PROFILE)
    black_dn, gain = camera.converter.black_level_dn, PROFILE.conversion_gain_v_per_e / PROFILE.readout.lsb_v
    assert np.all(codes(bench, camera) == black_dn)
    bench.set_voltages(np.full(20, 0.5, np.float32))
    bench.set_light(0.0, 400_000.0, 0.0)
    signal = codes(bench, camera) - black_dn
    green = np.zeros((20, 24), bool)
    green[::2, 1::2] = green[1::2, ::2] = True  # of rggb
    assert PROFILE.cfa == "rggb"
    assert np.all(signal[~green] == 0)
    # 4000 photons of green at an efficiency of 1, 240 photosites: z = 5 of a Poisson mean.
    assert signal[green].mean() == pytest.approx(gain * 4000, abs=gain * 5 * np.sqrt(4000 / 240))


def test_voltages_go_to_the_converters_row_by_row(camera: Camera) -> None:
    bench = Bench(PROFILE)
    low, high = bench.voltage_range_v
    rows = np.linspace(low, high, 20, dtype=np.float32)
    bench.set_voltages(rows)
    seen = codes(bench, camera)
    expected = camera.converter.ideal.convert(rows)
    assert expected[0] == 0
    assert expected[-1] == 2**PROFILE.readout.bits - 1
    assert np.all(seen == expected[:, None])


def test_the_chamber_warms_the_same_die(camera: Camera) -> None:
    bench = Bench(PROFILE)
    die = camera.sensor.die
    bench.set_temperature_k(PROFILE.temperature_k + 8)
    assert bench.captured_by(camera).header.temperature_k == PROFILE.temperature_k + 8
    assert bench.temperature_k(PROFILE) == PROFILE.temperature_k + 8
    assert camera.sensor.die is die


def test_nobody_waits_on_the_bench_for_an_exposure() -> None:
    hardware = Hardware(PROFILE)
    settings = replace(DeviceSettings.after_reset(hardware), exposure_s=60.0, frame_rate_hz=1000.0)
    assert settings.frame_time_s(hardware) == 60
    assert Bench(PROFILE).paced(settings).frame_time_s(hardware) < 0.1


@pytest.mark.parametrize(
    ("does", "trouble"),
    [
        (lambda bench: bench.set_light(0, -1, 0), r"light_per_s = \[0, -1, 0\]: allowed is 0 to 1e\+20 photons/s"),
        (lambda bench: bench.set_light(0, float("nan"), 0), "light_per_s = .*nan"),
        (lambda bench: bench.set_temperature_k(20.0), "temperature_k = 20.0: allowed is 200 to 400 K"),
        (lambda bench: bench.set_temperature_k(float("nan")), "temperature_k = nan: allowed is"),
        (lambda bench: bench.set_voltages(np.full(20, 99, np.float32)), "voltages_v = 99 to 99: allowed is"),
        (lambda bench: bench.set_voltages(np.full(20, np.nan, np.float32)), "voltages_v = nan to nan: allowed is"),
        (lambda bench: bench.set_voltages(np.zeros(21, np.float32)), "voltages_v = 21 voltages: allowed is one for each row"),
        (lambda bench: bench.set_voltages(np.zeros(0, np.float32)), "voltages_v = 0 voltages: allowed is one for each row"),
    ],
)
def test_what_a_bench_cannot_do_is_refused(does: Callable[[Bench], None], trouble: str) -> None:
    bench = Bench(PROFILE)
    with pytest.raises(ValueError, match=trouble):
        does(bench)
    assert bench.light_per_s == (0, 0, 0)
    assert bench.chamber_k == PROFILE.temperature_k


def test_voltages_of_another_size_than_the_frame_are_refused(camera: Camera) -> None:
    with pytest.raises(ValueError, match=r"voltages_v = float32 \(3,\): allowed is float32 \(20,\)"):
        camera.capture_voltages(np.zeros(3, np.float32))


def test_a_host_sets_the_bench_of_another_process(tmp_path: Path) -> None:
    bench = Bench(PROFILE)
    with BenchSocket(tmp_path / "bench", bench), RemoteBench(tmp_path / "bench") as remote:
        assert (tmp_path / "bench").stat().st_mode & 0o77 == 0
        assert remote.temperature_k == PROFILE.temperature_k
        assert remote.voltage_range_v == bench.voltage_range_v
        remote.set_light(Light(1.0, 2.5, 3e9))
        assert bench.light_per_s == (1.0, 2.5, 3e9)
        remote.set_temperature_k(301.25)
        assert bench.chamber_k == 301.25
        remote.set_voltages([0.125] * 20)
        with pytest.raises(BenchError, match=r"bench = .*: it refused \(temperature_k = 1.0: allowed is 200 to 400 K\)"):
            remote.set_temperature_k(1.0)
        remote.set_light(Light())
        assert bench.light_per_s == (0, 0, 0)
    assert not (tmp_path / "bench").exists()


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ({"heat": 3}, "heat = 3: allowed is one of light_per_s, temperature_k, voltages_v in a line, or none"),
        ({"temperature_k": 300, "light_per_s": [0, 0, 0]}, "in a line, or none"),
        ({"light_per_s": 3}, "light_per_s = 3: allowed is 3 numbers"),
        ({"light_per_s": [1, 2]}, "light_per_s = [1, 2]: allowed is 3 numbers"),
        ({"light_per_s": [True, 2, 3]}, "allowed is 3 numbers"),
        ({"temperature_k": "warm"}, "temperature_k = ['warm']: allowed is a number"),
        ({"temperature_k": 10**400}, "too large"),
        ({"voltages_v": ["a"]}, "voltages_v = ['a']: allowed is numbers"),
        ([1], "allowed is a JSON object"),
    ],
)
def test_lines_that_ask_for_nothing_a_bench_has_are_answered_so(tmp_path: Path, line: object, trouble: str) -> None:
    with BenchSocket(tmp_path / "bench", Bench(DEMO_PROFILE)), socket.socket(socket.AF_UNIX) as door:
        door.settimeout(10)
        door.connect(str(tmp_path / "bench"))
        door.sendall(json.dumps(line).encode() + b"\n{}\n")
        answers = b""
        while answers.count(b"\n") < 2:
            answers += door.recv(4096)
    refused, state = map(json.loads, answers.splitlines())
    assert trouble in refused["error"]
    assert state["light_per_s"] == [0, 0, 0]


def test_a_bench_without_a_place_is_refused_by_its_option(tmp_path: Path) -> None:
    (tmp_path / "bench").write_text("mine")
    with pytest.raises(SideDoorError, match=r"bench = .*: Address already in use; allowed is a new path"):
        BenchSocket(tmp_path / "bench", Bench(PROFILE))


def answering(path: Path, *answers: bytes) -> threading.Thread:
    """Somebody's own bench, which says these lines whatever it is asked, then hangs up."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(1)

    def serve() -> None:
        with listening, listening.accept()[0] as connection:
            for answer in answers:
                connection.recv(65536)
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_a_bench_of_ones_own_needs_a_light_and_nothing_else(tmp_path: Path) -> None:
    thread = answering(tmp_path / "lamp", b'{"light_per_s": [0, 0, 0]}\n', b'{"light_per_s": [0, 5, 0]}\n')
    with RemoteBench(tmp_path / "lamp") as lamp:
        assert (lamp.temperature_k, lamp.voltage_range_v) == (None, None)
        lamp.set_light(Light(green_per_s=5))
        thread.join(10)
        with pytest.raises(BenchError, match=r"bench = .*lamp: .*; allowed is a bench that answers as docs/calibration.md says"):
            lamp.set_light(Light())


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"hello\n", "its answer is not JSON"),
        (b"[]\n", "its answer is no JSON object"),
        (b"{}\n", "it names no light_per_s"),
        (b'{"light_per_s": [0, 0, 0], "temperature_k": "warm"}\n', "temperature_k = warm is no number above 0"),
        (b'{"light_per_s": [0, 0, 0], "temperature_k": -5}\n', "temperature_k = -5 is no number above 0"),
        (b'{"light_per_s": "x"}\n', "light_per_s = x is no three numbers of 0 or more photons/s"),
        (b'{"light_per_s": [0, -1, 0]}\n', r"light_per_s = \[0, -1, 0\] is no three numbers"),
        (b'{"light_per_s": [0, true, 0]}\n', r"light_per_s = \[0, True, 0\] is no three numbers"),
        (b'{"light_per_s": [0, 1e400, 0]}\n', r"light_per_s = \[0, inf, 0\] is no three numbers"),
        (b'{"light_per_s": [0, 0, 0], "voltage_range_v": [0, true]}\n', r"voltage_range_v = \[0, True\] is no pair"),
        (b"[" * 50_000 + b"\n", "its answer is not JSON"),
        (b'{"light_per_s": [0, 0, 0], "voltage_range_v": [1]}\n', r"voltage_range_v = \[1\] is no pair of numbers"),
        (b'{"light_per_s": [0, 0, 0], "voltage_range_v": [1, 1]}\n', "voltage_range_v = 1 to 1 is no range"),
        (b'{"error": "the lamp is cold"}\n', r"it refused \(the lamp is cold\)"),
        (b"", "it hung up"),
    ],
)
def test_what_is_no_bench_is_refused_in_one_sentence(tmp_path: Path, answer: bytes, trouble: str) -> None:
    thread = answering(tmp_path / "lamp", answer)
    with pytest.raises(BenchError, match=f"bench = .*lamp: {trouble}"):
        RemoteBench(tmp_path / "lamp")
    thread.join(10)


@pytest.mark.parametrize(
    ("answer", "asks", "trouble"),
    [
        (b"{}\n", lambda lamp: lamp.set_light(Light()), "it names no light_per_s"),
        (b"{}\n", lambda lamp: lamp.set_temperature_k(321.5), "it names no light_per_s"),
        (b'{"light_per_s": [0, 4, 0]}\n', lambda lamp: lamp.set_light(Light(0, 5, 0)), r"light_per_s = \[0, 5, 0\], it answers"),
        (b'{"light_per_s": [0, 5, 0]}\n', lambda lamp: lamp.set_light(Light()), r"allowed is that within 0.1 %"),
        (
            b'{"light_per_s": [0, 0, 0], "temperature_k": 300}\n',
            lambda lamp: lamp.set_temperature_k(321.5),
            "asked for temperature_k = 321.5, it answers 300.0; allowed is that within 1 K",
        ),
        (b'{"light_per_s": [0, 0, 0]}\n', lambda lamp: lamp.set_temperature_k(321.5), "it answers nothing of it; allowed is"),
        (
            b'{"light_per_s": [0, 0, 0]}\n',
            lambda lamp: lamp.set_voltages([0.5]),
            "voltages_v = 1 of them, it answers nothing of it",
        ),
    ],
)
def test_a_bench_that_did_something_else_is_refused(
    tmp_path: Path, answer: bytes, asks: Callable[[RemoteBench], None], trouble: str
) -> None:
    first = b'{"light_per_s": [0, 0, 0], "temperature_k": 300, "voltage_range_v": [0, 1]}\n'
    thread = answering(tmp_path / "lamp", first, answer)
    with RemoteBench(tmp_path / "lamp") as lamp, pytest.raises(BenchError, match=trouble):
        asks(lamp)
    thread.join(10)


def test_no_bench_is_refused_with_what_the_system_says(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"bench = .*nowhere: No such file or directory; allowed is the socket of a bench"):
        RemoteBench(tmp_path / "nowhere")


def test_a_bench_that_never_answers_is_refused_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert remote_bench.FIRST_WAIT_S <= 10
    monkeypatch.setattr(remote_bench, "FIRST_WAIT_S", 0.2)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "lamp"))
        silent.listen(1)
        with pytest.raises(
            BenchError, match=r"lamp: asked for how it is set, it did not answer within 0.2 s; allowed is a bench"
        ):
            RemoteBench(tmp_path / "lamp")


def test_a_bench_that_answers_in_drops_for_ever_is_refused_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_bench, "FIRST_WAIT_S", 0.3)
    ended = threading.Event()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "lamp"))
        listening.listen(1)

        def drip() -> None:
            with listening.accept()[0] as connection, contextlib.suppress(OSError):
                while not ended.wait(0.05):
                    connection.sendall(b" ")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(BenchError, match=r"did not answer within 0\.3 s"):
            RemoteBench(tmp_path / "lamp")
        ended.set()
        thread.join(10)


def test_only_the_chamber_is_waited_for_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_bench, "WAIT_S", 0.2)
    answers = [b'{"light_per_s": [0, 0, 0], "temperature_k": %d}\n' % kelvin for kelvin in (300, 310)]
    released = threading.Event()

    def serve(listening: socket.socket) -> None:
        with listening.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(answers[0])
            connection.recv(65536)
            released.wait(0.5)  # longer than any other question is given
            connection.sendall(answers[1])
            connection.recv(65536)
            released.wait(10)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "lamp"))
        listening.listen(1)
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        with RemoteBench(tmp_path / "lamp") as lamp:
            lamp.set_temperature_k(310)
            with pytest.raises(BenchError, match=r"asked for light_per_s, it did not answer within 0.2 s"):
                lamp.set_light(Light())
        released.set()
        thread.join(10)


def test_a_bench_in_use_refuses_a_second_client_and_takes_it_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "bench"
    with BenchSocket(path, Bench(PROFILE)):
        with RemoteBench(path) as first:
            with pytest.raises(BenchError, match=r"bench = .*: it refused \(another client is using it\); allowed is"):
                RemoteBench(path)
            first.set_light(Light(green_per_s=1.0))
        for _ in range(20):  # whoever comes right after the other hung up is never refused for it
            RemoteBench(path).close()

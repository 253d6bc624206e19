"""The host at a camera: registers, sessions, frames, and what it says when it cannot go on."""

import gc
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import RawFrame
from firmware_model.camera import Camera
from firmware_model.device_faults import DeviceFault
from firmware_model.hardware import Hardware
from inference.receiver import FrameRefused, Receiver
from link.host import CameraLink, CameraRefused, CameraSilent, HostState, KeyRefused, LinkKey, Patience
from link.messages import Hello
from link.packet import PacketFlags
from link.status import Status
from link.transport import LinkLost, PortError, Transport, transport_pair
from sensor_sim.scene import uniform_field
from tests.scripted_host import DEVICE, PROVISIONING, SECRET, SMALL
from tests.served_camera import CLIENT, OWNER, QUICK, ServedCamera, faults_of, schedule, served_camera


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[ServedCamera]:
    with served_camera(tmp_path) as served:
        served.give_key()
        yield served


def host_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith(("keycam-host", "keycam-link in-process host"))]


def verified(frames: Iterator[RawFrame], count: int) -> list[int]:
    receiver = Receiver(schedule())
    return [receiver.accept(raw).counter for raw, _ in zip(frames, range(count), strict=False)]


def test_registers_are_read_and_written_by_name(camera: ServedCamera) -> None:
    with camera.link() as link:
        link.write("exposure_s", 0.004)
        assert link.read("exposure_s") == 0.004
        assert (link.read("height"), link.read("cfa"), link.read("device_name")) == (24, SMALL.cfa, DEVICE)
        assert link.counters()["commands_done"] > 0
        assert link.camera.device == DEVICE
        assert link.state is HostState.SYNCED


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("exposure", 1.0, "register = 'exposure': there is none of this name; allowed is exposure_s"),
        ("exposure_s", -1.0, "exposure_s = -1.0: allowed is 1e-06 to 3600"),
        ("state", "idle", "register = 'state': it is read-only; allowed is reading it"),
    ],
)
def test_what_no_register_takes_is_refused_before_it_is_sent(
    camera: ServedCamera, name: str, value: float | str, sentence: str
) -> None:
    with camera.link() as link:
        sent = link.statistics["commands"]
        with pytest.raises(ValueError, match="allowed is") as refused:
            link.write(name, value)
        assert str(refused.value) == sentence
        assert link.statistics["commands"] == sent


def test_what_the_camera_refuses_is_told_with_its_status(camera: ServedCamera) -> None:
    with camera.link() as link:
        with pytest.raises(CameraRefused, match=r"height = 60000: the camera refused it with BAD_VALUE") as refused:
            link.write("height", 60000)
        assert refused.value.status is Status.BAD_VALUE
        with pytest.raises(CameraRefused, match="WRONG_STATE"):
            link.write("software_trigger", 1)


def test_without_a_key_a_host_reads_and_does_nothing_else(camera: ServedCamera) -> None:
    with camera.link(None) as link:
        assert link.read("state") in ("idle", "configured")
        with pytest.raises(CameraRefused, match="NEEDS_SESSION"):
            link.write("exposure_s", 0.01)
        with pytest.raises(CameraRefused, match="frames need a key"):
            link.frames()
        assert link.read("bits") == 12


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (LinkKey.of_client(SECRET, device=DEVICE, client="guest", epoch=1), "the camera's key is another client's"),
        (LinkKey.of_client(SECRET, device=DEVICE, client="host", epoch=2), "epoch = 2: camera 'door' is in epoch 1"),
        (LinkKey.of_client(bytes(32), device=DEVICE, client="host", epoch=2), "epoch = 2: camera 'door' is in epoch 1"),
        (LinkKey.of_client(bytes(32), device=DEVICE, client="host", epoch=1), "another key of epoch 1"),
        (LinkKey.of_client(SECRET, device="gate", client="host", epoch=1), "the camera is 'door'; allowed is 'gate'"),
        (LinkKey.of_owner(bytes(32)), "another provisioning secret"),
    ],
)
def test_another_key_is_refused_with_the_reason(camera: ServedCamera, key: LinkKey, sentence: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        camera.link(key)
    assert sentence in str(refused.value)
    assert "allowed is" in str(refused.value)
    assert host_threads() == []


def test_a_camera_without_a_key_says_so(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera, pytest.raises(KeyRefused, match="no key; allowed is to provision one"):
        camera.link()


def test_silence_ends_after_a_bounded_time_with_what_to_check() -> None:
    host, device = transport_pair()
    began_s = time.monotonic()
    with closing(device), pytest.raises(CameraSilent, match="nothing came; allowed is a camera that is switched on"):
        CameraLink(lambda: host, CLIENT, patience=replace(QUICK, hunt_s=1.0))
    assert 1.0 <= time.monotonic() - began_s < 5.0
    assert host_threads() == []


def test_noise_ends_after_a_bounded_time_and_names_the_baud() -> None:
    host, device = transport_pair()
    rng = np.random.default_rng(1)
    stopping = threading.Event()

    def chatter() -> None:
        with suppress(LinkLost):  # the host gives up first
            while not stopping.wait(0.01):
                device.write(rng.integers(0, 256, 400, np.uint8).tobytes())

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        with pytest.raises(CameraSilent, match=r"what came was no packets .*damaged: .*allowed is a camera at the same baud"):
            CameraLink(lambda: host, CLIENT, patience=replace(QUICK, hunt_s=1.0))
    finally:
        stopping.set()
        thread.join()
        device.close()


def test_frames_are_those_of_the_camera_in_process(camera: ServedCamera) -> None:
    hardware = Hardware(profile=SMALL, device_seed=7)
    with (
        camera.link() as link,
        link.frames(6) as frames,
        Camera(hardware.sensor, hardware.converter, schedule(), itertools.count(), exposure_s=SMALL.default_exposure_s) as twin,
    ):
        for raw in frames:
            expected = twin.capture(uniform_field(24, 32))
            assert raw.header == expected.header
            assert raw.tag == expected.tag
            np.testing.assert_array_equal(raw.samples, expected.samples)
    assert faults_of(link) == {}
    assert link.statistics["frames_complete"] == 6


def test_a_stream_of_so_many_frames_uses_no_more_counters(camera: ServedCamera) -> None:
    with camera.link() as link:
        assert verified(link.frames(3), 9) == [0, 1, 2]
        assert link.read("frames_exposed") == 3
        assert link.read("state") == "configured"


def test_verdicts_stand_in_the_same_table_and_in_the_state(camera: ServedCamera) -> None:
    with camera.link() as link, link.frames() as frames:
        receiver = Receiver(schedule())
        raw = next(frames)
        assert link.state is HostState.COMPLETE
        receiver.accept(raw)
        link.judged()
        with pytest.raises(FrameRefused) as refused:
            receiver.accept(raw)
        link.judged(refused.value.cause)
        assert (link.statistics["frames_verified"], link.statistics["replay"]) == (1, 1)
        with pytest.raises(ValueError, match=r"refused = 'odd': allowed is device, .* tag or None"):
            link.judged("odd")


def test_a_slow_application_costs_frames_at_the_camera_and_none_on_the_way(camera: ServedCamera) -> None:
    with camera.link(queue_frames=2) as link:
        link.write("frame_rate_hz", 500.0)
        with link.frames() as frames:
            receiver = Receiver(schedule())
            for raw, _ in zip(frames, range(5), strict=False):
                time.sleep(0.1)  # fifty frames' time
                receiver.accept(raw)
            dropped = link.counters()["frames_dropped_credit"]
        assert isinstance(dropped, int)
        assert dropped > 20
        assert faults_of(link) == {}


def test_only_one_stream_runs_on_a_link(camera: ServedCamera) -> None:
    with camera.link() as link, link.frames() as frames:
        with pytest.raises(ValueError, match="allowed is one stream on a link"):
            link.frames()
        assert verified(frames, 2) == [0, 1]


def test_a_reset_in_the_middle_of_a_frame_mixes_nothing_and_settings_come_back(camera: ServedCamera) -> None:
    with camera.link() as link:
        link.write("exposure_s", 0.003)
        link.write("payload_bytes", 256)  # five DATA packets a frame
        with link.frames() as frames:
            before = verified(frames, 3)
            camera.faults.inject(DeviceFault("reset", after=2))
            receiver = Receiver(schedule(), after_counter=before[-1])
            after = [receiver.accept(raw) and raw.header for raw, _ in zip(frames, range(8), strict=False)]
        assert camera.faults.happened["reset"] == 1
        assert {header.exposure_s for header in after} == {0.003}
        assert link.read("payload_bytes") == 256
        assert link.statistics["device_reset"] == 1
        assert link.statistics["session_lost"] == 0
        assert link.statistics["tag"] == 0


def test_a_reset_that_the_host_asked_for_leaves_what_the_camera_begins_with(camera: ServedCamera) -> None:
    with camera.link() as link:
        before = link.read("exposure_s")
        boot = link.read("boot_counter")
        link.write("exposure_s", 0.002)
        link.write("device_reset", 1)
        deadline_s = time.monotonic() + 10
        while link.read("boot_counter") == boot:
            assert time.monotonic() < deadline_s
        assert link.read("exposure_s") == before


def test_a_camera_in_its_fault_state_ends_the_stream_with_the_reason(camera: ServedCamera) -> None:
    with camera.link() as link:
        with link.frames() as frames:
            verified(frames, 2)
            camera.faults.inject(DeviceFault("over_temperature"))
            with pytest.raises(CameraRefused, match=r"fault state \(over_temperature\); allowed is to write fault_clear"):
                verified(frames, 10_000)
        with pytest.raises(CameraRefused, match="FAULT"):
            link.frames()
        camera.faults.clear()
        link.write("fault_clear", 1)
        assert len(verified(link.frames(2), 2)) == 2


def test_a_link_that_does_not_come_back_ends_the_stream_after_a_bounded_time(camera: ServedCamera) -> None:
    gone = threading.Event()

    def opened() -> Transport:
        if gone.is_set():
            raise PortError("link = x: there is no such port; allowed is one that is there")
        ends.append(camera.connect())
        return ends[-1]

    ends: list[Transport] = []
    with CameraLink(opened, CLIENT, patience=Patience(reconnect_s=0.5)) as link, link.frames() as frames:
        verified(frames, 1)
        gone.set()
        ends[-1].close()
        with pytest.raises(CameraSilent, match="did not come back"):
            verified(frames, 10_000)
        with pytest.raises(CameraSilent):
            link.read("state")
    assert host_threads() == []


def test_nothing_is_left_of_a_link_that_is_closed_or_forgotten(camera: ServedCamera) -> None:
    link = camera.link()
    frames = link.frames()
    next(frames)
    link.close()
    link.close()
    with pytest.raises(StopIteration):
        next(frames)
    assert host_threads() == []
    forgotten = camera.link()
    assert forgotten.read("bits") == 12
    del forgotten
    gc.collect()
    assert host_threads() == []


def test_a_key_is_not_shown_and_not_pickled() -> None:
    assert SECRET.hex() not in repr(CLIENT)
    assert str(SECRET) not in repr(CLIENT)
    assert PROVISIONING.hex() not in repr(OWNER)
    with pytest.raises(TypeError, match="never pickled"):
        CLIENT.__reduce__()
    with pytest.raises(ValueError, match="allowed for an owner is none"):
        LinkKey(OWNER.role, PROVISIONING, "door", "host")


@pytest.mark.parametrize("field", ["hunt_s", "command_tries"])
def test_patience_must_be_possible(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} = 0: allowed is above 0"):
        Patience(**{field: 0})


def test_answers_to_an_earlier_hello_do_not_mean_another_key(camera: ServedCamera) -> None:
    """A camera that was slow to start finds many HELLOs in its buffer, those of a host's last attempt among them."""
    earlier = Hello(1, 1, CLIENT.role, 8192, bytes(16), CLIENT.client).packet(seq=0, flags=PacketFlags.ACK_REQ)

    def opened() -> Transport:
        transport = camera.connect()
        for _ in range(6):
            transport.write(earlier.encoded())
        return transport

    with CameraLink(opened, CLIENT, patience=QUICK) as link:
        assert link.read("state") == "idle"
        assert link.statistics["auth"] > 0

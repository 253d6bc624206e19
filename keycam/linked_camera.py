"""A camera behind a link, on a bench, as calibration meets it: registers set it, and its frames are put into the raster."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from adc import CFA_NAMES, Geometry, KeySchedule
from calibration.bench import BenchError, CameraIdentity, CameraUnderTest, Light, RasterFrame
from calibration.remote_bench import RemoteBench
from inference.receiver import FrameRefused
from keycam.link_receiver import LinkReceiver
from link.host import CameraLink
from link.registers import BY_NAME

MOST_BARREN_STREAMS = 3
"""After so many streams in a row that bring no authentic frame the camera is given up."""


class LinkedCamera:
    """The camera of a link on a bench that has a light and nothing else.

    Its frame rate is as high as camera and link allow.

    Parameters
    ----------
    link
        where it is.
    schedule
        the key schedule of its frames.
    bench
        what it looks at.
    """

    def __init__(self, link: CameraLink, schedule: KeySchedule, bench: RemoteBench) -> None:
        self._link, self._bench = link, bench
        self._receiver = LinkReceiver(schedule, link)
        link.write("trigger_mode", "free_run")
        link.write("test_pattern", "off")
        link.write("frame_rate_hz", BY_NAME["frame_rate_hz"].highest)
        self.identity = identity_of(link)

    def set_exposure_s(self, exposure_s: float) -> None:
        """Set the exposure time of the next frames."""
        self._link.write("exposure_s", exposure_s)

    def set_light(self, light: Light) -> None:
        """Set the light of the next frames."""
        self._bench.set_light(light)

    def capture(self, count: int) -> Iterator[RasterFrame]:
        """Take frames one after another, and others in the place of those that are lost or not authentic."""
        barren, refused = 0, "none came"
        while count:
            taken = 0
            with self._link.frames(count) as frames:
                for raw in frames:
                    try:
                        frame_key = self._receiver.accept(raw)
                    except FrameRefused as error:
                        refused = str(error)
                        continue
                    codes = raw.restore(frame_key)
                    frame_key.wipe()
                    taken += 1
                    yield RasterFrame(codes, raw.header.exposure_s, raw.header.temperature_k)
            count -= taken
            barren = 0 if taken else barren + 1
            if barren == MOST_BARREN_STREAMS:
                raise BenchError(f"link = {self._link.name}: no frame is authentic ({refused}); needed is the camera's key")


class _InChamber(LinkedCamera):
    """On a bench that has a chamber."""

    def set_temperature_k(self, temperature_k: float) -> None:
        """Bring the camera to a temperature, K."""
        self._bench.set_temperature_k(temperature_k)


class _Driven(LinkedCamera):
    """On a bench that has a voltage input."""

    @property
    def voltage_range_v(self) -> tuple[float, float]:
        """The voltages that the input takes."""
        assert self._bench.voltage_range_v is not None
        return self._bench.voltage_range_v

    def capture_voltages(self, frames: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.uint16]]:
        """Codes uint16 (H, W, C) of frames whose row r converts voltage r of float32 (H,)."""
        for voltages in frames:
            self._bench.set_voltages([float(voltage) for voltage in voltages])
            for frame in self.capture(1):
                yield frame.codes


class _DrivenInChamber(_InChamber, _Driven):
    """On a bench that has both."""


def camera_on_bench(link: CameraLink, schedule: KeySchedule, bench: RemoteBench) -> CameraUnderTest:
    """The camera of a link on a bench, with what that bench has. Raises what the link raises."""
    kinds = {(True, True): _DrivenInChamber, (True, False): _InChamber, (False, True): _Driven}
    kind = kinds.get((bench.temperature_k is not None, bench.voltage_range_v is not None), LinkedCamera)
    return kind(link, schedule, bench)


def identity_of(link: CameraLink) -> CameraIdentity:
    """What the camera of a link says about itself and how it is set. Raises what the link raises."""
    height, width, bits = (int(str(link.read(name))) for name in ("height", "width", "bits"))
    cfa = next(name for name in CFA_NAMES if name == link.read("cfa"))
    gain, black_dn = (float(str(link.read(name))) for name in ("analog_gain", "black_level_dn"))
    return CameraIdentity(str(link.read("device_name")), Geometry(height, width, bits, cfa), gain, black_dn)

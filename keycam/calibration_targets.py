"""What `keycam calibrate` measures: a simulated camera on its bench, or the one behind a link."""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from calibration.bench import DARKNESS, BenchError, CameraUnderTest
from calibration.high_pass import LEAST_SIDE
from calibration.remote_bench import RemoteBench
from keycam.far_camera import far_camera
from keycam.keyfile import open_key
from keycam.linked_camera import camera_on_bench
from keycam.passphrase import known_passphrase
from keycam.simulated_bench import SimulatedBench
from link.host import CameraLink
from link.host.failures import LinkFailure
from link.register import Value
from link.transport.transport import LinkLost
from sensor_sim import SensorProfile, load_profile

QUICK_SIZE = (480, 640)
SET_BY_HOST = ("height", "width", "trigger_mode", "test_pattern", "exposure_s", "analog_gain", "frame_rate_hz")
"""Registers that a calibration writes, and that get back what they held."""


@dataclass(frozen=True)
class OnBench:
    """A camera that is ready to be measured.

    Attributes
    ----------
    camera
        on its bench.
    model
        what it is called.
    exposure_s
        the exposure that it has of itself.
    profile
        what it is simulated from; None where only its frames are known.
    """

    camera: CameraUnderTest
    model: str
    exposure_s: float
    profile: SensorProfile | None = None


class Target(Protocol):
    """A camera that can be put on the bench."""

    def on_bench(self) -> contextlib.AbstractContextManager[OnBench]:
        """The camera on its bench, for as long as the block runs."""


@dataclass(frozen=True)
class SimulatedTarget:
    """A simulated camera in this process.

    Attributes
    ----------
    profile, size, analog_gain
        its sensor: a name or a TOML file, and (H, W) and V/V, or None for the profile's own.
    with_lens
        whether the light goes through the profile's lens; the standard asks for none.
    seed
        which die.
    """

    profile: str = "machine-vision"
    size: tuple[int, int] | None = None
    analog_gain: float | None = None
    with_lens: bool = False
    seed: int = 0

    def sensor_profile(self) -> SensorProfile:
        """The profile in the size and at the gain that are asked for. Raises ProfileError and ValueError."""
        profile = load_profile(self.profile)
        height, width = self.size or (profile.height, profile.width)
        _refuse_size(height, width, profile.is_bayer)
        gain = profile.readout.analog_gain if self.analog_gain is None else self.analog_gain
        return replace(profile, height=height, width=width, readout=replace(profile.readout, analog_gain=gain))

    @contextmanager
    def on_bench(self) -> Iterator[OnBench]:
        """Raises what the profile is refused with."""
        profile = self.sensor_profile()
        with SimulatedBench(profile, self.seed, with_lens=self.with_lens) as bench:
            yield OnBench(bench, profile.name, profile.default_exposure_s, profile)


@dataclass(frozen=True)
class LinkedTarget:
    """The camera behind a link.

    Attributes
    ----------
    link
        where it is.
    key
        key file of its device or of a client.
    bench
        socket of the bench that it stands on.
    client, passphrase_file
        as `keycam infer` takes them.
    size, analog_gain
        (H, W) of its frames and V/V; None for what it is set to.
    """

    link: str
    key: Path
    bench: Path
    client: str | None = None
    passphrase_file: Path | None = None
    size: tuple[int, int] | None = None
    analog_gain: float | None = None

    @contextmanager
    def on_bench(self) -> Iterator[OnBench]:
        """At the end the light is off and the camera set as before. Raises KeyFileError, BenchError, and what the link raises."""
        with ExitStack() as opened:
            key = opened.enter_context(open_key(self.key, lambda: known_passphrase(self.passphrase_file, str(self.key))))
            key.card.client(self.client)  # refused before anything is opened
            bench = opened.enter_context(RemoteBench(self.bench))
            link, schedule = opened.enter_context(far_camera(self.link, key, self.client))
            before = {name: link.read(name) for name in SET_BY_HOST}
            opened.callback(_put_back, link, before)
            opened.callback(_darken, bench)
            height, width = self.size or (int(str(before["height"])), int(str(before["width"])))
            _refuse_size(height, width, link.read("cfa") not in ("mono", "rgb"))
            if self.size is not None:
                _refuse_beyond(link, height, width)
                link.write("height", height)
                link.write("width", width)
            if self.analog_gain is not None:
                link.write("analog_gain", self.analog_gain)
            camera = camera_on_bench(link, schedule, bench)
            yield OnBench(camera, str(link.read("model_name")), float(str(before["exposure_s"])))


def _refuse_size(height: int, width: int, is_bayer: bool) -> None:
    least = LEAST_SIDE * (2 if is_bayer else 1)
    if min(height, width) < least:
        raise ValueError(f"size = {height}x{width}: allowed is {least} or more a side, for the high-pass of each colour")


def _refuse_beyond(link: CameraLink, height: int, width: int) -> None:
    most = [int(str(link.read(name))) for name in ("sensor_height", "sensor_width")]
    if height > most[0] or width > most[1]:
        raise ValueError(f"size = {height}x{width}: allowed is up to {most[0]}x{most[1]}, which this camera's sensor has")


def _put_back(link: CameraLink, before: dict[str, Value]) -> None:
    # A camera that is lost by now has said so already.
    with contextlib.suppress(LinkFailure, LinkLost):
        for name, value in before.items():
            link.write(name, value)


def _darken(bench: RemoteBench) -> None:
    with contextlib.suppress(BenchError):
        bench.set_light(DARKNESS)

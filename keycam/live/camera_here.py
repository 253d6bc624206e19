"""The live camera in this process: 640x480 photosites of the mobile sensor, in front of whatever the supply shows."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from adc import ColumnConverter, CounterStore, KeySchedule, RawFrame
from firmware_model import Camera, converter_of, geometry_of
from inference.receiver import Receiver
from keycam.demo_source import namesake
from keycam.key import Key
from keycam.live.live_camera import Session
from keycam.live.scene_supply import SceneSupply
from keycam.live.settings import CAMERA_SETTINGS, LiveSettings
from keycam.policy import named_policy
from sensor_sim import Scene, Sensor, SensorProfile, load_profile
from sensor_sim.resample import resample
from sensor_sim.shutter import MovingScene

HEIGHT, WIDTH = 480, 640
MOST_STEPS = 6
"""Into so many still scenes a moving one is divided: more cost more than they show."""


def live_profile() -> SensorProfile:
    """The mobile sensor of `keycam info` with an array of 640x480: rolling shutter, lens, noise and defects as there."""
    return replace(load_profile("mobile"), name="live", height=HEIGHT, width=WIDTH)


class CameraHere:
    """A camera model that sees what a supply of scenes gives.

    Parameters
    ----------
    supply
        Of scenes, started.
    key
        Its own and its host's.
    client
        The host's name.
    counters
        Where frame counters come from; None for a key of this run alone, which may then be rotated.
    settings
        To begin with.
    seed
        Which die.
    """

    def __init__(
        self, supply: SceneSupply, key: Key, client: str, counters: CounterStore | None, settings: LiveSettings, seed: int
    ) -> None:
        self.name = supply.source.name
        self.profile = live_profile()
        self.takes = frozenset((*CAMERA_SETTINGS, *(() if counters is not None else ("rotate",))))
        self._supply, self._key, self._client, self._seed = supply, key, client, seed
        self._counters: Iterator[int] = itertools.count() if counters is None else counters
        self._converter = converter_of(self.profile, seed)
        self._sensor = Sensor(self.profile, seed)
        self._settings = settings
        self._lock = threading.Lock()
        self._missed: int | None = None  # scenes that gave way before the camera looked: it was not too slow for them

    @property
    def settings(self) -> LiveSettings:
        """How it looks now."""
        return self._settings

    def set(self, settings: LiveSettings) -> None:
        """Look so from the next frame on; a new policy begins with the next session."""
        self._settings = settings

    def rotate(self) -> None:
        """Begin the next epoch with the next session. Raises ValueError where the key is a file's."""
        if "rotate" not in self.takes:
            raise ValueError("rotate: the key is in a file; allowed is 'keycam keys rotate', and to begin again")
        with self._lock:
            self._key = self._key.with_card(self._key.card.rotated(self._client))
            self._counters = itertools.count()  # as only a new epoch may

    def session(self) -> Session:
        """Begin a session under the key and the policy of now."""
        with self._lock:
            schedule = self._key.schedule(named_policy(self._settings.policy), self._client)
        return Session(schedule, namesake(schedule, schedule.policy), Receiver(schedule))

    def trial(self, schedule: KeySchedule) -> RawFrame:
        """A frame of darkness under a throw-away schedule, of the die that the frames will be of."""
        return frame_of_darkness(self._sensor, self._converter, schedule)

    def frames(self, session: Session) -> Iterator[RawFrame]:
        """Expose to scene after scene until the session ends or there is none; raises what the source breaks off with."""
        settings = self._settings
        if self._missed is None:
            self._missed = self._supply.queue.dropped
        with Camera(self._sensor, self._converter, session.schedule, self._counters, exposure_s=settings.exposure_s) as camera:
            while (shot := self._supply.queue.get(session.ended)) is not None:
                settings = self._settings
                self._adjust(camera, settings)
                raw = camera.capture(moving(shot.scene, settings, self.profile))
                session.in_flight.append((raw.header.counter, shot.seen_s))
                yield raw

    def _adjust(self, camera: Camera, settings: LiveSettings) -> None:
        camera.exposure_s = settings.exposure_s
        if camera.analog_gain != settings.analog_gain:
            camera.analog_gain = settings.analog_gain
        if camera.sensor.profile.temperature_k != settings.temperature_k:
            self._sensor = Sensor(replace(self.profile, temperature_k=settings.temperature_k), self._seed)
            camera.sensor = self._sensor

    def wake(self) -> None:
        """Let `frames` look whether its session has ended."""
        self._supply.queue.wake()

    def standing(self) -> dict[str, Any]:
        """How the source stands, and the scenes that gave way before the camera took them."""
        state, gave_way = self._supply.state, self._supply.queue.dropped
        dropped = 0 if self._missed is None else gave_way - self._missed
        return {
            "stands": state.stands,
            "trouble": state.trouble,
            "losses": state.losses,
            "shared": self._supply.is_shared,
            "dropped": {"camera_busy": dropped} if dropped else {},
            "link": None,
        }

    def close(self) -> None:
        """End the supply."""
        self._supply.stop()


def frame_of_darkness(sensor: Sensor, converter: ColumnConverter, schedule: KeySchedule) -> RawFrame:
    """What a camera emits that sees nothing."""
    profile = sensor.profile
    schedule.frame_key(0, geometry_of(profile)).wipe()  # `Camera` makes keys in a thread, where a compilation is not interrupted
    with Camera(sensor, converter, schedule, itertools.count()) as camera:
        return camera.capture(np.zeros((profile.height, profile.width, 3), np.float32))


def moving(scene: Scene, settings: LiveSettings, profile: SensorProfile) -> Scene | MovingScene:
    """The scene as it moves across the array while it is exposed: columns pass to the left, the last one stays in view."""
    speed_px_per_s = settings.motion_px_per_s
    if not speed_px_per_s:
        return scene
    still = resample(scene, (profile.height, profile.width))
    span_s = settings.exposure_s + profile.height * profile.readout.line_time_s

    def light_at(t_s: float) -> Scene:
        columns = np.minimum(np.arange(profile.width) + round(speed_px_per_s * t_s), profile.width - 1)
        return still[:, columns]

    return MovingScene(light_at, max(1 / speed_px_per_s, span_s / MOST_STEPS))

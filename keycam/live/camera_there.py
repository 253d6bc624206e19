"""The live camera behind a link: it brings its own sensor, key and policy; a loss mends by itself, however long it lasts."""

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter
from typing import Any

from adc import POLICIES, KeySchedule, RawFrame
from calibration.bench import CameraIdentity
from firmware_model import converter_of
from keycam.demo_source import namesake, refuse_other_models
from keycam.far_camera import link_key
from keycam.key import Key
from keycam.link_receiver import LinkReceiver
from keycam.linked_camera import identity_of
from keycam.live.camera_here import frame_of_darkness
from keycam.live.live_camera import Session
from keycam.live.settings import LiveSettings, within
from link.host import CameraLink, Patience
from link.host.failures import LinkFailure
from link.host.host_state import HostState
from link.transport import LinkLost, open_transport
from sensor_sim import DEMO_PROFILE, Sensor

EVER_S = 1e9
"""A camera that was unplugged is waited for until somebody stops."""
REGISTERS = ("exposure_s", "analog_gain")


class CameraThere:
    """A camera on a wire.

    Parameters
    ----------
    url
        Where it listens.
    key, client
        Of the camera or of the host, and the host's name.
    settings
        To begin with; what the camera has of its own takes their place.

    Raises
    ------
    PortError, LinkLost, LinkFailure
        where it does not answer, or has another key.
    ValueError
        for a camera of another model than the demonstration's.
    """

    takes: frozenset[str] = frozenset(REGISTERS)
    profile = DEMO_PROFILE

    def __init__(self, url: str, key: Key, client: str, settings: LiveSettings) -> None:
        self._key, self._client = key, client
        self._link = CameraLink(lambda: open_transport(url), link_key(key, client), patience=Patience(reconnect_s=EVER_S))
        try:
            self.name = self._link.name
            refuse_other_models(self._link)
            self._policy = POLICIES[str(self._link.read("readout_policy"))]
            of_camera = {name: within(name, float(str(self._link.read(name)))) for name in (*REGISTERS, "temperature_k")}
            self._settings = replace(settings, **of_camera, policy=str(self._link.read("readout_policy")))  # type: ignore[arg-type]
        except BaseException:
            self._link.close()
            raise
        self._schedule: KeySchedule = key.schedule(self._policy, client)
        self._receiver = LinkReceiver(self._schedule, self._link)

    @property
    def identity(self) -> CameraIdentity:
        """What it says about itself. Raises LinkFailure and LinkLost."""
        return identity_of(self._link)

    @property
    def settings(self) -> LiveSettings:
        """How it looks now."""
        return self._settings

    def set(self, settings: LiveSettings) -> None:
        """Write what has changed into the camera's registers. Raises ValueError for what it does not take or does not hear."""
        for name in REGISTERS:
            if getattr(settings, name) != getattr(self._settings, name):
                try:
                    self._link.write(name, getattr(settings, name))
                except (LinkFailure, LinkLost) as error:
                    raise ValueError(str(error)) from error
        self._settings = settings

    def keep_gain(self) -> None:
        """Take no other gain from now on: corrections are for the one at which the camera was calibrated."""
        self.takes = self.takes - {"analog_gain"}

    def rotate(self) -> None:
        """Always refused: the camera's owner gives it the next key."""
        raise ValueError("rotate: the camera on the wire has its own key; allowed is 'keycam keys rotate' by its owner")

    def session(self) -> Session:
        """Begin the one session; a later one goes on with the same receiver, which takes no frame twice."""
        return Session(self._schedule, namesake(self._schedule, self._schedule.policy), self._receiver)

    def trial(self, schedule: KeySchedule) -> RawFrame:
        """A frame of darkness under a throw-away schedule, of a camera of this model that is made for it."""
        return frame_of_darkness(Sensor(self.profile, 0), converter_of(self.profile, 0), schedule)

    def frames(self, session: Session) -> Iterator[RawFrame]:
        """What comes over the link until the session ends. When a frame was exposed only the camera knows."""
        with self._link.frames() as coming:
            for raw in coming:
                if session.ended.is_set():
                    return
                session.in_flight.append((raw.header.counter, perf_counter()))
                yield raw

    def wake(self) -> None:
        """Nothing to do: `close` ends the link, on which alone `frames` waits."""

    def standing(self) -> dict[str, Any]:
        """How the link stands, and what happened on it."""
        statistics, hunting = self._link.statistics, self._link.state is HostState.HUNT
        overrun = statistics["overrun"]
        return {
            "stands": "lost" if hunting else "there",
            "trouble": "the camera does not answer" if hunting else "",
            "losses": statistics["link_lost"] + statistics["silence"],
            "shared": False,
            "dropped": {"host_busy": overrun} if overrun else {},
            "link": statistics.as_json(),
        }

    def close(self) -> None:
        """Close the link and end the schedule's keys."""
        self._link.close()

"""The camera behind the registers: settings, the stream they make, and what stops it."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from adc import CounterStore, CounterStoreError, KeySchedule
from firmware_model.acquisition import Acquisition
from firmware_model.camera import Camera
from firmware_model.device_faults import OVER_TEMPERATURE_K, DeviceFaults
from firmware_model.device_session import DeviceSession
from firmware_model.device_settings import DeviceSettings
from firmware_model.device_state import FaultCause, StateMachine
from firmware_model.device_statistics import DeviceStatistics
from firmware_model.frame_store import FrameStore
from firmware_model.hardware import Hardware
from firmware_model.key_slots import KeySlots, SlotKey
from firmware_model.scenes import EndlessScenes
from link.messages import DeviceState, EventCode
from link.replies import CommandRefused
from link.status import Status
from sensor_sim import SceneError

MOST_TEMPERATURE_K = 358.15
"""Above this the sensor is switched off: 85 C, the junction limit of commercial parts."""
COUNTERS_LOST = "the frame counters of the key in use cannot be kept"
_LOG = logging.getLogger(__name__)
CounterPath = Callable[[SlotKey], Path]
"""Where the frame counters of a slot's key are kept."""


class StreamControl:
    """Settings, readiness and stream of one device.

    Its methods raise CommandRefused with the status that the device answers.

    Parameters
    ----------
    hardware, scenes, faults
        what it is built of, what it sees, what may break.
    slots, device, counter_path
        its keys, the name that they belong to, and where their frame counters are.
    states, statistics, uptime_ns
        the state that it changes, the counters and the clock.
    """

    def __init__(
        self,
        hardware: Hardware,
        scenes: EndlessScenes,
        faults: DeviceFaults,
        *,
        slots: KeySlots,
        device: str,
        counter_path: CounterPath,
        states: StateMachine,
        statistics: DeviceStatistics,
        uptime_ns: Callable[[], int],
    ) -> None:
        self._hardware, self._scenes, self._faults = hardware, scenes, faults
        self._slots, self._device, self._counter_path = slots, device, counter_path
        self._states, self._statistics, self._uptime_ns = states, statistics, uptime_ns
        self.settings = DeviceSettings.after_reset(hardware)
        self.store = FrameStore()
        self.owner: DeviceSession | None = None
        self._ready = ExitStack()
        self._camera: Camera | None = None
        self._acquisition: Acquisition | None = None

    @property
    def temperature_k(self) -> float:
        """What the thermometer on the sensor says, K."""
        return OVER_TEMPERATURE_K if self._faults.is_on("over_temperature") else self._hardware.profile.temperature_k

    @property
    def frame_rate_limit_hz(self) -> float:
        """What exposure, readout, frame store and link allow with these settings, Hz."""
        return self.settings.cycle(self._hardware).frame_rate_hz(self.settings.exposure_s)

    @property
    def frame_bytes(self) -> int:
        """Samples of a frame on the link with these settings, bytes."""
        return self.settings.cycle(self._hardware).frame_bytes

    def with_values(self, values: dict[str, Any]) -> DeviceSettings:
        """The settings with other values, where this camera takes them. Raises ValueError."""
        return self.settings.with_values(values).checked(self._hardware)

    def change(self, settings: DeviceSettings, *, unready: bool) -> None:
        """Take settings; where a locked one changed, they are to be applied again."""
        self.settings = settings
        if unready:
            self.unready("a locked register was written")
        elif self._camera is not None:
            self._camera.exposure_s = settings.exposure_s
            self._camera.analog_gain = settings.analog_gain
            if self._acquisition is not None:
                self._acquisition.reconsider()

    def apply(self) -> None:
        """Get ready to stream: the active key's schedule and counters, and a camera with these settings."""
        active = self._slots.active
        key = None if active is None else self._slots.key(active)
        if key is None:
            raise CommandRefused(Status.NO_KEY, "key: neither slot has one; allowed is to provision one")
        self.unready("settings are applied")
        with ExitStack() as opening:
            try:
                counters = opening.enter_context(CounterStore(self._counter_path(key)))
                names = {"device": self._device, "client": key.client}
                policy = self._hardware.readout_policy
                schedule = KeySchedule.from_epoch_secret(key.secret, **names, epoch=key.epoch, policy=policy)
                opening.enter_context(schedule)
                hardware, settings = self._hardware, self.settings
                camera = Camera(
                    hardware.sensor, hardware.converter, schedule, counters,
                    exposure_s=settings.exposure_s, window=settings.window(hardware),
                )  # fmt: skip
            except (CounterStoreError, OSError) as error:
                self._counters_lost(error)
                raise CommandRefused(Status.FAULT, COUNTERS_LOST) from error
            opening.enter_context(camera)
            camera.analog_gain = settings.analog_gain
            self._camera, self._ready = camera, opening.pop_all()
        self._states.go(DeviceState.CONFIGURED)

    def start(self, session: DeviceSession) -> None:
        """Begin to stream for a session."""
        assert self._camera is not None
        session.credit.begin(self.frame_bytes)
        self.owner = session
        self._states.go(DeviceState.STREAMING)
        self._acquisition = Acquisition(
            self._camera,
            self._scenes,
            self.store,
            session.credit,
            self.settings,
            frame_time_s=lambda: self.settings.frame_time_s(self._hardware),
            session=session.number,
            uptime_ns=self._uptime_ns,
            statistics=self._statistics,
        )

    def trigger(self) -> None:
        """Begin a frame."""
        assert self._acquisition is not None
        if not self._acquisition.trigger():
            raise CommandRefused(Status.BUSY, "software_trigger: four triggers wait; allowed is to wait for their frames")

    def stop(self, why: str) -> None:
        """End the stream, where there is one; frames that wait for the link are dropped and counted."""
        self._end_acquisition()
        if self._states.state is DeviceState.STREAMING:
            self._states.go(DeviceState.CONFIGURED, why)

    def unready(self, why: str) -> None:
        """End the stream and let go of camera, key and counters."""
        self.stop(why)
        self._camera = None
        self._ready.close()
        if self._states.state is DeviceState.CONFIGURED:
            self._states.go(DeviceState.IDLE, why)

    def fail(self, cause: FaultCause, why: str) -> None:
        """Stop for good: nothing is sent until the fault is cleared."""
        self._end_acquisition()
        self._camera = None
        self._ready.close()
        self._states.fail(cause, why)

    def close(self) -> None:
        """Let go of everything, whatever the state, as a reset does."""
        self._end_acquisition()
        self._camera = None
        self._ready.close()
        self.store.forget_all()

    def look(self, tell: Callable[[EventCode, str], None]) -> None:
        """See whether sensor, temperature and capture thread are well, and fail where they are not; `tell` is told of it."""
        if self._states.state is DeviceState.FAULT:
            return
        if self.temperature_k > MOST_TEMPERATURE_K:
            text = f"the sensor has {self.temperature_k:.1f} K, above {MOST_TEMPERATURE_K:.1f} K"
            tell(EventCode.OVER_TEMPERATURE, text)
            self.fail("over_temperature", text)
        elif self._faults.is_on("sensor_lost"):
            tell(EventCode.SENSOR_LOST, "the sensor does not answer")
            self.fail("sensor_lost", "the sensor does not answer")
        elif self._acquisition is not None and self._acquisition.error is not None:
            self._capture_failed(self._acquisition.error, tell)

    def is_well(self, cause: FaultCause) -> bool:
        """Whether what led to a fault is gone, as far as the sensor is concerned."""
        if cause == "over_temperature":
            return self.temperature_k <= MOST_TEMPERATURE_K
        return cause != "sensor_lost" or not self._faults.is_on("sensor_lost")

    def _capture_failed(self, error: Exception, tell: Callable[[EventCode, str], None]) -> None:
        # What an error says of this machine's files is for its console, and not for whoever is on the link.
        if isinstance(error, SceneError):
            _LOG.warning("the scene broke off: %s", error)
            tell(EventCode.SENSOR_LOST, "the scene before the sensor broke off")
            self.fail("sensor_lost", "the scene before the sensor broke off")
        elif isinstance(error, CounterStoreError | OSError):
            if "issued all" in str(error):
                tell(EventCode.EPOCH_USED_UP, "this epoch has no frame counters left: begin the next one")
            self._counters_lost(error)
        else:
            _LOG.error("a frame could not be captured", exc_info=error)
            self.fail("internal", str(error) if isinstance(error, ValueError) else "a frame could not be captured")

    def _counters_lost(self, error: Exception) -> None:
        _LOG.warning("%s: %s", COUNTERS_LOST, error)
        self.fail("counters_lost", COUNTERS_LOST)

    def _end_acquisition(self) -> None:
        acquisition, self._acquisition = self._acquisition, None
        if acquisition is None:
            return
        acquisition.stop()
        dropped = self.store.forget_waiting()
        self._statistics.count("frames_dropped_link", dropped)
        if self.owner is not None:
            self.owner.credit.give_back(dropped)
        self.owner = None

"""The camera behind the registers: settings, the stream they make, and what stops it."""

import logging
from collections.abc import Callable
from typing import Any

from adc import CounterStoreError
from firmware_model.acquisition import Acquisition
from firmware_model.camera import Camera
from firmware_model.device_faults import OVER_TEMPERATURE_K, DeviceFaults
from firmware_model.device_session import DeviceSession
from firmware_model.device_settings import DeviceSettings
from firmware_model.device_state import FaultCause, StateMachine
from firmware_model.device_statistics import DeviceStatistics
from firmware_model.frame_store import FrameStore
from firmware_model.hardware import Hardware
from firmware_model.key_in_use import KeyInUse
from firmware_model.surroundings import Surroundings
from link.messages import DeviceState, EventCode
from link.replies import CommandRefused
from link.status import Status
from sensor_sim import SceneError

MOST_TEMPERATURE_K = 358.15
"""Above this the sensor is switched off: 85 C, the junction limit of commercial parts."""
COUNTERS_LOST = "the frame counters of the key in use cannot be kept"
_LOG = logging.getLogger(__name__)


class StreamControl:
    """Settings, readiness and stream of one device.

    Its methods raise CommandRefused with the status that the device answers.

    Parameters
    ----------
    hardware, surroundings, faults
        what it is built of, what it stands in, what may break.
    key
        its key in use.
    states, statistics, uptime_ns
        the state that it changes, the counters and the clock.
    """

    def __init__(
        self,
        hardware: Hardware,
        surroundings: Surroundings,
        faults: DeviceFaults,
        *,
        key: KeyInUse,
        states: StateMachine,
        statistics: DeviceStatistics,
        uptime_ns: Callable[[], int],
    ) -> None:
        self._hardware, self._surroundings, self._faults = hardware, surroundings, faults
        self._key, self._states, self._statistics, self._uptime_ns = key, states, statistics, uptime_ns
        self.settings = DeviceSettings.after_reset(hardware)
        self.store = FrameStore()
        self.owner: DeviceSession | None = None
        self._camera: Camera | None = None
        self._acquisition: Acquisition | None = None

    @property
    def temperature_k(self) -> float:
        """What the thermometer on the sensor says, K."""
        own_k = self._surroundings.temperature_k(self._hardware.profile)
        return OVER_TEMPERATURE_K if self._faults.is_on("over_temperature") else own_k

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
        """Get ready to stream: the key in use, with counters that are this camera's alone. Raises CommandRefused."""
        self.unready("settings are applied")
        try:
            self._key.open()
        except (CounterStoreError, OSError) as error:
            self._counters_lost(error)
            raise CommandRefused(Status.FAULT, COUNTERS_LOST) from error
        self._states.go(DeviceState.CONFIGURED)

    def start(self, session: DeviceSession) -> None:
        """Begin to stream for a session. Raises CommandRefused."""
        try:
            self._camera = self._camera or self._opened_camera()
        except (CounterStoreError, OSError) as error:
            self._counters_lost(error)
            raise CommandRefused(Status.FAULT, COUNTERS_LOST) from error
        session.credit.begin(self.frame_bytes)
        self.owner = session
        self._states.go(DeviceState.STREAMING)
        self._acquisition = Acquisition(
            self._camera,
            self._surroundings,
            self.store,
            session.credit,
            self.settings,
            frame_time_s=lambda: self._surroundings.paced(self.settings).frame_time_s(self._hardware),
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
        """End the stream; the settings are to be applied again."""
        self.stop(why)
        self._close_camera()
        if self._states.state is DeviceState.CONFIGURED:
            self._states.go(DeviceState.IDLE, why)

    def key_changed(self) -> None:
        """Another key is in use: let go of the one before and of its counters."""
        self.unready("another key is in use")
        self._key.close()

    def fail(self, cause: FaultCause, why: str) -> None:
        """Stop for good: nothing is sent until the fault is cleared."""
        self.close()
        self._states.fail(cause, why)

    def close(self) -> None:
        """Let go of camera, key and counters, whatever the state, as a reset does."""
        self._end_acquisition()
        self._close_camera()
        self._key.close()

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

    def _opened_camera(self) -> Camera:
        schedule, counters = self._key.open()
        hardware, settings = self._hardware, self.settings
        window = settings.window(hardware)
        parts = (hardware.sensor, hardware.converter, schedule, counters)
        camera = Camera(*parts, exposure_s=settings.exposure_s, window=window)
        camera.analog_gain = settings.analog_gain
        return camera

    def _close_camera(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

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

"""What a host may set: the writable registers that are no commands, as one value that is checked as a whole."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

from adc import Geometry
from firmware_model.cycle import FrameCycle, timing_of
from firmware_model.hardware import Hardware
from firmware_model.window import Window
from link.registers import BY_NAME
from link.samples import SampleFormat, narrowest

DEFAULT_FRAME_RATE_HZ = 30.0


@dataclass(frozen=True)
class DeviceSettings:
    """The settings of one camera; every field is the register of its name in docs/protocol.md.

    Raises ValueError for a value that the register does not take; `checked` knows what this camera takes.
    """

    height: int
    width: int
    sample_format: str
    exposure_s: float
    analog_gain: float
    frame_rate_hz: float = DEFAULT_FRAME_RATE_HZ
    trigger_mode: str = "free_run"
    test_pattern: str = "off"
    payload_bytes: int = 1024
    heartbeat_timeout_ms: int = 3000

    def __post_init__(self) -> None:
        for each in fields(self):
            BY_NAME[each.name].check(getattr(self, each.name))

    @classmethod
    def after_reset(cls, hardware: Hardware) -> Self:
        """What a camera begins with: its whole array, the exposure of its profile, and 30 frames/s where it can.

        Raises ValueError for a profile whose gain no register takes.
        """
        profile = hardware.profile
        exposure = BY_NAME["exposure_s"]
        settings = cls(
            height=profile.height,
            width=profile.width,
            sample_format=narrowest(profile.readout.bits).name.lower(),
            exposure_s=min(max(profile.default_exposure_s, exposure.lowest), exposure.highest),
            analog_gain=profile.readout.analog_gain,
        )
        limit_hz = settings.cycle(hardware).frame_rate_hz(settings.exposure_s)
        return replace(settings, frame_rate_hz=max(min(DEFAULT_FRAME_RATE_HZ, limit_hz), BY_NAME["frame_rate_hz"].lowest))

    def with_values(self, values: dict[str, Any]) -> Self:
        """These settings with other values for some; raises ValueError."""
        return replace(self, **values)

    def checked(self, hardware: Hardware) -> Self:
        """These settings, where this camera takes them. Raises ValueError, which names the first that it does not take."""
        self.window(hardware)
        form, bits = SampleFormat[self.sample_format.upper()], hardware.geometry.bits
        if bits > form.most_bits:
            allowed = [each.name.lower() for each in SampleFormat if each.most_bits >= bits]
            raise ValueError(f"sample_format = {self.sample_format}: allowed is {', '.join(allowed)} for {bits} bits")
        return self

    def window(self, hardware: Hardware) -> Window:
        """The part of the array that is read out. Raises ValueError where the array has none of this size."""
        return Window.centred(hardware.profile, self.height, self.width)

    def cycle(self, hardware: Hardware) -> FrameCycle:
        """The cycle of a frame with these settings."""
        array = hardware.geometry
        geometry = Geometry(self.height, self.width, array.bits, array.cfa)
        form = SampleFormat[self.sample_format.upper()]
        timing = timing_of(hardware.profile, geometry)
        return FrameCycle(timing, hardware.readout_policy, form, self.payload_bytes, hardware.baud)

    def frame_time_s(self, hardware: Hardware) -> float:
        """From one frame to the next, s: as asked for, or as fast as the camera can where that is slower."""
        return max(1 / self.frame_rate_hz, self.cycle(hardware).frame_time_s(self.exposure_s))


SETTING_NAMES = tuple(each.name for each in fields(DeviceSettings))

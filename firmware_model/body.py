"""What outlives a reset: hardware, fuses, flash, and whatever is before and around the camera."""

from dataclasses import dataclass, field

from firmware_model.device_faults import DeviceFaults
from firmware_model.flash import Flash
from firmware_model.fuses import Fuses
from firmware_model.hardware import Hardware
from firmware_model.key_in_use import CounterPath
from firmware_model.surroundings import Surroundings


@dataclass(frozen=True, eq=False)
class Body:
    """One camera, switched off.

    Attributes
    ----------
    hardware, fuses, flash
        its parts; the flash must have been claimed by the fuses.
    surroundings
        what it sees, and how warm it is there.
    counter_path
        where the frame counters of a key are kept. One key, one file, for the life of the key: a second count under the same key
        would use frame keys again.
    faults
        what may break.
    """

    hardware: Hardware
    fuses: Fuses
    flash: Flash
    surroundings: Surroundings
    counter_path: CounterPath
    faults: DeviceFaults = field(default_factory=DeviceFaults)

    @property
    def device(self) -> str:
        """The camera's name."""
        return self.fuses.device

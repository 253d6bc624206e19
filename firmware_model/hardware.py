"""What a camera model is built of: a die of a sensor's profile, its converters, its readout, and the line it hangs on."""

from dataclasses import dataclass
from functools import cached_property

from adc import POLICIES, ColumnConverter, Geometry, ReadoutPolicy
from firmware_model.assembly import converter_of, geometry_of
from sensor_sim import Sensor, SensorProfile


@dataclass(frozen=True, eq=False)
class Hardware:
    """The parts of one camera that no command changes.

    Attributes
    ----------
    profile
        Figures of sensor and converters.
    device_seed
        Which die, 0 or more.
    policy
        Name of what the readout keeps secret: secure, paper or raster.
    baud
        Bits per second of its line; None where the line is not the limit.

    Raises ValueError for another policy or a negative seed.
    """

    profile: SensorProfile
    device_seed: int = 0
    policy: str = "secure"
    baud: int | None = None

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ValueError(f"policy = {self.policy!r}: allowed is {', '.join(POLICIES)}")
        if self.device_seed < 0:
            raise ValueError(f"device_seed = {self.device_seed}: allowed is 0 or more")

    @cached_property
    def sensor(self) -> Sensor:
        """The die of this seed."""
        return Sensor(self.profile, self.device_seed)

    @cached_property
    def converter(self) -> ColumnConverter:
        """The column converters of this seed."""
        return converter_of(self.profile, self.device_seed)

    @property
    def geometry(self) -> Geometry:
        """The whole array."""
        return geometry_of(self.profile)

    @property
    def readout_policy(self) -> ReadoutPolicy:
        """What the readout keeps secret."""
        return POLICIES[self.policy]

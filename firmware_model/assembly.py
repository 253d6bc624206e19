"""A camera's parts from the figures of its profile."""

from adc import ColumnConverter, Converter, Geometry
from sensor_sim import SensorProfile


def converter_of(profile: SensorProfile, device_seed: int) -> ColumnConverter:
    """The column converters of the die `device_seed` of a profile. Raises ValueError where the figures make none."""
    figures = profile.readout
    ideal = Converter(figures.full_scale_v, figures.analog_gain, figures.black_level_dn, figures.bits)
    return ColumnConverter.drawn(ideal, figures, profile.width, device_seed)


def geometry_of(profile: SensorProfile) -> Geometry:
    """The geometry of the frames that a camera of this profile emits."""
    return Geometry(profile.height, profile.width, profile.readout.bits, profile.cfa)

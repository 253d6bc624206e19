"""What a data sheet says about the columns, the converters and the timing: figures that the converter's model takes up."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from sensor_sim.refuse import refuse_outside, refuse_unless_whole

ReadoutMode: TypeAlias = Literal["column_parallel", "random_access"]


@dataclass(frozen=True)
class ReadoutFigures:
    """Figures of everything behind the photosites; nothing here acts in `sensor_sim` but the line time.

    Attributes
    ----------
    mode
        "column_parallel": row by row into a frame store; "random_access": photosite by photosite in the emitted order.
    bits
        depth of a code, 6 to 16.
    full_scale_v, analog_gain
        range of the converter, 1e-6 to 1000 V, and the gain before it, 0.001 to 10,000 V/V.
    black_level_dn
        code of zero volts, 0 to 2**bits - 1.
    column_offset_v, column_gain_percent
        standard deviations over the columns, 0 to 1 V and 0 to 10 %.
    row_noise_v
        standard deviation of the noise that a whole row shares, new in every frame, 0 to 1 V.
    inl_lsb, dnl_lsb
        greatest static integral, and standard deviation of the static differential non-linearity, LSB: 0 to 100 and at most a
        sixteenth of all codes, and 0 to 1.
    line_time_s
        from one row to the next, 0 to 1 s; 0 where no timing is stated.
    blanking_lines
        lines between two frames, 0 to 65535.
    """

    mode: ReadoutMode = "column_parallel"
    bits: int = 12
    full_scale_v: float = 1.0
    analog_gain: float = 1.0
    black_level_dn: float = 64.0
    column_offset_v: float = 0.0
    column_gain_percent: float = 0.0
    row_noise_v: float = 0.0
    inl_lsb: float = 0.0
    dnl_lsb: float = 0.0
    line_time_s: float = 0.0
    blanking_lines: int = 0

    def __post_init__(self) -> None:
        if self.mode not in get_args(ReadoutMode):
            raise ValueError(f"mode = {self.mode}: allowed is {', '.join(get_args(ReadoutMode))}")
        refuse_unless_whole("bits", self.bits, 6, 16)
        refuse_outside("full_scale_v", self.full_scale_v, 1e-6, 1e3)
        refuse_outside("analog_gain", self.analog_gain, 1e-3, 1e4)
        refuse_outside("black_level_dn", self.black_level_dn, 0, 2**self.bits - 1)
        for name, most in (("column_offset_v", 1), ("column_gain_percent", 10), ("row_noise_v", 1), ("line_time_s", 1)):
            refuse_outside(name, getattr(self, name), 0, most)
        refuse_outside("inl_lsb", self.inl_lsb, 0, min(100, 2**self.bits / 16))
        refuse_outside("dnl_lsb", self.dnl_lsb, 0, 1)
        refuse_unless_whole("blanking_lines", self.blanking_lines, 0, 65535)

    @property
    def lsb_v(self) -> float:
        """One code step at the photosite's output, V."""
        return self.full_scale_v / 2**self.bits / self.analog_gain

"""A converter at the foot of every column: a die with its column maps, its noise in time and its black-level clamp."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from adc.column_gain import ColumnGain
from adc.column_kernel import convert_by_columns
from adc.column_offset import ColumnOffset
from adc.converter import Converter
from adc.die import DieEffect, die_stream
from adc.row_noise import READOUT_MODES, ReadoutMode, RowNoise
from adc.shuffle import Shuffle
from adc.static_transfer import StaticSpread, StaticTransfer


class ColumnFigures(Protocol):
    """What a profile says of a readout chain; 0 switches an effect off."""

    @property
    def mode(self) -> ReadoutMode:
        """Whether lines are rows of the array or runs of emission slots."""

    @property
    def column_offset_v(self) -> float:
        """Spread of the column offsets, V."""

    @property
    def column_gain_percent(self) -> float:
        """Spread of the column gains, %."""

    @property
    def row_noise_v(self) -> float:
        """Row noise, V rms."""

    @property
    def inl_lsb(self) -> float:
        """Highest bow of a column, LSB."""

    @property
    def dnl_lsb(self) -> float:
        """Spread of the step at mid-scale, LSB."""


@dataclass(frozen=True, eq=False)
class ColumnConverter:
    """The converters of one die, one at every column; the three samples of an rgb photosite share their column's figures.

    Attributes
    ----------
    ideal
        What all of them would be without error: full scale, gain, black level, depth.
    mode
        "column_parallel": a row is converted in one line time into a frame store. "random_access": pixels are addressed in
        emission order, W of them in a line time.
    offset_v
        float32 (W,), V at the amplifier's input; finite.
    gain
        float32 (W,), above 0 and finite; 1 is nominal. It scales signal, row noise and offset.
    transfer
        Transition levels of the W columns, of the ideal converter's depth.
    row_noise_v
        Noise that a line time's samples share, V rms at the amplifier's input, anew in every frame.
    clamp
        Whether the black level follows the optical-black rows, where an exposure has them.

    Raises ValueError for maps of another type or size, or figures outside what is stated.
    """

    ideal: Converter
    mode: ReadoutMode
    offset_v: NDArray[np.float32]
    gain: NDArray[np.float32]
    transfer: StaticTransfer
    row_noise_v: float = 0.0
    clamp: bool = True

    def __post_init__(self) -> None:
        if self.mode not in READOUT_MODES:
            raise ValueError(f"mode = {self.mode!r}: allowed is {', '.join(READOUT_MODES)}")
        if self.transfer.bits != self.ideal.bits:
            raise ValueError(f"bits = {self.transfer.bits}: allowed is {self.ideal.bits}, the depth of the ideal converter")
        for name, columns in (("offset_v", self.offset_v), ("gain", self.gain)):
            if columns.dtype != np.float32 or columns.shape != (self.width,):
                raise ValueError(f"{name} = {columns.dtype} {columns.shape}: allowed is float32 ({self.width},)")
        if not np.isfinite(self.offset_v).all():
            raise ValueError("offset_v = not finite in every column: allowed is a voltage")
        if not ((self.gain > 0) & (self.gain < np.inf)).all():
            raise ValueError(f"gain = {self.gain.min()} to {self.gain.max()}: allowed is above 0 and finite")
        if self.clamp not in (True, False):
            raise ValueError(f"clamp = {self.clamp!r}: allowed is True or False")
        RowNoise(self.row_noise_v)

    @classmethod
    def drawn(
        cls, converter: Converter, figures: ColumnFigures, width: int, device_seed: int, *, monotonic: bool = True,
        clamp: bool = True,
    ) -> Self:  # fmt: skip
        """Draw a die of W = width columns: one seed gives one die, and each effect keeps its map whatever the others are.

        Raises ValueError for a width outside 1 to 65535 and for figures or a seed that are not allowed.
        """
        if not isinstance(width, int) or not 1 <= width <= 65535:
            raise ValueError(f"width = {width}: allowed is 1 to 65535")
        spread = StaticSpread(converter.bits, figures.inl_lsb, figures.dnl_lsb)
        bow_lsb = spread.bow_lsb(die_stream(device_seed, DieEffect.BOW), width)
        weights = spread.weights(die_stream(device_seed, DieEffect.COARSE_WEIGHTS), width)
        offset, gain = ColumnOffset(figures.column_offset_v), ColumnGain(figures.column_gain_percent)
        return cls(
            ideal=converter,
            mode=figures.mode,
            offset_v=offset.offset_v(die_stream(device_seed, DieEffect.COLUMN_OFFSET), width),
            gain=gain.gain(die_stream(device_seed, DieEffect.COLUMN_GAIN), width),
            transfer=StaticTransfer(converter.bits, bow_lsb, weights, monotonic),
            row_noise_v=figures.row_noise_v,
            clamp=clamp,
        )

    def columns(self, first: int, count: int) -> "ColumnConverter":
        """The converters of `count` columns from the column `first` on: those that work when a part of the array is read out.

        Raises ValueError unless there are so many.
        """
        if not (first >= 0 and count >= 1 and first + count <= self.width):
            raise ValueError(f"columns = {first} to {first + count}: allowed is 1 or more of 0 to {self.width}")
        chosen = slice(first, first + count)
        bow_lsb, weights = self.transfer.bow_lsb[chosen], np.ascontiguousarray(self.transfer.weights[:, chosen])
        return replace(
            self,
            offset_v=self.offset_v[chosen],
            gain=self.gain[chosen],
            transfer=replace(self.transfer, bow_lsb=bow_lsb, weights=weights),
        )

    @property
    def width(self) -> int:
        """Columns, W."""
        return self.transfer.bow_lsb.size

    @property
    def bits(self) -> int:
        """Depth of a code."""
        return self.ideal.bits

    @property
    def black_level_dn(self) -> float:
        """Nominal code of zero volts, DN."""
        return self.ideal.black_level_dn

    @property
    def analog_gain(self) -> float:
        """Nominal gain of the amplifiers, V/V."""
        return self.ideal.analog_gain

    @property
    def row_noise(self) -> RowNoise:
        """The noise that follows time."""
        return RowNoise(self.row_noise_v)

    @cached_property
    def is_ideal(self) -> bool:
        """Whether every column is the ideal converter and nothing is added in time; the clamp may still be at work."""
        return self.row_noise_v == 0 and not self.offset_v.any() and bool((self.gain == 1).all()) and self.transfer.is_ideal

    def transitions_v(self, column: int) -> NDArray[np.float64]:
        """The signals of a column, float64 (2**bits - 1,) in V, from which its code is 1, 2 ... or more, without noise or clamp.

        Raises ValueError where the transfer is not monotonic.
        """
        level_dn = self.transfer.transitions_lsb(column) - self.black_level_dn
        return level_dn * self.ideal.lsb_v / float(self.gain[column]) - float(self.offset_v[column])

    def convert(self, signal_v: NDArray[np.float32], line_v: NDArray[np.float32] | None = None) -> NDArray[np.uint16]:
        """Convert rows, float32 (H, W, C) in V, to codes, uint16 (H, W, C) in DN, with line_v, float32 (H,) in V, of row noise.

        Raises ValueError for rows of another width or type, and for a signal that is not a number.
        """
        if signal_v.dtype != np.float32 or signal_v.ndim != 3 or signal_v.shape[1] != self.width:
            raise ValueError(f"signal_v = {signal_v.dtype} {signal_v.shape}: allowed is float32 (H, {self.width}, C)")
        codes = np.empty(signal_v.size, np.uint16)
        lines_v = np.zeros(signal_v.shape[0], np.float32) if line_v is None else line_v
        self.fill(codes, signal_v, lines_v, None, 0.0, None)
        return codes.reshape(signal_v.shape)

    def fill(
        self, store: NDArray[np.uint16], signal_v: NDArray[np.float32], line_v: NDArray[np.float32],
        line_of: NDArray[np.uint16] | None, black_shift_dn: float, steps: Shuffle | None,
    ) -> None:  # fmt: skip
        """Convert rows, float32 (H, W, C) in V, into a frame store, uint16 (H W C,), kept row by row or in a shuffle's buckets.

        line_v is the noise of each line time, float32 (lines,) in V; row r is line r, or pixel p belongs to line_of[p], uint16
        (P,). black_shift_dn is added to every level before it is rounded.
        Raises ValueError for a signal that is not a number.
        """
        channels = signal_v.shape[2]
        gain = self.gain.astype(np.float64)
        dn_per_v = gain / self.ideal.lsb_v
        zero_dn = self.offset_v * dn_per_v + self.black_level_dn + black_shift_dn + 0.5
        bend = self.transfer.bow_lsb * (4 / 4.0**self.bits)
        figures = [np.repeat(figure.astype(np.float32), channels) for figure in (dn_per_v, zero_dn, bend)]
        weights = np.repeat(self.transfer.weights, channels, axis=1) if self._has_dnl else None
        line_of_sample = line_of if line_of is None or channels == 1 else np.repeat(line_of, channels)
        bucket, first = (None, None) if steps is None else (steps.bucket, steps.first)
        unreadable = convert_by_columns(
            np.ascontiguousarray(signal_v).reshape(-1), line_v, line_of_sample, figures[0], figures[1], figures[2], weights,
            self.bits, self.transfer.monotonic, bucket, first, store,
        )  # fmt: skip
        if unreadable:
            raise ValueError(f"signal_v = nan in {unreadable} samples: allowed is a voltage at every photosite")

    @cached_property
    def _has_dnl(self) -> bool:
        return self.transfer.has_dnl

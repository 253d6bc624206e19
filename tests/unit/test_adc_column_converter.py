"""Column converters: the kernel against its NumPy twin, keyed against raster readout, threads, and what no die has."""

import dataclasses
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from adc import POLICIES, RASTER, ColumnConverter, Converter, FrameKey, Geometry, KeySchedule, ReadoutPolicy, RowNoise, readout
from adc.column_gain import ColumnGain
from adc.column_kernel import FRACTION_BITS
from adc.column_offset import ColumnOffset
from adc.die import DieEffect, die_stream
from adc.readout import emitted_by_columns
from adc.static_transfer import COARSE_BITS, StaticSpread, StaticTransfer, ideal_weights

MASTER = bytes(range(32))
EVERY_POLICY = [*POLICIES.values(), ReadoutPolicy("row-column"), ReadoutPolicy("block", mask=False)]
EFFECTS = ("column_offset_v", "column_gain_percent", "row_noise_v", "inl_lsb", "dnl_lsb")


@dataclass(frozen=True)
class Figures:
    mode: str = "column_parallel"
    column_offset_v: float = 2e-3
    column_gain_percent: float = 1.0
    row_noise_v: float = 2e-3
    inl_lsb: float = 3.0
    dnl_lsb: float = 1.0


ALL_OFF = Figures(**dict.fromkeys(EFFECTS, 0.0))


@dataclass(frozen=True)
class Held:
    signal_v: NDArray[np.float32]
    frame_seed: int = 7
    optical_black_v: NDArray[np.float32] | None = None
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def exposure(geometry: Geometry, seed: int = 1, black_rows: int = 4) -> Held:
    rng = np.random.default_rng(seed)
    # From well below black to well above full scale, so that both ends clip; some far beyond.
    signal_v = rng.uniform(-0.2, 1.2, geometry.shape).astype(np.float32)
    signal_v[0, 0], signal_v[-1, -1] = -np.inf, np.inf
    black_v = rng.normal(0.01, 0.002, (black_rows, *geometry.shape[1:])).astype(np.float32)
    return Held(signal_v, seed, black_v if black_rows else None)


def die(geometry: Geometry, figures: Figures = Figures(), **how: bool) -> ColumnConverter:
    return ColumnConverter.drawn(Converter(0.9, 1.3, 60.5, geometry.bits), figures, geometry.width, 5, **how)


def plain_levels(signal_v: NDArray[np.float32], columns: ColumnConverter, noise_v, shift_dn: float) -> NDArray[np.int64]:
    """The level of every sample in steps of 2**-12 LSB, in single precision as the kernel has it; noise_v (H, W)."""
    gain_dn_per_v = columns.gain.astype(np.float64) / columns.ideal.lsb_v
    zero_dn = columns.offset_v * gain_dn_per_v + columns.ideal.black_level_dn + shift_dn + 0.5
    bend = (columns.transfer.bow_lsb * (4 / 4.0**columns.bits)).astype(np.float32)[:, None]
    codes = np.float32(2**columns.bits)
    slope, zero = gain_dn_per_v.astype(np.float32)[:, None], zero_dn.astype(np.float32)[:, None]
    level = np.clip((signal_v + noise_v[..., None]) * slope + zero, np.float32(0), codes)
    level = level - bend * (level * (codes - level))
    assert level.dtype == np.float32
    return np.minimum((level * np.float32(2**FRACTION_BITS)).astype(np.int64), (2**columns.bits << FRACTION_BITS) - 1)


def plain_codes(signal_v: NDArray[np.float32], columns: ColumnConverter, noise_v, shift_dn: float = 0.0) -> NDArray[np.uint16]:
    levels = plain_levels(signal_v, columns, noise_v, shift_dn)
    bits, transfer = columns.bits, columns.transfer
    codes = np.empty(levels.shape, np.uint16)
    number = np.arange(2**bits)
    upper = number[:, None] >> np.arange(bits - 1, bits - 1 - COARSE_BITS, -1) & 1
    for column in range(columns.width):
        error = upper @ (transfer.weights[:, column] - ideal_weights(bits))
        if transfer.monotonic:
            reached = (number << FRACTION_BITS) + error
            lowest_above = np.minimum.accumulate(reached[::-1])[::-1]
            codes[:, column] = np.searchsorted(lowest_above[1:], levels[:, column], side="right")
        else:
            own = levels[:, column]
            codes[:, column] = np.clip((own - error[own >> FRACTION_BITS]) >> FRACTION_BITS, 0, 2**bits - 1)
    return codes


def plain_frame(held: Held, columns: ColumnConverter, key: FrameKey) -> NDArray[np.uint16]:
    """The raster that must come back, uint16 (H, W, C)."""
    height, width, _ = held.signal_v.shape
    black_rows = 0 if held.optical_black_v is None else len(held.optical_black_v)
    line_v = RowNoise(columns.row_noise_v).lines_v(held.frame_seed, height + black_rows)
    shift_dn = 0.0
    if held.optical_black_v is not None:
        black = plain_codes(held.optical_black_v, columns, np.repeat(line_v[height:, None], width, axis=1))
        shift_dn = columns.ideal.black_level_dn - black.mean()
    noise_v = np.repeat(line_v[:height], width)
    if columns.mode == "random_access":
        slot_v, noise_v = noise_v, np.empty_like(noise_v)
        noise_v[key.order] = slot_v
    return plain_codes(held.signal_v, columns, noise_v.reshape(height, width), shift_dn)


SHAPES = [(8, "mono", 45, 61), (12, "rggb", 46, 62), (16, "rgb", 13, 21)]


@pytest.mark.parametrize("policy", EVERY_POLICY)
@pytest.mark.parametrize(("bits", "cfa", "height", "width"), SHAPES)
@pytest.mark.parametrize("mode", ["column_parallel", "random_access"])
def test_restored_frame_equals_the_plain_one(policy: ReadoutPolicy, bits: int, cfa, height: int, width: int, mode: str) -> None:
    geometry = Geometry(height, width, bits, cfa)
    key = KeySchedule(MASTER, policy=policy).frame_key(3, geometry)
    columns, held = die(geometry, Figures(mode)), exposure(geometry)
    assert np.array_equal(readout(held, columns, key).restore(key), plain_frame(held, columns, key))


@pytest.mark.parametrize("mode", ["column_parallel", "random_access"])
@pytest.mark.parametrize("monotonic", [True, False])
def test_large_frame_read_out_in_steps_equals_the_plain_one(mode: str, monotonic: bool) -> None:
    geometry = Geometry(301, 403, 12, "mono")
    key = KeySchedule(MASTER).frame_key(3, geometry)
    assert key.shuffle is not None
    columns, held = die(geometry, Figures(mode), monotonic=monotonic), exposure(geometry)
    assert np.array_equal(readout(held, columns, key).restore(key), plain_frame(held, columns, key))
    held.signal_v[7, 9] = np.nan
    with pytest.raises(ValueError, match="nan in 1 samples"):
        readout(held, columns, key)


@pytest.mark.parametrize("policy", EVERY_POLICY)
@pytest.mark.parametrize(("cfa", "height", "width"), [("mono", 45, 61), ("rggb", 46, 62), ("rgb", 13, 21), ("mono", 257, 259)])
def test_restored_frame_is_the_raster_readout_whatever_the_policy(policy, cfa, height: int, width: int) -> None:
    geometry = Geometry(height, width, 12, cfa)
    columns, held = die(geometry), exposure(geometry)
    key, plain_key = (KeySchedule(MASTER, policy=each).frame_key(3, geometry) for each in (policy, RASTER))
    assert np.array_equal(
        readout(held, columns, key).restore(key).reshape(-1), readout(held, columns, plain_key).samples.reshape(-1)
    )


@pytest.mark.parametrize("policy", EVERY_POLICY)
@pytest.mark.parametrize("cfa", ["rggb", "rgb"])
@pytest.mark.parametrize("mode", ["column_parallel", "random_access"])
def test_everything_off_is_the_ideal_converter_bit_for_bit(policy: ReadoutPolicy, cfa, mode: str) -> None:
    geometry = Geometry(258, 260, 12, cfa)
    key = KeySchedule(MASTER, policy=policy).frame_key(3, geometry)
    columns, held = die(geometry, dataclasses.replace(ALL_OFF, mode=mode)), exposure(geometry, black_rows=0)
    assert columns.is_ideal
    assert np.array_equal(readout(held, columns, key).samples, readout(held, columns.ideal, key).samples)


@pytest.mark.parametrize("effect", EFFECTS)
def test_switching_one_effect_off_leaves_the_draws_of_the_others(effect: str) -> None:
    geometry = Geometry(4, 300)
    off = dataclasses.replace(Figures(), **{effect: 0.0})
    one, other = die(geometry), die(geometry, off)
    same = {
        "column_offset_v": np.array_equal(one.offset_v, other.offset_v),
        "column_gain_percent": np.array_equal(one.gain, other.gain),
        "row_noise_v": one.row_noise_v == other.row_noise_v,
        "inl_lsb": np.array_equal(one.transfer.bow_lsb, other.transfer.bow_lsb),
        "dnl_lsb": np.array_equal(one.transfer.weights, other.transfer.weights),
    }
    assert [name for name, kept in same.items() if not kept] == [effect]
    assert not other.is_ideal
    assert die(geometry, dataclasses.replace(ALL_OFF, **{effect: getattr(Figures(), effect)})).is_ideal is False


def test_one_seed_gives_one_die_and_another_its_own() -> None:
    one, same, other = (ColumnConverter.drawn(Converter(), Figures(), 200, seed) for seed in (1, 1, 2))
    for name in ("offset_v", "gain"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name))
    for name in ("bow_lsb", "weights"):
        assert np.array_equal(getattr(one.transfer, name), getattr(same.transfer, name))
        assert not np.array_equal(getattr(one.transfer, name), getattr(other.transfer, name))


def test_optical_black_rows_leave_the_row_noise_of_the_array() -> None:
    geometry = Geometry(40, 20)
    key = KeySchedule(MASTER).frame_key(3, geometry)
    columns = die(geometry, dataclasses.replace(ALL_OFF, row_noise_v=0.01))
    held = Held(np.full(geometry.shape, 0.5, np.float32), 3, np.zeros((4, 20, 1), np.float32))
    with_rows, without = (
        readout(each, columns, key).restore(key).astype(int) for each in (held, dataclasses.replace(held, optical_black_v=None))
    )
    # The clamp moves every level alike, and rounding makes one code more or less of that.
    assert np.ptp(with_rows - without) <= 1
    assert np.ptp(with_rows) > 100


@pytest.mark.parametrize("mode", ["column_parallel", "random_access"])
def test_frame_does_not_depend_on_the_number_of_threads(mode: str) -> None:
    geometry = Geometry(257, 259)
    key = KeySchedule(MASTER).frame_key(3, geometry)
    columns, held = die(geometry, Figures(mode)), exposure(geometry)
    before = numba.get_num_threads()
    frames = []
    try:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            frames.append(emitted_by_columns(held, columns, key))
    finally:
        numba.set_num_threads(before)
    assert all(np.array_equal(frames[0], frame) for frame in frames)


def test_two_threads_at_once_get_what_one_gets() -> None:
    geometry = Geometry(260, 260, 12, "rggb")
    held = [exposure(geometry, seed) for seed in range(2)]
    modes = ("column_parallel", "random_access")

    def frames(which: int) -> Iterator[NDArray[np.uint16]]:
        schedule, columns = KeySchedule(MASTER, device=f"cam{which}"), die(geometry, Figures(modes[which]))
        for counter in range(4):
            yield readout(held[which], columns, schedule.frame_key(counter, geometry)).samples

    alone = [list(frames(which)) for which in range(2)]
    together: list[list[NDArray[np.uint16]]] = [[], []]
    start = threading.Barrier(2)

    def run(which: int) -> None:
        start.wait()
        together[which] = list(frames(which))

    threads = [threading.Thread(target=run, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(itertools.chain(*alone), itertools.chain(*together), strict=True):
        assert np.array_equal(one, other)


def test_header_says_the_nominal_black_level_and_gain() -> None:
    geometry = Geometry(4, 6)
    header = readout(exposure(geometry), die(geometry), KeySchedule(MASTER).frame_key(3, geometry)).header
    assert (header.black_level_dn, header.analog_gain) == (60.5, 1.3)


def test_die_is_drawn_from_the_effects_that_it_names() -> None:
    columns = ColumnConverter.drawn(Converter(), Figures(), 30, 9)
    spread = StaticSpread(12, 3.0, 1.0)
    expected = StaticTransfer(
        12, spread.bow_lsb(die_stream(9, DieEffect.BOW), 30), spread.weights(die_stream(9, DieEffect.COARSE_WEIGHTS), 30)
    )
    assert np.array_equal(columns.transfer.bow_lsb, expected.bow_lsb)
    assert np.array_equal(columns.transfer.weights, expected.weights)
    assert np.array_equal(columns.offset_v, ColumnOffset(2e-3).offset_v(die_stream(9, DieEffect.COLUMN_OFFSET), 30))
    assert np.array_equal(columns.gain, ColumnGain(1.0).gain(die_stream(9, DieEffect.COLUMN_GAIN), 30))

"""Column converters refuse what no die, figure or exposure can be, by name and with what is allowed."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import ColumnConverter, Converter, Geometry, KeySchedule, readout


@dataclass(frozen=True)
class Figures:
    mode: str = "column_parallel"
    column_offset_v: float = 2e-3
    column_gain_percent: float = 1.0
    row_noise_v: float = 2e-3
    inl_lsb: float = 3.0
    dnl_lsb: float = 1.0


@dataclass(frozen=True)
class Held:
    signal_v: NDArray[np.float32]
    optical_black_v: NDArray[np.float32] | None
    frame_seed: int = 7
    exposure_s: float = 0.01
    temperature_k: float = 300.0


@dataclass(frozen=True)
class Unseeded:
    signal_v: NDArray[np.float32]
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def exposure(geometry: Geometry) -> Held:
    return Held(np.zeros(geometry.shape, np.float32), np.zeros((2, *geometry.shape[1:]), np.float32))


def die(geometry: Geometry) -> ColumnConverter:
    return ColumnConverter.drawn(Converter(bits=geometry.bits), Figures(), geometry.width, 5)


def test_exposure_or_key_that_does_not_fit_is_refused_by_name() -> None:
    geometry = Geometry(4, 6)
    key = KeySchedule(bytes(32)).frame_key(3, geometry)
    held = exposure(geometry)

    with pytest.raises(ValueError, match="exposure = Unseeded: allowed is one with frame_seed and optical_black_v"):
        readout(Unseeded(held.signal_v), die(geometry), key)
    with pytest.raises(ValueError, match="width = 8: allowed is 6"):
        readout(held, die(Geometry(4, 8)), key)
    with pytest.raises(ValueError, match="bits = 10: allowed is 12"):
        readout(held, die(Geometry(4, 6, 10)), key)
    for wrong in (np.zeros((2, 5, 1), np.float32), np.zeros((0, 6, 1), np.float32), np.zeros((2, 6, 1)), np.zeros(6, np.float32)):
        with pytest.raises(ValueError, match=r"optical_black_v = .*allowed is float32 \(rows, 6, 1\) or None"):
            readout(dataclasses.replace(held, optical_black_v=wrong), die(geometry), key)
    held.optical_black_v[0, 0] = np.nan
    with pytest.raises(ValueError, match="nan in 1 samples"):
        readout(held, die(geometry), key)
    for wrong in (np.zeros((2, 5, 1), np.float32), np.zeros((2, 6), np.float32), np.zeros((2, 6, 1))):
        with pytest.raises(ValueError, match=r"signal_v = .*allowed is float32 \(H, 6, C\)"):
            die(geometry).convert(wrong)
    for seed in (-1, 2**64, 0.5):
        with pytest.raises(ValueError, match="frame_seed = "):
            readout(dataclasses.replace(exposure(geometry), frame_seed=seed), die(geometry), key)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "rolling"), ("column_offset_v", -1e-3), ("column_offset_v", float("nan")), ("column_gain_percent", 11),
        ("column_gain_percent", float("nan")), ("row_noise_v", -1), ("row_noise_v", float("nan")), ("inl_lsb", -1),
        ("inl_lsb", 257), ("inl_lsb", float("nan")), ("dnl_lsb", 4.1), ("dnl_lsb", float("nan")),
    ],
)  # fmt: skip
def test_impossible_figures_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{name} = {value!r}: allowed is "):
        ColumnConverter.drawn(Converter(), dataclasses.replace(Figures(), **{name: value}), 8, 1)


@pytest.mark.parametrize(("width", "seed", "named"), [(0, 1, "width"), (2.0, 1, "width"), (8, -1, "device_seed")])
def test_impossible_die_is_refused_by_name(width: int, seed: int, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named} = "):
        ColumnConverter.drawn(Converter(), Figures(), width, seed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("offset_v", np.zeros(7, np.float32)), ("offset_v", np.full(8, np.nan, np.float32)), ("gain", np.zeros(8, np.float32)),
        ("gain", np.ones(8)), ("gain", np.full(8, np.nan, np.float32)), ("row_noise_v", 2.0), ("clamp", "yes"),
        ("ideal", Converter(bits=10)),
    ],
)  # fmt: skip
def test_impossible_maps_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="^bits = 12: allowed is 10" if name == "ideal" else f"^{name} = "):
        dataclasses.replace(die(Geometry(4, 8)), **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bits", 5), ("bits", 12.0), ("bow_lsb", np.zeros(8)), ("bow_lsb", np.full(8, 257, np.float32)),
        ("bow_lsb", np.full(8, np.nan, np.float32)), ("weights", np.ones((5, 8), np.int32)),
        ("weights", np.ones((6, 8), np.int32)), ("weights", np.ones((6, 8))), ("monotonic", 2),
    ],
)  # fmt: skip
def test_impossible_transfer_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} = .*: allowed is "):
        dataclasses.replace(die(Geometry(4, 8)).transfer, **{name: value})

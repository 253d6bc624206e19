"""Footage to attack against what the camera's ADC emits."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import PAPER, SECURE, Converter, Geometry, KeySchedule, ReadoutPolicy, readout
from privacy.footage import emit, restored, true_orders
from tests.privacy_scenes import crops


@dataclass(frozen=True, eq=False)
class Signal:
    signal_v: NDArray[np.float32]
    exposure_s: float = 1.0
    temperature_k: float = 300.0


@pytest.mark.parametrize(
    "policy", [PAPER, SECURE, ReadoutPolicy("full", "frame", False), ReadoutPolicy("row-column"), ReadoutPolicy("block")]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_footage_is_what_the_adc_emits(policy: ReadoutPolicy, channels: int) -> None:
    scenes = crops(2, 24, seed=0, channels=channels)
    converter = Converter(black_level_dn=0, bits=8)
    seen = emit(scenes, KeySchedule(bytes(32), policy=policy), first_counter=5)
    again = KeySchedule(bytes(32), policy=policy)
    for number, scene in enumerate(scenes):
        frame_key = again.frame_key(5 + number, Geometry(24, 24, 8, "mono" if channels == 1 else "rgb"))
        raw = readout(Signal(scene.astype(np.float32) * np.float32(converter.lsb_v)), converter, frame_key)
        assert np.array_equal(seen.frames[number], raw.samples)


def test_the_true_order_restores_the_footage() -> None:
    scenes = crops(3, 16, seed=0)
    schedule = KeySchedule(bytes(32), policy=PAPER)
    assert np.array_equal(restored(emit(scenes, schedule), true_orders(scenes, schedule)[0]), scenes)

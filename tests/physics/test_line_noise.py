"""Noise that lines share shows where it was added and, with a secret order, nowhere else."""

import numpy as np
import pytest

from calibration.line_noise import LinePower, LinePowerSums
from calibration.stack import StackSums

SHAPE = (64, 80)
WHITE_DN, LINE_DN, FRAMES = 10.0, 3.0, 40


def measured(shared_by_rows: bool, secret: bool) -> LinePower:
    """Frames whose line noise was added to rows of the raster, or to runs of the order of emission."""
    rng = np.random.default_rng((1, shared_by_rows, secret))
    pattern = 500 + 20 * rng.standard_normal(SHAPE)
    stack, sums = StackSums(SHAPE), None
    for number in range(64 + FRAMES):
        order = rng.permutation(pattern.size) if secret else np.arange(pattern.size)
        line = np.repeat(LINE_DN * rng.standard_normal(SHAPE[0]), SHAPE[1])
        shared = np.empty(pattern.size)
        shared[np.arange(pattern.size) if shared_by_rows else order] = line
        frame = np.rint(pattern + WHITE_DN * rng.standard_normal(SHAPE) + shared.reshape(SHAPE)).astype(np.uint16)
        if number < 64:
            stack.add(frame)
        else:
            sums = sums or LinePowerSums(stack.stack())
            sums.add(frame, order.astype(np.uint32))
    assert sums is not None
    return sums.power()


# What W samples share stands above white noise by W r^2 / v, v being all of the variance with the 1/12 of rounding, on top of
# the white part's share; the stack of 64 leaves 1/64 of its own. 32 frequencies of 40 frames: 1/sqrt(1280) = 3 %; z = 4.
TOTAL = WHITE_DN**2 + LINE_DN**2 + 1 / 12
HIGH = (WHITE_DN**2 + SHAPE[1] * LINE_DN**2) / TOTAL


@pytest.mark.parametrize(
    ("shared_by_rows", "secret", "on_rows", "in_time"),
    [(True, False, HIGH, HIGH), (True, True, HIGH, 1.0), (False, True, 1.0, HIGH), (False, False, HIGH, HIGH)],
)
def test_line_noise_is_seen_in_the_layout_that_it_was_added_in(
    shared_by_rows: bool, secret: bool, on_rows: float, in_time: float
) -> None:
    power = measured(shared_by_rows, secret)
    assert power.on_rows.shape == power.in_time.shape == (SHAPE[0] // 2,)
    assert power.on_rows.mean() == pytest.approx(on_rows, rel=0.13)
    assert power.in_time.mean() == pytest.approx(in_time, rel=0.13)


def test_frames_without_noise_have_no_spectrum() -> None:
    stack = StackSums(SHAPE)
    for _ in range(2):
        stack.add(np.full(SHAPE, 64, np.uint16))
    sums = LinePowerSums(stack.stack())
    with pytest.raises(ValueError, match=r"frames = 0.*: allowed is"):
        sums.power()
    sums.add(np.full(SHAPE, 64, np.uint16), np.arange(64 * 80, dtype=np.uint32))
    with pytest.raises(ValueError, match=r"noise = 0.*: allowed is"):
        sums.power()

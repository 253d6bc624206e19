"""A static order from scenes that the attacker chooses: each frame says one digit of every position's number."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.seen import Order, Samples, Seen


@dataclass(frozen=True, eq=False)
class ReadOrder:
    """An order read off chosen scenes.

    Attributes
    ----------
    order
        int64 (P,): what each emitted sample says of the pixel it came from.
    frames
        Scenes that were chosen; no chance is involved, so there is no seed.
    positions_once
        Share of positions that were read exactly once: 1 for one order without a mask, about .37 (1/e) for noise.
    chance
        Share of right entries in an order drawn at random, 1 / P.
    """

    order: Order
    frames: int
    positions_once: float
    chance: float


def scenes_needed(height: int, width: int, channels: int, bits: int = 8, levels: int | None = None) -> int:
    """How many scenes say every position's number: ceil(log_L(H W)), L = levels ** channels the values of one pixel."""
    values = (levels or 2**bits) ** channels
    needed, reach = 1, values
    while reach < height * width:
        needed, reach = needed + 1, reach * values
    return needed


def chosen_scenes(height: int, width: int, channels: int, bits: int = 8, levels: int | None = None) -> Samples:
    """The scenes to show: position numbers in base `levels`, one digit in each channel of each scene, (F, H, W, C).

    Parameters
    ----------
    levels
        Values told apart in one sample, 2 to 2**bits; all of them by default. With noise of standard deviation s DN, take
        at most (2**bits - 1) / (2 z s) + 1 levels to misread a sample with the two-sided probability of z (z = 4: 1 in 16,000).
    """
    base = _levels(bits, levels)
    count = scenes_needed(height, width, channels, bits, levels)
    number = np.arange(height * width)
    digits = np.stack([number // base**digit % base for digit in range(count * channels)])
    scenes = _codes(bits, base)[digits].reshape(count, channels, height, width).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(scenes.astype(np.uint8 if bits <= 8 else np.uint16))


def order_from_chosen(seen: Seen, levels: int | None = None) -> ReadOrder:
    """Read the order off the frames that `chosen_scenes` came out as, taking each sample for the nearest level.

    Raises ValueError where these are not as many frames as there are chosen scenes.
    """
    channels = seen.frames.shape[2]
    count = scenes_needed(seen.height, seen.width, channels, seen.bits, levels)
    if seen.count != count:
        raise ValueError(f"frames = {seen.count}: allowed is {count}, the frames of the chosen scenes")
    base = _levels(seen.bits, levels)
    codes = _codes(seen.bits, base)
    digits = np.rint(seen.frames.astype(np.float64) * (base - 1) / codes[-1]).astype(np.int64)
    number = np.zeros(seen.height * seen.width, np.int64)
    for digit in range(count * channels):
        # What noise carries beyond the last position wraps around: wrong, but an order's entry.
        number = (number + digits[digit // channels, :, digit % channels] * (base**digit % number.size)) % number.size
    return ReadOrder(number, count, float(np.mean(np.bincount(number, minlength=number.size) == 1)), 1 / number.size)


def _levels(bits: int, levels: int | None) -> int:
    base = 2**bits if levels is None else levels
    if not 2 <= base <= 2**bits:
        raise ValueError(f"levels = {base}: allowed is 2 to {2**bits}")
    return base


def _codes(bits: int, base: int) -> NDArray[np.int64]:
    return np.rint(np.arange(base) * (2**bits - 1) / (base - 1)).astype(np.int64)

"""Which positions go together over time, in frames too large to be laid together: half an attack on a static order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.seen import Order, Seen

ASKED = 1024
_AT_ONCE = 2**26  # correlations that are held at a time


@dataclass(frozen=True, eq=False)
class Partners:
    """For some emitted positions the one that is most like them.

    Attributes
    ----------
    asked
        int64 (N,), emitted positions drawn at random.
    partner
        int64 (N,), for each the emitted position of greatest correlation over the frames.
    frames, seed
        Frames used, and what positions were drawn from.
    """

    asked: Order
    partner: Order
    frames: int
    seed: int


def best_partners(seen: Seen, seed: int = 0) -> Partners:
    """The best partners of up to 1024 positions among all, by correlation over frames once each frame's mean is taken off.

    With a fresh order or a mask for each frame the answer is arbitrary. Raises ValueError for fewer than 3 frames.
    """
    if seen.count < 3:
        raise ValueError(f"frames = {seen.count}: allowed is 3 or more")
    x = _normal(seen)
    asked = np.random.default_rng(seed).permutation(len(x))[:ASKED]
    partner = np.empty(asked.size, np.int64)
    rows = max(1, _AT_ONCE // len(x))
    for start in range(0, asked.size, rows):
        some = asked[start : start + rows]
        correlation = x[some] @ x.T
        correlation[np.arange(some.size), some] = -np.inf
        partner[start : start + rows] = correlation.argmax(1)
    return Partners(asked, partner, seen.count, seed)


def _normal(seen: Seen) -> NDArray[np.float32]:
    """Each position's samples over frames and channels, float32 (P, F C), of mean 0 and length 1; 0 where nothing changes."""
    x = seen.frames.transpose(1, 0, 2).astype(np.float32)
    x -= x.mean(0)
    x -= x.mean(1, keepdims=True)
    flat = x.reshape(len(x), -1)
    length = np.sqrt((flat * flat).sum(1, keepdims=True))
    length[length == 0] = 1
    return np.divide(flat, length, dtype=np.float32)

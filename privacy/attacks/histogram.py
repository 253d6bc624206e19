"""What a frame's multiset of values says by itself: which scene it is, wherever the pixels went."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.seen import Seen

QUANTILES = 64


@dataclass(frozen=True, eq=False)
class Identification:
    """Which of many earlier frames shows the same scene, by values alone.

    Attributes
    ----------
    found
        int64 (F,): for each new frame, the number of the earlier frame most like it.
    frames
        How many frames it was looked for among.
    chance
        Share of right answers by guessing, 1 / frames.
    seed
        0: no chance is involved.
    """

    found: NDArray[np.int64]
    frames: int
    chance: float
    seed: int = 0


def identify(new: Seen, earlier: Seen) -> Identification:
    """Find the scene of each new frame among the earlier ones; the orders of both may be fresh in every frame.

    Raises ValueError where the two are of different depth or number of channels.
    """
    if new.bits != earlier.bits or new.frames.shape[2] != earlier.frames.shape[2]:
        described = f"{new.bits} bits, {new.frames.shape[2]} channels"
        raise ValueError(f"new = {described}: allowed is {earlier.bits} bits, {earlier.frames.shape[2]} channels, as earlier")
    asked, known = signatures(new), signatures(earlier)
    nearness = asked @ known.T - (known * known).sum(1) / 2
    return Identification(nearness.argmax(1), earlier.count, 1 / earlier.count)


def signatures(seen: Seen) -> NDArray[np.float32]:
    """What no order changes, float32 (F, values): quantiles of each channel, and of each sum and difference of two channels.

    They are on a scale of 0 to 1, whatever the depth and the size of the array.
    """
    x = seen.frames.astype(np.float32) / (2**seen.bits - 1)
    channels = x.shape[2]
    pairs = [(a, b) for a in range(channels) for b in range(a + 1, channels)]
    views = [x] + [np.stack([x[..., a] - x[..., b], x[..., a] + x[..., b]], 2) for a, b in pairs]
    everything = np.concatenate(views, 2)
    everything.sort(axis=1)
    at = np.linspace(0, everything.shape[1] - 1, min(QUANTILES, everything.shape[1])).round().astype(int)
    return np.ascontiguousarray(everything[:, at]).reshape(seen.count, -1)

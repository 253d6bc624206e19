"""Random telegraph signals: a trap in a source follower makes its photosite's level jump between two values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.refuse import refuse_outside
from sensor_sim.streams import FrameStream, chosen_sites


@dataclass(frozen=True)
class Rts:
    """Photosites that jump.

    Attributes
    ----------
    share_percent
        share of the photosites that have a trap, 0 to 50. 0 switches the effect off.
    amplitude_v
        mean of the exponential distribution of the jumps over these photosites, 0 to 1 V.
    """

    share_percent: float = 0.0
    amplitude_v: float = 0.0

    def __post_init__(self) -> None:
        refuse_outside("share_percent", self.share_percent, 0, 50)
        refuse_outside("amplitude_v", self.amplitude_v, 0, 1)

    def drawn(self, die: np.random.Generator, shape: tuple[int, int]) -> "RtsSites":
        """Draw the photosites of a die with a trap, in an array of `shape` = (rows, samples). Call once for a device."""
        sites = chosen_sites(die, self.share_percent, shape[0] * shape[1])
        row, sample = np.divmod(sites, shape[1])
        amplitude_v = np.float32(self.amplitude_v) * die.standard_exponential(sites.size, dtype=np.float32)
        # A trap is filled for its own share of the time, from almost never to almost always.
        return RtsSites(row, sample, amplitude_v, die.random(sites.size, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class RtsSites:
    """Photosites with a trap: row and sample, int64 (n,), jump in V and share of the time in the upper state, float32 (n,)."""

    row: NDArray[np.int64]
    sample: NDArray[np.int64]
    amplitude_v: NDArray[np.float32]
    filled: NDArray[np.float32]


def apply_rts(
    signal_v: NDArray[np.float32], sites: RtsSites, cds: bool, at_reset: FrameStream, at_signal: FrameStream
) -> NDArray[np.float32]:
    """Signals (rows, samples) in V with the jumps of one frame: a copy, or the signals themselves where no photosite has a trap.

    The state is drawn for each sample alone, as the traps are faster than the frames. With `cds` the level at reset is
    subtracted, so that a photosite has three values, without it two. Source: X. Wang et al., Random telegraph signal in CMOS
    image sensor pixels, IEDM 2006.
    """
    if not sites.row.size:
        return signal_v
    jumping = signal_v.copy()
    add_rts(jumping, sites, cds, at_reset, at_signal)
    return jumping


def add_rts(signal_v: NDArray[np.float32], sites: RtsSites, cds: bool, at_reset: FrameStream, at_signal: FrameStream) -> None:
    """`apply_rts` in place."""
    samples = signal_v.shape[1]

    def state(stream: FrameStream) -> NDArray[np.float32]:
        return (stream.words_at(sites.row, sites.sample, samples) < sites.filled * 2.0**32).astype(np.float32)

    level = state(at_signal)
    if cds:
        level -= state(at_reset)
    signal_v[sites.row, sites.sample] += level * sites.amplitude_v

"""The capture plan: which frames a characterisation takes."""

import math
from dataclasses import dataclass

LEAST_STEPS = 50
"""Steps of light that EMVA 1288 R4 Linear asks for (6.2)."""
LEAST_DARK_STEPS = 6
OVERDRIVE = 1.1
"""The last step of light over the one that saturates."""


@dataclass(frozen=True)
class CapturePlan:
    """How many frames of what.

    Attributes
    ----------
    exposure_s
        exposure time of everything that is lit, and of the dark frames beside it; above 0.
    steps, fine_steps
        equal steps of light from darkness to beyond saturation, 50 or more, a pair of frames each; and steps that are added
        where the noise is greatest, 0 or more.
    stack_frames
        frames of the dark stack, of the one at half saturation and of the longest dark exposure, 4 to 16384.
    dark_steps, dark_frames
        equal steps of exposure time in the dark, 6 or more, and frames at each, 2 or more.
    longest_dark_s
        the longest exposure that may be asked for in the dark; where the noise has grown enough before, it is not reached.
    warmer_k
        by how much warmer, above 0 K, the dark series is repeated, where the bench has a chamber.
    hits_per_code
        samples for each code when the converters are driven by a voltage, 4 or more.

    Raises ValueError for figures outside that.
    """

    exposure_s: float
    steps: int = LEAST_STEPS
    fine_steps: int = 12
    stack_frames: int = 100
    dark_steps: int = LEAST_DARK_STEPS
    dark_frames: int = 8
    longest_dark_s: float = 120.0
    warmer_k: tuple[float, ...] = (8.0, 16.0, 24.0)
    hits_per_code: int = 16

    def __post_init__(self) -> None:
        for name in ("exposure_s", "longest_dark_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed is above 0 and finite")
        least = {"steps": LEAST_STEPS, "fine_steps": 0, "dark_steps": LEAST_DARK_STEPS, "dark_frames": 2, "hits_per_code": 4}
        for name, fewest in least.items():
            if not _is_whole(getattr(self, name)) or getattr(self, name) < fewest:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed is a whole number, {fewest} or more")
        if not _is_whole(self.stack_frames) or not 4 <= self.stack_frames <= 16_384:
            raise ValueError(f"stack_frames = {self.stack_frames}: allowed is a whole number, 4 to 16384")
        if not self.longest_dark_s >= self.exposure_s:
            raise ValueError(f"longest_dark_s = {self.longest_dark_s}: allowed is the exposure, {self.exposure_s} s, or more")
        if not all(0 < rise <= 100 for rise in self.warmer_k) or list(self.warmer_k) != sorted(set(self.warmer_k)):
            raise ValueError(f"warmer_k = {self.warmer_k}: allowed is rises above 0 and up to 100 K, each greater than the last")

    @classmethod
    def quick(cls, exposure_s: float, longest_dark_s: float = 120.0) -> "CapturePlan":
        """The plan with short stacks: the same figures with wider intervals."""
        return cls(exposure_s, stack_frames=24, dark_frames=4, longest_dark_s=longest_dark_s, hits_per_code=8)

    @property
    def lit_frames(self) -> int:
        """Frames of the light series and the two stacks, without those that look for saturation."""
        return 2 * (self.steps + self.fine_steps + 1) + 2 * self.stack_frames

    @property
    def dark_frames_at_each_temperature(self) -> int:
        """Frames of one dark series, without those that look for its longest exposure."""
        return (self.dark_steps - 1) * self.dark_frames + self.stack_frames


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)

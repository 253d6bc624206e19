"""What an audit is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from adc import ReadoutPolicy
from keycam.policy import named_policy
from privacy.attacks.ciphertext_only import LEAST_FRAMES, MOST_PIXELS
from privacy.scoring.picture_score import LEAST_SIDE_PX

DEFAULT = "secure"
SWEPT_FRAMES = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500)
"""How many of the frames the attacker of a sweep has, as far as there are so many."""


@dataclass(frozen=True)
class AuditPlan:
    """What `keycam audit` is asked to do.

    Attributes
    ----------
    source, data
        "cifar10" with its folder, "photographs", or an image, a folder, a video file, a camera, a recording.
    frames
        How many frames the eavesdropper has.
    key, passphrase_file
        Of a recording: the key file of its camera or client, and where its passphrase is.
    policy
        A policy by name, "secure" unless one is given; `order`, `refresh` and `mask` change a part of it. A recording has its
        own.
    size
        (H, W) of the audited frames; None for the source's own or 36x48.
    keys
        How many independent keys everything is tried on; two or more give confidence intervals.
    sweep
        Try the attack on frames alone also with fewer frames.
    seed
        Fixes the keys, the scenes that are drawn and what the attacks draw.

    Raises
    ------
    ValueError
        for anything else, naming the field.
    """

    source: str = "photographs"
    data: Path | None = None
    key: Path | None = None
    passphrase_file: Path | None = None
    frames: int = 100
    policy: str | None = None
    order: str | None = None
    refresh: str | None = None
    mask: bool | None = None
    size: tuple[int, int] | None = None
    keys: int = 1
    sweep: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.frames < LEAST_FRAMES:
            raise ValueError(f"frames = {self.frames}: allowed is {LEAST_FRAMES} or more")
        if self.keys < 1:
            raise ValueError(f"keys = {self.keys}: allowed is 1 or more")
        if self.size is not None and (min(self.size) < LEAST_SIDE_PX or self.size[0] * self.size[1] > MOST_PIXELS):
            allowed = f"{LEAST_SIDE_PX} or more each way and at most {MOST_PIXELS} pixels in all"
            raise ValueError(f"size = {self.size_text}: allowed is {allowed}")
        self.readout_policy()

    @property
    def size_text(self) -> str | None:
        """The size as the command line takes it, HxW."""
        return None if self.size is None else f"{self.size[0]}x{self.size[1]}"

    def readout_policy(self) -> ReadoutPolicy:
        """The policy that is audited. Raises `ValueError` for one that does not exist."""
        named = named_policy(self.policy or DEFAULT)
        return ReadoutPolicy(
            order=self.order or named.order,  # type: ignore[arg-type]
            refresh=self.refresh or named.refresh,  # type: ignore[arg-type]
            mask=named.mask if self.mask is None else self.mask,
        )

    def swept(self, frames: int) -> tuple[int, ...]:
        """The numbers of frames below `frames`, all that there are, that a sweep tries; none without a sweep."""
        return tuple(number for number in SWEPT_FRAMES if number < frames) if self.sweep else ()

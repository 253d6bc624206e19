"""What `keycam eval` is asked to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.choices import Shuffle
from inference.models import model_for
from keycam.picture_frames import THROUGH
from keycam.policy import named_policy

SHUFFLES: dict[str, tuple[Shuffle, ...]] = {
    "input": ("input",),
    "every-layer": ("every-layer",),
    "both": ("input", "every-layer"),
}
BATCH_SIZES = {"cifar10": 500, "camvid": 8, "voc": 4}


@dataclass(frozen=True)
class EvaluationPlan:
    """What `keycam eval` is asked to do.

    Attributes
    ----------
    data
        Folder with the data set.
    dataset
        "cifar10": a class for each picture; "camvid", "voc": a class for each pixel.
    model
        A network for this data set; None for the first that there is.
    through
        "adc": a test picture's values are the codes of a sensor with three samples a photosite, so that the plain network
        sees the test set as everyone else's does. "camera": a picture is a scene before the whole simulated camera.
    profile
        The camera's sensor: a name of `sensor_sim.profile_names` or a TOML file; None for the demonstration's.
    out
        Folder for the figure of accuracy against exposure; None for none.
    batch_size
        Pictures in one network call; None for what suits their size.
    images
        How many of the test pictures; None for all.
    """

    data: Path
    dataset: str = "cifar10"
    model: str | None = None
    weights: Path | None = None
    policy: str = "secure"
    shuffle: str = "both"
    through: str = "adc"
    profile: str | None = None
    out: Path | None = None
    batch_size: int | None = None
    images: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        model_for(self.dataset, self.model)
        named_policy(self.policy)
        if self.shuffle not in SHUFFLES:
            raise ValueError(f"shuffle = {self.shuffle!r}: allowed is {', '.join(SHUFFLES)}")
        if self.through not in THROUGH:
            raise ValueError(f"through = {self.through!r}: allowed is {', '.join(THROUGH)}")
        if self.through != "camera" and (self.profile is not None or self.out is not None):
            raise ValueError(f"through = {self.through!r}: allowed is 'camera' where --profile or --out is given")
        if self.out is not None and self.dataset != "cifar10":
            raise ValueError(f"out = {self.out}: allowed with dataset cifar10, whose accuracy is drawn against the exposure")

    @property
    def model_name(self) -> str:
        return model_for(self.dataset, self.model)

    @property
    def batch(self) -> int:
        """Pictures in one network call."""
        return self.batch_size or BATCH_SIZES[self.dataset]

    def as_json(self, images: int) -> dict[str, Any]:
        """What was evaluated, as `--json` prints it before the figures."""
        return {
            "dataset": self.dataset,
            "model": self.model_name,
            "policy": self.policy,
            "through": self.through,
            "profile": self.profile,
            "images": images,
            "batch_size": self.batch,
            "seed": self.seed,
        }

"""What `keycam train` is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from inference.models import model_for
from keycam.policy import named_policy


@dataclass(frozen=True)
class TrainingRequest:
    """What `keycam train` is asked to do.

    Attributes
    ----------
    data, out
        Folder with the data set, and folder for checkpoint, weights and card.
    dataset
        "cifar10": a class for each picture; "camvid": a class for each pixel.
    model
        A network for this data set; None for the first that there is.
    epochs, batch_size
        None for what the shipped weights were made with.
    shallow_epochs
        So many epochs before these of the first blocks of every stage alone; of preresnet110 on plain pictures.
    keyed, policy
        Train the keyed network on frames in the order of `policy`.
    images
        How many pictures of each split; None for all.
    """

    data: Path
    out: Path
    dataset: str = "cifar10"
    model: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    shallow_epochs: int = 0
    keyed: bool = False
    policy: str = "secure"
    images: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.dataset == "voc":
            raise ValueError(f"dataset = {self.dataset!r}: allowed is cifar10 and camvid, for voc take torchvision's")
        model_for(self.dataset, self.model)
        named_policy(self.policy)
        if self.shallow_epochs and (self.keyed or self.model_name != "preresnet110"):
            raise ValueError(f"shallow_epochs = {self.shallow_epochs}: allowed with model preresnet110 and without keyed")
        if self.keyed and self.dataset != "cifar10":
            raise ValueError(f"keyed = {self.keyed}: allowed with dataset cifar10, whose frames can all have one size")

    @property
    def model_name(self) -> str:
        return model_for(self.dataset, self.model)

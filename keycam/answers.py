"""What a classifier says, in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.datasets import CIFAR10_CLASSES


@dataclass(frozen=True)
class Answer:
    """The most probable class of one picture and its probability, 0..1."""

    name: str
    probability: float

    def as_json(self) -> dict[str, Any]:
        return {"class": self.name, "probability": round(self.probability, 6)}


def probabilities(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Softmax of scores (classes,)."""
    lifted = np.exp(scores.astype(np.float64) - scores.max())
    return lifted / lifted.sum()


def best(scores: NDArray[np.float32], count: int = 1) -> list[Answer]:
    """The `count` most probable CIFAR-10 classes."""
    chances = probabilities(scores)
    return [Answer(CIFAR10_CLASSES[i], float(chances[i])) for i in np.argsort(-chances)[:count]]

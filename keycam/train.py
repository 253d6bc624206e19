"""`keycam train`: train a network on pictures or on keyed frames, and write weights with a model card."""

from typing import Any

from keycam.train_classes import train_classes
from keycam.train_masks import train_masks
from keycam.training_request import TrainingRequest


def run_training(request: TrainingRequest) -> dict[str, Any]:
    """Train, evaluate on the test pictures, and write `MODEL-DATASET.safetensors` and `.json` into the folder `out`.

    Raises `CheckpointError` when `out` holds the checkpoint of another plan, `DataError` when the data cannot be read, and
    `OutputError` when nothing can be written into `out`.
    """
    return train_masks(request) if request.dataset == "camvid" else train_classes(request)

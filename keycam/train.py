"""`keycam train`: train on CIFAR-10, on plain pictures or on keyed frames, and write weights with a model card."""

import json
import math
import secrets
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from adc import Geometry, KeySchedule
from inference.datasets import LabelledImages, load_cifar10
from inference.keyed import convert
from inference.keyed.positions import take_positions
from inference.models import build
from inference.models.registry import SMALLEST_PX
from inference.training import TrainingPlan, train
from keycam import __version__
from keycam.atomic_file import make_folder, whole_file
from keycam.policy import named_policy
from keycam.progress import progress


def run_training(
    *, data: Path, out: Path, model: str, epochs: int, batch_size: int, keyed: bool, policy: str, images: int | None, seed: int
) -> dict[str, Any]:
    """Train, evaluate on the test pictures, and write `MODEL-cifar10.safetensors` and `.json` into `out`.

    If `keyed`, the keyed network is trained on frames in the order of `policy`; as it shares the plain network's parameters,
    the weights that come out are ordinary ones. Raises `CheckpointError` when `out` holds the checkpoint of another plan,
    `DataError` when the data cannot be read, and `OutputError` when nothing can be written into `out`.
    """
    from safetensors.torch import save

    named_policy(policy)
    torch.manual_seed(seed)
    network = build(model)
    training, test = load_cifar10("train", data).first(images), load_cifar10("test", data).first(images)
    make_folder(out, "out")
    size = training.images.shape[1]
    # Small crops change the size of the frames, and a keyed network is converted for one size.
    small_crops = not keyed and TrainingPlan.SMALL_CROP * size >= SMALLEST_PX[model]
    plan = TrainingPlan(
        model=model, epochs=epochs, small_crop_epochs=epochs * 2 // 5 if small_crops else 0, batch_size=batch_size, seed=seed,
        keyed_policy=policy if keyed else None,
    )  # fmt: skip
    forward = keyed_forward(network, policy, size) if keyed else None
    checkpoint = out / f"{model}.checkpoint"
    loss = math.nan
    for report in progress(train(network, plan, training, checkpoint, forward), "training", plan.epochs):
        loss = report.loss
    accuracy = accuracy_on(network, test)
    weights = out / f"{model}-cifar10.safetensors"
    with whole_file(weights, "out") as unfinished:
        unfinished.write_bytes(save({name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}))
    card = {
        "weights": str(weights),
        "test_accuracy": accuracy,
        "test_images": len(test),
        "training_images": len(training),
        "final_loss": loss,
        "keycam": __version__,
        **asdict(plan),
    }
    with whole_file(weights.with_suffix(".json"), "out") as unfinished:
        unfinished.write_text(json.dumps(card, indent=2) + "\n")
    return card


def keyed_forward(network: nn.Module, policy: str, size: int) -> Callable[[Tensor], Tensor]:
    """The keyed twin of `network`, fed with the pictures as the keyed camera would emit them, an order for each."""
    schedule = KeySchedule(secrets.token_bytes(32), device="training", policy=named_policy(policy))
    keyed = convert(network.train(), torch.zeros(2, 3, size, size), "every-layer", schedule.layer_orders())
    geometry = Geometry(size, size, bits=8, cfa="rgb")
    counter = 0

    def forward(pictures: Tensor) -> Tensor:
        nonlocal counter
        # The mask is gone when a frame reaches the network (the keyed ISP removes it), so the order is what it sees.
        keys = [schedule.frame_key(counter + number, geometry) for number in range(len(pictures))]
        counter += len(pictures)
        order = torch.stack([torch.from_numpy(key.order.astype("int64")) for key in keys])
        answer: Tensor = keyed(take_positions(pictures, order), order)
        return answer

    return forward


def accuracy_on(network: nn.Module, test: LabelledImages, batch_size: int = 500) -> float:
    """Share of the test pictures that the plain network classifies rightly."""
    device = next(network.parameters()).device
    hits = 0
    with torch.inference_mode():
        for start in range(0, len(test), batch_size):
            pictures = torch.from_numpy(test.images[start : start + batch_size]).to(device).permute(0, 3, 1, 2).float() / 255
            truth = torch.from_numpy(test.labels[start : start + batch_size]).to(device)
            hits += int((network.eval()(pictures).argmax(1) == truth).sum())
    return hits / len(test)

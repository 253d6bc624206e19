"""Training of a classifier on CIFAR-10, on plain pictures or on keyed frames."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor, nn

from adc import Geometry, KeySchedule
from inference.datasets import LabelledImages, load_cifar10
from inference.keyed import convert
from inference.keyed.positions import take_positions
from inference.models import MODELS, build
from inference.models.resnet import PreResNet, begin_as_identity, shallow
from inference.training import TrainingPlan, train
from keycam.atomic_file import make_folder
from keycam.policy import named_policy
from keycam.progress import progress
from keycam.training_request import TrainingRequest
from keycam.weights_file import write_card, write_weights


def train_classes(request: TrainingRequest) -> dict[str, Any]:
    """Train a classifier on CIFAR-10; the card as `--json` prints it.

    If `keyed`, the keyed network is trained; as it shares the plain network's parameters, the weights that come out are
    ordinary ones.
    """
    torch.manual_seed(request.seed)
    model, keyed = request.model_name, request.keyed
    network = build(model)
    training, test = (load_cifar10(split, request.data).first(request.images) for split in ("train", "test"))
    make_folder(request.out, "out")
    size = training.images.shape[1]
    epochs = request.epochs or TrainingPlan.epochs
    # Small crops change the size of the frames, and a keyed network is converted for one size.
    small_crops = not keyed and TrainingPlan.SMALL_CROP * size >= MODELS[model].smallest_px
    plan = TrainingPlan(
        model=model, epochs=epochs, small_crop_epochs=epochs * 2 // 5 if small_crops else 0,
        batch_size=request.batch_size or TrainingPlan.batch_size, seed=request.seed,
        keyed_policy=request.policy if keyed else None,
    )  # fmt: skip
    if request.shallow_epochs:
        assert isinstance(network, PreResNet)
        begin_as_identity(network)
        first = replace(plan, epochs=request.shallow_epochs, small_crop_epochs=request.shallow_epochs * 2 // 5)
        reports = train(shallow(network), first, training, request.out / f"{model}-shallow.checkpoint")
        *_, _ = progress(reports, "training the first blocks", first.epochs, lambda report: report.epoch)
        # Gently, as part of it is trained already.
        plan = replace(plan, shallow_epochs=request.shallow_epochs, peak_learning_rate=plan.peak_learning_rate / 10)
    forward = keyed_forward(network, request.policy, size) if keyed else None
    reports = train(network, plan, training, request.out / f"{model}.checkpoint", forward)
    *_, last = progress(reports, "training", plan.epochs, lambda report: report.epoch)
    weights = request.out / f"{model}-cifar10.safetensors"
    write_weights(weights, network.state_dict())
    found = {
        "test_accuracy": accuracy_on(network, test),
        "test_images": len(test),
        "training_images": len(training),
        "final_loss": last.loss,
    }
    return write_card(weights, found | asdict(plan))


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

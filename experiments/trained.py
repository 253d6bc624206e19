"""The classifier that an experiment is about: with weights that are there, or trained for it."""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from inference.datasets import LabelledImages
from inference.models import build, load
from inference.models.registry import has_shipped_weights, shipped_weights
from inference.training import TrainingPlan, train
from keycam.progress import progress
from keycam.weights_file import write_weights


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, ready to predict, how it came about, and the seconds of its training."""

    network: nn.Module
    origin: str
    wall_s: float = 0.0


def trained(plan: TrainingPlan, images: LabelledImages, out: Path, weights: Path | None = None) -> Trained:
    """The network of `plan` with `weights`, else with shipped ones, else trained here on `images`.

    What is trained lies as MODEL-cifar10.safetensors in `out`, with its checkpoint; called again, it goes on from there.
    """
    if weights is not None:
        return Trained(load(plan.model, weights), f"weights: {weights.name}")
    if has_shipped_weights(plan.model):
        shipped = shipped_weights(plan.model)
        return Trained(load(plan.model, shipped), f"weights: those that come with keycam; {from_card(shipped)}")
    torch.manual_seed(plan.seed)
    network = build(plan.model)
    reports = train(network, plan, images, out / "plain.checkpoint")
    *_, last = progress(reports, "training", plan.epochs, lambda report: report.epoch)
    network.eval().cpu()
    write_weights(out / f"{plan.model}-cifar10.safetensors", network.state_dict())
    return Trained(network, f"trained here: {recipe(plan)}, {last.seconds:.0f} s an epoch", last.seconds_so_far)


def training_epochs(asked: int | None, default: int, model: str, weights: Path | None) -> int:
    """How many epochs `trained` is to take. Raises `ValueError` where some were asked for and nothing is to be trained."""
    if asked is None:
        return default
    if weights is not None or has_shipped_weights(model):
        whose = "--weights gives" if weights is not None else "keycam comes with"
        raise ValueError(f"epochs = {asked}: allowed where the network is trained, and {whose} the weights of {model}")
    return asked


def from_card(weights: Path) -> str:
    """Recipe, machine and time of shipped weights, as the model card beside them says."""
    card = dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", weights.with_suffix(".md").read_text(), re.MULTILINE))
    return f"{card['recipe']}; {card['hardware and time']}"


def recipe(plan: TrainingPlan) -> str:
    """A plan in words."""
    small = f", the first {plan.small_crop_epochs} on small crops" if plan.small_crop_epochs else ""
    return (
        f"epochs: {plan.epochs}{small}, SGD with Nesterov momentum {plan.momentum}, batch {plan.batch_size}, learning rate up to "
        f"{plan.peak_learning_rate} and down to 0, weight decay {plan.weight_decay}, seed {plan.seed}"
    )

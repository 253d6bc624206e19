"""`keycam transform`: train a transformation network with a provider, and apply it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.datasets import DataError, LabelledImages, load_cifar10
from inference.models.state import fill, read_state
from keycam.atomic_file import make_folder, whole_file
from keycam.progress import progress
from keycam.weights_file import write_card, write_weights
from privacy.transformation import Provider, TransformationPlan, UNet, feature_network, provider_process
from privacy.transformation import train_transformation as train
from privacy.transformation.inverse_network import transformed
from privacy.transformation.pairs import as_pictures
from privacy.transformation.provider import Address

LEAST_SECRET_BYTES = 16
WEIGHTS = "transformation.safetensors"


@dataclass(frozen=True)
class TransformRequest:
    """What `keycam transform train` is asked to do: with a `model` in a process of its own, or with a running `provider`."""

    data: Path
    out: Path
    plan: TransformationPlan
    model: str | None = None
    weights: Path | None = None
    provider: str | None = None
    secret_file: Path | None = None
    images: int | None = None

    def __post_init__(self) -> None:
        if (self.model is None) == (self.provider is None):
            raise ValueError(f"model = {self.model!r}: allowed is one of --model and --provider, and not both")
        if self.provider is None and self.secret_file is not None:
            raise ValueError(f"secret_file = {self.secret_file}: allowed is with --provider, as --model needs none")
        if self.provider is not None:
            if self.weights is not None:
                raise ValueError(f"weights = {self.weights}: allowed is with --model, as the provider has its own")
            parsed_address(self.provider, "provider")
            if self.secret_file is None:
                raise ValueError("secret_file = None: allowed is a file with the provider's secret where --provider is given")


def parsed_address(text: str, field: str) -> Address:
    """(host, port) of "HOST:PORT". Raises `ValueError` for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{field} = {text!r}: allowed is HOST:PORT with a port of 1 to 65535")
    return host, int(port)


def read_secret(file: Path) -> bytes:
    """The shared secret in `file`. Raises `DataError` where it cannot be read, and for a short one."""
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        allowed = f"allowed is a file with the secret, {LEAST_SECRET_BYTES} bytes or more"
        raise DataError(f"secret_file = {file}: {error.strerror or error}; {allowed}") from error
    if len(secret) < LEAST_SECRET_BYTES:
        raise DataError(f"secret_file = {file}: it has {len(secret)} bytes; allowed is {LEAST_SECRET_BYTES} or more")
    return secret


@contextmanager
def _provider(request: TransformRequest) -> Iterator[Provider]:
    if request.provider is None:
        assert request.model is not None
        with provider_process(request.model, request.weights) as provider:
            yield provider
        return
    assert request.secret_file is not None
    provider = Provider(parsed_address(request.provider, "provider"), read_secret(request.secret_file))
    try:
        yield provider
    finally:
        provider.close()


def run_transformation_training(request: TransformRequest) -> dict[str, Any]:
    """Train, ask the provider about the test pictures, and write weights and card into `out`; the card as `--json` prints it."""
    plan = request.plan
    make_folder(request.out, "out")
    training, test = (load_cifar10(split, request.data).first(request.images) for split in ("train", "test"))
    features = feature_network(plan.features)
    torch.manual_seed(plan.seed)
    network = UNet(plan.width)
    with _provider(request) as provider:
        reports = train(network, features, plan, training, provider, request.out / "transformation.checkpoint")
        *_, last = progress(reports, "training", plan.epochs, lambda report: report.epoch)
        network.cpu().eval()
        # The provider is never sent a plain picture, not even to compare.
        accuracy = accuracy_by(provider, replace(test, images=transformed(network, test.images)))
    weights = request.out / WEIGHTS
    write_weights(weights, network.state_dict())
    counted = {"test_images": len(test), "training_images": len(training), "final_loss": last.loss}
    whose = {"classifier_sha256": provider.classifier_sha256}
    return write_card(weights, {"transformed_accuracy": accuracy, **counted, **whose, **asdict(plan)})


def accuracy_by(provider: Provider, images: LabelledImages, batch_size: int = 250) -> float:
    """Share of the pictures that the provider's classifier sees rightly."""
    right = 0
    for start in range(0, len(images), batch_size):
        pictures = as_pictures(images.images[start : start + batch_size])
        right += int(provider.class_loss(pictures, torch.from_numpy(images.labels[start : start + batch_size])).right)
    return right / len(images)


def load_transformation(file: Path) -> UNet:
    """The transformation network whose weights are in `file`. Raises `WeightsError`."""
    state = read_state(file, "a transformation", "transformation")
    width = state["last.weight"].shape[1] if "last.weight" in state and state["last.weight"].ndim == 4 else 1
    network = fill(UNet(width), file, "a transformation", "transformation")
    assert isinstance(network, UNet)
    return network


def apply_transformation(images: list[Path], transformation: Path, out: Path) -> dict[str, Any]:
    """Transform picture files into PNG files in `out`; before the work, two of one name are refused with `ValueError`, and so is
    a folder where a picture itself would be written over.
    """
    import cv2

    from sensor_sim.scene.images import read_image
    from sensor_sim.scene.linear import srgb_from_linear

    targets = [out / f"{image.stem}.png" for image in images]
    if len(set(targets)) < len(targets):
        raise ValueError(f"image = {', '.join(map(str, images))}: allowed is pictures of different names")
    # Path.resolve raises for links in a circle.
    plain = {os.path.realpath(image) for image in images}
    for target in targets:
        if os.path.realpath(target) in plain:
            raise ValueError(f"out = {out}: it holds {target.name}, a picture to be transformed; allowed is another folder")
    network = load_transformation(transformation)
    make_folder(out, "out")
    for image, target in zip(images, targets, strict=True):
        codes = srgb_from_linear(read_image(image))
        height, width = (side - side % 8 for side in codes.shape[:2])
        if not height or not width:
            raise DataError(f"image = {image}: it is {codes.shape[1]}x{codes.shape[0]} pixels; allowed is 8x8 or more")
        sent = transformed(network, np.ascontiguousarray(codes[None, :height, :width]))[0]
        with whole_file(target, "out") as unfinished:
            unfinished.write_bytes(cv2.imencode(".png", sent[..., ::-1])[1].tobytes())
    return {"pictures": len(images), "out": str(out)}

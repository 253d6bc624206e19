"""Training of a segmentation network on CamVid."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.datasets import SegmentedImages, load_camvid
from inference.mean_iou import SegmentationScore, confusion, segmentation_score
from inference.models import build
from inference.training import SegmentationPlan, train_segmentation
from keycam.atomic_file import make_folder
from keycam.progress import progress
from keycam.training_request import TrainingRequest
from keycam.weights_file import write_card, write_weights


def train_masks(request: TrainingRequest) -> dict[str, Any]:
    """Train a segmentation network on CamVid; the card as `--json` prints it."""
    torch.manual_seed(request.seed)
    model = request.model_name
    network = build(model)
    training, test = (load_camvid(split, request.data).first(request.images) for split in ("train", "test"))
    make_folder(request.out, "out")
    epochs = request.epochs or SegmentationPlan.epochs
    plan = SegmentationPlan(
        model=model, epochs=epochs, crop_epochs=epochs * 9 // 10,
        batch_size=request.batch_size or SegmentationPlan.batch_size, seed=request.seed,
    )  # fmt: skip
    reports = train_segmentation(network, plan, training, request.out / f"{model}.checkpoint")
    *_, last = progress(reports, "training", plan.epochs, lambda report: report.epoch)
    stored = halved(network)
    weights = request.out / f"{model}-camvid.safetensors"
    write_weights(weights, stored)
    network.load_state_dict(stored)  # what is scored is what is stored
    score = score_on(network, test)
    found = {
        "test_mean_iou": score.mean_iou,
        "test_pixel_accuracy": score.pixel_accuracy,
        "test_class_iou": score.class_iou,
        "test_images": len(test),
        "training_images": len(training),
        "final_loss": last.loss,
    }
    return write_card(weights, found | asdict(plan))


def halved(network: nn.Module) -> dict[str, Tensor]:
    """The state dict with convolution weights in half precision: half the file, and what it changes is far below a pixel in
    a thousand. All else is small, and the variances that batch norm divides by may be too small for it.
    """
    return {name: tensor.half() if tensor.ndim == 4 else tensor for name, tensor in network.state_dict().items()}


@torch.inference_mode()
def score_on(network: nn.Module, pictures: SegmentedImages, batch_size: int = 8) -> SegmentationScore:
    """Score the plain network on `pictures`."""
    device, classes = next(network.parameters()).device, len(pictures.classes)
    counts = np.zeros((classes, classes), np.int64)
    for start in range(0, len(pictures), batch_size):
        x = torch.from_numpy(pictures.images[start : start + batch_size]).to(device).permute(0, 3, 1, 2).float() / 255
        masks = network.eval()(x).argmax(1).cpu().numpy()
        counts += confusion(masks, pictures.labels[start : start + batch_size], classes)
    return segmentation_score(counts, pictures.classes)

"""`keycam transform attack`: an inverse network on what a transformation network or a keyed scheme sends of pictures."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.datasets import load_cifar10
from keycam.atomic_file import make_folder
from keycam.progress import progress
from keycam.psnr_figure import draw_psnr
from keycam.transform import load_transformation
from keycam.weights_file import write_card, write_weights
from privacy.schemes import SCHEMES, make_scheme
from privacy.transformation import InversePlan, Pairs, UNet, invert
from privacy.transformation.inverse_network import psnr_db, squared_errors, transformed
from privacy.transformation.pairs import Codes, Pictures, as_pictures, mirrored_scenes

INVERSE_WEIGHTS = "inverse.safetensors"
FIRST_TEST_IMAGE = 2**40
"""Far behind all pairs: where a scheme has a key for each picture, those of the test were never seen."""
Send = Callable[[Pictures, int], Codes]
"""What is sent of pictures, (N, H, W, 3), of which the first has this number; in the type in which it travels."""


@dataclass(frozen=True)
class AttackRequest:
    """What `keycam transform attack` is asked to do: to a trained `transformation`, or to a `scheme` of `privacy.schemes`."""

    data: Path
    out: Path
    plan: InversePlan
    transformation: Path | None = None
    scheme: str | None = None
    images: int | None = None

    def __post_init__(self) -> None:
        if (self.transformation is None) == (self.scheme is None):
            raise ValueError(f"scheme = {self.scheme!r}: allowed is one of --transformation and --scheme, and not both")
        if self.scheme is not None and self.scheme not in SCHEMES:
            raise ValueError(f"scheme = {self.scheme!r}: allowed is {', '.join(SCHEMES)}")


def run_inverse_attack(request: AttackRequest) -> dict[str, Any]:
    """Learn from pairs of the training pictures, score on the test pictures, and draw the box plot; as `--json` prints it.

    Whoever makes the pairs has the camera or the transformation in hand, and the test pictures are sent under the same key.
    """
    out, plan = request.out, request.plan
    make_folder(out, "out")
    training, test = (load_cifar10(split, request.data).first(request.images).images for split in ("train", "test"))
    send = _sender(request, training.shape[1:3])
    torch.manual_seed(plan.seed)
    inverse = UNet(plan.width)
    # Numbers of their own for the mirror images, so that no key is used twice where each picture has one.
    pairs = Pairs(training, send(training, 0), send(mirrored_scenes(training), len(training)))
    *_, last = progress(invert(inverse, plan, pairs, out), "attacking", plan.epochs, lambda report: report.epoch)
    inverse.cpu()  # so that no figure depends on a GPU
    sent = send(test, FIRST_TEST_IMAGE)
    recovered = psnr_db(squared_errors(inverse, sent, test))
    as_sent = psnr_db((as_pictures(sent) - as_pictures(test)).square().mean((1, 2, 3)))
    figure = draw_psnr({"as sent": as_sent, "recovered": recovered}, out / "psnr.png")
    weights = out / INVERSE_WEIGHTS
    write_weights(weights, inverse.state_dict())
    found = {
        **({"scheme": request.scheme} if request.scheme else {}),
        "median_psnr_recovered_db": round(float(np.median(recovered)), 3),
        "median_psnr_as_sent_db": round(float(np.median(as_sent)), 3),
        "quartiles_recovered_db": [round(float(q), 3) for q in np.quantile(recovered, (0.25, 0.75))],
        "test_images": len(test), "pairs": len(training), "final_loss": last.loss, "figure": str(figure),
    }  # fmt: skip
    return write_card(weights, found | asdict(plan))


def _sender(request: AttackRequest, shape: tuple[int, int]) -> Send:
    if request.transformation is not None:
        hidden = load_transformation(request.transformation)
        return lambda pictures, first: transformed(hidden, pictures)
    assert request.scheme is not None
    scheme = make_scheme(request.scheme, np.random.default_rng(request.plan.seed), shape)

    return lambda pictures, first: scheme.encrypt(pictures, first).samples

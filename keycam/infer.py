"""`keycam infer`: one picture through the keyed camera and the network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.isp import isp
from inference.keyed import convert
from inference.models import load, model_for
from inference.receiver import Receiver
from keycam.answers import best
from keycam.camera_key import counters_of, open_camera_key
from keycam.demo_camera import development, make_camera
from keycam.demo_scenes import NETWORK_SIZE, VIEW_PX
from keycam.key import Key, new_key
from keycam.policy import caution, named_policy
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import PanZoom, read_image


@dataclass(frozen=True)
class InferencePlan:
    """What `keycam infer` is asked to do."""

    image: Path
    model: str = "resnet20"
    weights: Path | None = None
    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None
    policy: str = "secure"
    seed: int = 0

    def __post_init__(self) -> None:
        model_for("cifar10", self.model)
        named_policy(self.policy)


def run_inference(plan: InferencePlan) -> dict[str, Any]:
    """Look at the picture's largest square once; the result as `--json` prints it.

    With a key file, counters come from a store beside it, so that no frame key is ever used twice. With the raster policy
    the same camera emits a plain frame.
    """
    caution(plan.policy)
    scene = next(iter(PanZoom(read_image(plan.image), 1, VIEW_PX, plan.seed)))
    network = load(plan.model, plan.weights)
    with _key(plan) as key, key.schedule(named_policy(plan.policy), plan.client) as schedule:
        counting = counters_of(plan.key, key, schedule.client)
        with counting as counters, make_camera(schedule, plan.seed, counters) as camera:
            raw = camera.capture(scene)
        image = isp(raw, Receiver(schedule).accept(raw), development(DEMO_PROFILE, NETWORK_SIZE))
        keyed = convert(network, torch.zeros(1, 3, *NETWORK_SIZE), "every-layer", schedule.layer_orders())
    with torch.inference_mode():
        scores = keyed(torch.from_numpy(image.x)[None], torch.from_numpy(image.order.astype(np.int64)))[0].numpy()
    return {
        "image": str(plan.image),
        "model": plan.model,
        "policy": plan.policy,
        "key": None if plan.key is None else key.card.fingerprint,
        "counter": raw.header.counter,
        "answers": [answer.as_json() for answer in best(scores, 5)],
    }


def _key(plan: InferencePlan) -> Key:
    return new_key("cam0", ["host"]) if plan.key is None else open_camera_key(plan.key, plan.passphrase_file)

"""`keycam infer`: one picture through the keyed camera and the network."""

import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adc import CounterStore, KeySchedule
from inference.isp import isp
from inference.keyed import convert
from inference.models import load
from inference.receiver import Receiver
from keycam.answers import best
from keycam.demo_camera import development, make_camera
from keycam.demo_scenes import NETWORK_SIZE, VIEW_PX
from keycam.keyfile import fingerprint, read_key
from keycam.policy import caution, named_policy
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import ImageSource, PanZoom


@dataclass(frozen=True)
class InferencePlan:
    """What `keycam infer` is asked to do."""

    image: Path
    model: str = "resnet20"
    weights: Path | None = None
    key: Path | None = None
    policy: str = "secure"
    seed: int = 0

    def __post_init__(self) -> None:
        named_policy(self.policy)


def run_inference(plan: InferencePlan) -> dict[str, Any]:
    """Look at the picture's largest square once; the result as `--json` prints it.

    With a key file, counters come from a store beside it (`KEY.counter`), so that no frame key is ever used twice. With the
    raster policy the same camera emits a plain frame.
    """
    caution(plan.policy)
    if not plan.image.is_file():
        raise FileNotFoundError(2, "there is no such picture", str(plan.image))
    scene = next(iter(PanZoom(next(iter(ImageSource(plan.image))), 1, VIEW_PX, plan.seed)))
    network = load(plan.model, plan.weights)
    master = secrets.token_bytes(32) if plan.key is None else read_key(plan.key)
    schedule = KeySchedule(master, policy=named_policy(plan.policy))
    with ExitStack() as open_things:
        counters = None
        if plan.key is not None:
            counters = open_things.enter_context(CounterStore(plan.key.with_name(plan.key.name + ".counter"), reserve=1))
        camera = open_things.enter_context(make_camera(schedule, plan.seed, counters))
        raw = camera.capture(scene)
    image = isp(raw, Receiver(schedule).accept(raw), development(DEMO_PROFILE, NETWORK_SIZE))
    keyed = convert(network, torch.zeros(1, 3, *NETWORK_SIZE), "every-layer", schedule.layer_orders())
    with torch.inference_mode():
        scores = keyed(torch.from_numpy(image.x)[None], torch.from_numpy(image.order.astype(np.int64)))[0].numpy()
    return {
        "image": str(plan.image),
        "model": plan.model,
        "policy": plan.policy,
        "key": None if plan.key is None else fingerprint(master),
        "counter": raw.header.counter,
        "answers": [answer.as_json() for answer in best(scores, 5)],
    }

"""`keycam infer`: one picture through the keyed camera and the network."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adc import CounterStore, KeySchedule
from adc.counter import CounterStoreError
from inference.isp import isp
from inference.keyed import convert
from inference.models import load
from inference.receiver import Receiver
from keycam.answers import best
from keycam.demo_camera import development, make_camera
from keycam.demo_scenes import NETWORK_SIZE, VIEW_PX
from keycam.keyfile import KeyFileError, fingerprint, read_key
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
    scene = next(iter(PanZoom(read_image(plan.image), 1, VIEW_PX, plan.seed)))
    network = load(plan.model, plan.weights)
    master = secrets.token_bytes(32) if plan.key is None else read_key(plan.key)
    schedule = KeySchedule(master, policy=named_policy(plan.policy))
    with counters_of(plan.key) as counters, make_camera(schedule, plan.seed, counters) as camera:
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


@contextmanager
def counters_of(key: Path | None) -> Iterator[CounterStore | None]:
    """The counter store of a key file; None without one. Raises `KeyFileError` where no counter can be kept."""
    if key is None:
        yield None
        return
    try:
        file = key.resolve()  # a link to a key shares the key's counter
        with CounterStore(file.with_name(file.name + ".counter"), reserve=1) as counters:
            yield counters
    except (CounterStoreError, OSError) as error:
        allowed = "allowed is a key in a folder that can be written, with its counter file, for one camera at a time"
        raise KeyFileError(f"key = {key}: its frame counter cannot be kept ({error}); {allowed}") from error

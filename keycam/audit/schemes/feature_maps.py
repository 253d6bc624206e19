"""What a layer's secret order is worth: it is static for an epoch, so its feature maps are frames under a static order."""

import numpy as np
import torch
from numpy.typing import NDArray

from adc import KeySchedule
from inference.keyed import convert
from keycam.audit.attacking import Attacker
from keycam.audit.case import Figure, Scored
from keycam.audit.schemes.audited import AuditedScheme, NotApplied
from privacy.scoring.key_score import KeyScore, score_key

LAYER = "relu"
"""The network's first activation, at the size of the frame: what leaves the first keyed layer."""
TRIED = (10, 30, 100)
BROKEN_FROM = 0.99


def feature_maps(scheme: AuditedScheme, attacker: Attacker) -> Scored | NotApplied:
    """Maps of the first layer over all frames, and no table: is the layer's order found, and from how many frames?"""
    if not scheme.name.startswith("keycam-"):
        return NotApplied("its network has no secret orders of layers that keycam knows")
    if not scheme.structure.hidden:
        return NotApplied("an ordinary network runs on these pictures")
    if scheme.network is None:
        return NotApplied("the network that comes with keycam takes pictures of CIFAR-10; audit --source cifar10")
    maps, order = _emitted(scheme)
    count, height, width, channels = maps.shape
    scores = {}
    for frames in [tried for tried in TRIED if tried < count] + [count]:
        seen = maps[:frames].reshape(frames, height * width, channels)
        found = attacker.tries("ciphertext_only", {"frames": seen, "shape": np.array([height, width, 8])})
        scores[frames] = score_key(found["order"], order, height, width, frames, scheme.seed)
    enough = [frames for frames, score in scores.items() if score.exact >= BROKEN_FROM]
    notes = {"frames_to_break": min(enough) if enough else None, "frames_tried": list(scores), "layer": LAYER}
    return Scored(count, _figures(scores[count]), notes)


def _figures(score: KeyScore) -> dict[str, Figure]:
    return {
        "key_entries_recovered": Figure(score.exact, score.chance_exact, score.limit_exact),
        "neighbours_recovered": Figure(score.adjacent, score.chance_adjacent, score.limit_adjacent),
    }


@torch.inference_mode()
def _emitted(scheme: AuditedScheme) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The layer's maps in its secret order, uint8 (F, H, W, C), each channel on its own scale, and the order, int64 (P,)."""
    assert scheme.network is not None
    scenes = scheme.footage.scenes
    height, width = scenes.shape[1:3]
    random = np.random.default_rng((scheme.seed, scheme.key, 7))
    schedule = KeySchedule(random.bytes(32), device="audited")
    keyed = convert(scheme.network, torch.zeros(1, 3, height, width), layer_orders=schedule.layer_orders())
    orders = torch.from_numpy(np.stack([random.permutation(height * width) for _ in scenes]))
    x = torch.from_numpy(scenes.reshape(len(scenes), -1, 3).transpose(0, 2, 1).astype(np.float32) / 255)
    x = x.gather(2, orders[:, None].expand(-1, 3, -1)).reshape(len(scenes), 3, height, width)
    layer = keyed.activations(x, orders)[LAYER]
    assert layer.order is not None
    maps = layer.tensor.permute(0, 2, 3, 1).numpy()
    scaled = np.rint(255 * maps / (maps.max((0, 1, 2)) + 1e-6)).clip(0, 255)
    return scaled.astype(np.uint8), layer.order.numpy().astype(np.int64)

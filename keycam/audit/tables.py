"""The tables of a keyed network's first layer: they are the key."""

import numpy as np
import torch

from adc import Geometry, KeySchedule
from inference.keyed.positions import invert
from inference.keyed.reference import Window, keyed_offsets
from keycam.audit.case import Arrays, Case, Figure, Scored
from privacy.scoring.chance import share_limit

BITS = 8
FIRST_LAYER = Window((3, 3), (1, 1), (1, 1), (1, 1))


def tables(height: int, width: int, schedule: KeySchedule) -> Case:
    """The case of one who is handed the offsets of the first layer, an ordinary 3x3 convolution."""
    order = schedule.frame_key(0, Geometry(height, width, BITS, "rgb")).order.astype(np.int64)
    order_out = schedule.layer_orders().order("first", height * width).astype(np.int64)
    offsets = keyed_offsets(
        invert(torch.from_numpy(order)), torch.from_numpy(order_out), FIRST_LAYER, (height, width), (height, width)
    )[0].numpy()
    window = np.array([FIRST_LAYER.kernel, FIRST_LAYER.stride, FIRST_LAYER.padding, FIRST_LAYER.dilation])
    shape = np.array([height, width, BITS])

    def score(found: Arrays) -> Scored:
        chance = float(found["chance"])
        limit = share_limit(chance, order.size)
        figures = {
            "key_entries_recovered": Figure(float(np.mean(found["order_in"] == order)), chance, limit),
            "layer_order_recovered": Figure(float(np.mean(found["order_out"] == order_out)), chance, limit),
        }
        return Scored(0, figures, {"says": "whoever holds the first layer's tables holds the key"})

    return Case(("tables",), "tables", {"offsets": offsets, "window": window, "shape": shape}, score)

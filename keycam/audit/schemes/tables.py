"""What a keyed network gives away of the key to whoever holds it, and no picture."""

import numpy as np
import torch
from torch import nn

from inference.models import load
from keycam.audit.attacking import Attacker
from keycam.audit.case import Figure, Scored
from keycam.audit.schemes.audited import AuditedScheme, NotApplied
from privacy.schemes.key_nets_layers import KeyedLayers, LayerKey, affine_map
from privacy.scoring.chance import share_limit

SIZE_PX = (8, 12)
"""A keyed layer is a whole matrix, so the pictures are small; larger ones are no harder."""
KEY = 8


def tables(scheme: AuditedScheme, attacker: Attacker) -> Scored | NotApplied:
    """Key-Nets' first layer, keyed and plain: that of the ResNet-20 that comes with keycam, which is public."""
    if scheme.name.startswith("keycam-"):
        return NotApplied("tables are the same under every scheme of ours: 'keycam audit' attacks them")
    if scheme.name != "key-nets":
        return NotApplied("its network has neither tables of sampling offsets nor keyed layers")
    height, width = SIZE_PX
    random = np.random.default_rng((scheme.seed, scheme.key, KEY))
    key = LayerKey.with_key(random, 3 * height * width)
    layer = next(module for module in load("resnet20").modules() if isinstance(module, nn.Conv2d)).double()
    network = nn.Sequential(layer, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    keyed = KeyedLayers(network, (3, height, width), key, random).layers[0].weight
    assert isinstance(keyed, torch.Tensor)
    plain = affine_map(layer, (3, height, width))[0]
    found = attacker.tries("keyed_layers", {"keyed": keyed.detach().numpy(), "plain": plain.numpy()})
    share, chance = float(np.mean(found["order_in"] == key.order)), float(found["chance"])
    figure = Figure(share, chance, share_limit(chance, key.order.size))
    return Scored(0, {"key_entries_recovered": figure}, {"says": "whoever holds a keyed layer and the plain one holds the key"})

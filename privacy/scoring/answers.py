"""What a plain network makes of recovered pictures."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from privacy.seen import Samples

_BATCH = 250


def accuracy(network: nn.Module, pictures: Samples, labels: NDArray[np.int64], bits: int = 8) -> float:
    """Share of pictures (F, H, W, 3) whose class the network tells rightly; labels int64 (F,)."""
    return float(np.mean(answers(network, pictures, bits) == labels))


def answers(network: nn.Module, pictures: Samples, bits: int = 8) -> NDArray[np.int64]:
    """The class of each picture (F, H, W, 3), int64 (F,)."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(pictures), _BATCH):
            batch = pictures[start : start + _BATCH].astype(np.float32).transpose(0, 3, 1, 2) / np.float32(2**bits - 1)
            found.append(network(torch.from_numpy(np.ascontiguousarray(batch))).argmax(1).numpy())
    return np.concatenate(found)

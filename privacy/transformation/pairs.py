"""What an inverse network learns from: scenes, and what is sent of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pictures = NDArray[np.uint8]
Codes = NDArray[np.unsignedinteger[Any]]
"""What is sent of pictures, (N, H, W, 3); of 8 or 16 bits, as it travels."""
LEAST_PAIRS = 20


@dataclass(frozen=True, eq=False)
class Pairs:
    """Scenes and what is sent of them, (N, H, W, 3).

    Attributes
    ----------
    scenes
        uint8.
    seen
        uint8 or uint16: what is sent of them.
    mirrored
        uint8 or uint16: what is sent of `mirrored_scenes`. Under most keys that is not the mirror image of what is sent of
        the scene: a mirror image of it would be a pair of another key, which nobody sends under.

    Raises ValueError for fewer than 20 pairs, and for arrays of another type or shape.
    """

    scenes: Pictures
    seen: Codes
    mirrored: Codes

    def __post_init__(self) -> None:
        arrays = (self.scenes, self.seen, self.mirrored)
        alike = self.seen.shape == self.mirrored.shape == self.scenes.shape and self.seen.dtype == self.mirrored.dtype
        if not alike or len(self) < LEAST_PAIRS or self.scenes.dtype != np.uint8 or self.seen.dtype not in (np.uint8, np.uint16):
            what = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
            allowed = f"{LEAST_PAIRS} scenes or more, uint8, and what is sent of each and of its mirror image, uint8 or uint16"
            raise ValueError(f"pairs = {what}: allowed is {allowed}")

    def __len__(self) -> int:
        return len(self.scenes)

    @property
    def sent_sha256(self) -> str:
        """First 12 hex digits of the digest of all that was sent."""
        digest = sha256()
        for sent in (self.seen, self.mirrored):
            digest.update(np.ascontiguousarray(sent).reshape(-1).view(np.uint8))
        return digest.hexdigest()[:12]


class EpochPairs:
    """Batches of the pairs of these numbers in a new order, each of the scene or of its mirror image by a coin."""

    def __init__(self, pairs: Pairs, chosen: NDArray[np.int64], batch_size: int, rng: np.random.Generator) -> None:
        order = rng.permutation(chosen)
        parts = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        # Batch norm needs more than one picture.
        self._batches = [part for part in parts if len(part) > 1]
        self._pairs, self._flipped = pairs, rng.random(len(pairs)) < 0.5

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        pairs = self._pairs
        for index in self._batches:
            flip, scenes = self._flipped[index][:, None, None, None], pairs.scenes[index]
            sent = np.where(flip, pairs.mirrored[index], pairs.seen[index])
            yield as_pictures(sent), as_pictures(np.where(flip, mirrored_scenes(scenes), scenes))


def mirrored_scenes(scenes: Pictures) -> Pictures:
    """Their mirror images, left for right, (N, H, W, 3)."""
    return np.ascontiguousarray(scenes[:, :, ::-1])


def as_pictures(codes: Codes) -> Tensor:
    """Codes (N, H, W, 3) of an unsigned type as pictures float32 (N, 3, H, W) in 0..1: the highest code of the type is 1."""
    # In numpy: torch does next to nothing with 16 unsigned bits.
    scaled = codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)
    return torch.from_numpy(scaled).permute(0, 3, 1, 2)

"""How far a partly right key gets: accuracy of a network as a function of the share of right key entries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from privacy.footage import restored
from privacy.scoring.answers import accuracy
from privacy.scoring.picture_score import ssim
from privacy.seen import Order, Samples, Seen

SHARES = (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)


@dataclass(frozen=True)
class PartialKeyScore:
    """Accuracy for each share of right entries.

    Attributes
    ----------
    shares, accuracies
        Of right key entries, and of right answers, 0 to 1.
    frames, seed
        Pictures that were classified, and what the wrong entries were drawn from.
    chance
        Share of right answers by guessing.
    """

    shares: tuple[float, ...]
    accuracies: tuple[float, ...]
    frames: int
    seed: int
    chance: float


def partly_right(order: Order, share: float, seed: int) -> Order:
    """A key that agrees with `order`, int64 (P,), in `share` of its entries, rounded; all the others are wrong.

    A single entry cannot be wrong by itself: where one would be left, the key is right. Raises ValueError for a share
    outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share = {share}: allowed is 0 to 1")
    wrong = np.random.default_rng(seed).permutation(order.size)[: order.size - round(share * order.size)]
    key = order.copy()
    # The wrong positions stand in random order and each takes its neighbour's entry: one cycle, which leaves none in place.
    key[wrong] = order[np.roll(wrong, 1)]
    return key


def score_partial_keys(
    network: nn.Module,
    scenes: Samples,
    labels: NDArray[np.int64],
    order: Order,
    shares: tuple[float, ...] = SHARES,
    seed: int = 0,
) -> PartialKeyScore:
    """Accuracy of a plain network on scenes (F, H, W, 3) emitted in `order` and restored with partly right keys.

    A keyed network that is given a wrong key answers as the plain one does on wrongly restored pictures: by the equality of
    the two, this is its accuracy too. All pictures share one partly right key of each share.
    """
    count, height, width = scenes.shape[:3]
    seen = Seen(scenes.reshape(count, height * width, -1)[:, order], height, width)
    accuracies = tuple(accuracy(network, restored(seen, partly_right(order, share, seed)), labels) for share in shares)
    return PartialKeyScore(shares, accuracies, count, seed, 1 / (int(labels.max()) + 1))


def partial_key_ssim(scenes: Samples, order: Order, share: float, seed: int = 0, bits: int = 8) -> float:
    """Median SSIM of scenes (F, H, W, C) that were emitted in `order` and restored with one partly right key."""
    count, height, width = scenes.shape[:3]
    seen = Seen(scenes.reshape(count, height * width, -1)[:, order], height, width, bits)
    pictures = restored(seen, partly_right(order, share, seed))
    return float(np.median([ssim(picture, scene, bits) for picture, scene in zip(pictures, scenes, strict=True)]))

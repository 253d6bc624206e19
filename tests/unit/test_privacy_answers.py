"""A plain network on recovered pictures, and on pictures restored with partly right keys."""

import numpy as np
import torch
from torch import nn

from privacy.scoring.answers import accuracy, answers
from privacy.scoring.partial_key import partial_key_ssim, partly_right, score_partial_keys
from tests.privacy_scenes import crops


class WhereBright(nn.Module):
    """The class of a picture (1, 3, 4, 4) is the place of its greatest red value; it notes what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.shown.append(x)
        return x[:, 0].flatten(1)


def spots(places: np.ndarray, dtype: type = np.uint8, top: int = 255) -> np.ndarray:
    """Dark pictures (F, 4, 4, 3) with one red pixel each."""
    pictures = np.zeros((len(places), 16, 3), dtype)
    pictures[np.arange(len(places)), places, 0] = top
    return pictures.reshape(-1, 4, 4, 3)


def test_every_picture_gets_its_own_answer_in_its_place() -> None:
    places = np.random.default_rng(0).integers(16, size=260)  # more than one batch
    network = WhereBright()
    assert np.array_equal(answers(network, spots(places)), places)
    assert sum(len(x) for x in network.shown) == 260 and len(network.shown) > 1
    assert accuracy(network, spots(places), places) == 1
    assert accuracy(network, spots(places), (places + (np.arange(260) < 65)) % 16) == 0.75


def test_samples_of_any_depth_reach_the_network_from_0_to_1() -> None:
    for dtype, bits in ((np.uint8, 8), (np.uint16, 12)):
        network = WhereBright()
        answers(network, spots(np.array([3]), dtype, 2**bits - 1), bits)
        assert network.shown[0].dtype == torch.float32
        assert network.shown[0].max() == 1 and network.shown[0].min() == 0


def test_partial_keys_restore_what_they_have_right() -> None:
    places = np.arange(16).repeat(4)
    order = np.random.default_rng(0).permutation(16)
    score = score_partial_keys(WhereBright(), spots(places), places, order, (0.0, 0.5, 1.0), seed=3)
    # A spot is told rightly where the entry of the key that it came by is right: each of the 16 places comes four times.
    assert score.accuracies == (0.0, 0.5, 1.0)
    assert (score.shares, score.frames, score.seed, score.chance) == ((0.0, 0.5, 1.0), 64, 3, 1 / 16)


def test_partial_keys_of_several_seeds_have_other_entries_wrong() -> None:
    order = np.random.default_rng(0).permutation(64)
    wrong = [frozenset(np.flatnonzero(partly_right(order, 0.5, seed) != order).tolist()) for seed in range(5)]
    assert len(set(wrong)) == 5


def test_the_picture_of_a_partial_key_is_as_good_as_its_share() -> None:
    scenes = crops(4, 24, seed=0)
    order = np.random.default_rng(0).permutation(576)
    likeness = [partial_key_ssim(scenes, order, share, seed=1) for share in (0.0, 0.5, 0.9, 1.0)]
    assert likeness == sorted(likeness)
    assert likeness[0] < 0.2 and likeness[1] < 0.9 and likeness[3] == 1

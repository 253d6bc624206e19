"""Scores of attacks: what they must count, and what must not fool them."""

import numpy as np
import pytest

from privacy.scoring.key_score import adjacent_by_chance, adjacent_share, exact_share, score_key
from privacy.scoring.partial_key import partly_right
from privacy.scoring.picture_score import score_picture
from privacy.scoring.symmetry import symmetric_cells
from tests.privacy_scenes import crops


@pytest.mark.parametrize(("height", "width", "symmetries"), [(6, 6, 8), (5, 7, 4)])
def test_a_symmetry_of_the_key_counts_as_the_key(height: int, width: int, symmetries: int) -> None:
    order = np.random.default_rng(0).permutation(height * width)
    turned = [cells[order] for cells in symmetric_cells(height, width)]
    assert len({guess.tobytes() for guess in turned}) == symmetries
    for guess in turned:
        assert exact_share(guess, order, height, width) == 1
        assert adjacent_share(guess, order, height, width) == 1


def test_one_exchange_costs_two_entries() -> None:
    order = np.random.default_rng(0).permutation(64)
    guess = order.copy()
    guess[[3, 9]] = guess[[9, 3]]
    assert exact_share(guess, order, 8, 8) == 62 / 64


def test_a_guess_with_repeats_is_refused() -> None:
    order = np.arange(16)
    with pytest.raises(ValueError, match=r"guess = int64 \(16,\): allowed is every position of 4 x 4 once"):
        score_key(np.zeros(16, np.int64), order, 4, 4, frames=1, seed=0)


def test_random_orders_score_the_chance_that_is_stated() -> None:
    random = np.random.default_rng(1)
    shares = [adjacent_share(random.permutation(144), np.arange(144), 12, 12) for _ in range(400)]
    # Standard error of the mean share over 400 draws: about sqrt(.027 / 264 / 400) = 5e-4; 4 of them.
    assert np.mean(shares) == pytest.approx(adjacent_by_chance(12, 12), abs=2e-3)
    score = score_key(random.permutation(144), np.arange(144), 12, 12, frames=1, seed=0)
    assert 1 / 144 <= score.chance_exact <= 5 / 144


def test_a_mirrored_picture_is_the_picture_and_a_scrambled_one_is_not() -> None:
    scene = crops(1, 24, seed=0)[0]
    mirrored = score_picture(scene[::-1].copy(), scene, seed=0)
    assert mirrored.ssim == 1 and mirrored.psnr_db == float("inf")
    scrambled = np.random.default_rng(2).permutation(scene.reshape(-1, 3)).reshape(scene.shape)
    score = score_picture(scrambled, scene, seed=0)
    assert score.ssim < 0.2 and abs(score.ssim - score.chance) < 0.1


@pytest.mark.parametrize("share", [0, 0.25, 0.9, 1])
def test_a_partly_right_key_is_right_in_just_that_share(share: float) -> None:
    order = np.random.default_rng(0).permutation(100)
    key = partly_right(order, share, seed=1)
    assert np.mean(key == order) == share
    assert np.array_equal(np.sort(key), np.arange(100))

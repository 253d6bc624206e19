"""Chance levels: limits that guesses seldom pass, and intervals that cover the truth as often as they say."""

import numpy as np
import pytest

from privacy.scoring.chance import over_keys, share_limit
from privacy.scoring.key_score import best_partner_share, score_key


def test_guesses_pass_the_limit_as_seldom_as_stated_and_lower_limits_more_often() -> None:
    counts = np.random.default_rng(0).binomial(500, 0.1, 200_000)
    limit = share_limit(0.1, 500, significance=1e-2)
    passed, passed_one_less = np.mean(counts / 500 > limit), np.mean(counts / 500 > limit - 1 / 500)
    # Standard error of a share of 1 % in 200,000 draws: 2.2e-4; 4 of them.
    assert passed < 0.01 + 9e-4
    assert passed_one_less > 0.01 - 9e-4


def test_what_cannot_happen_by_chance_has_the_limit_0() -> None:
    assert share_limit(1e-20, 1000) == 0


def test_random_orders_stay_below_the_limits_of_a_key() -> None:
    random = np.random.default_rng(0)
    order = random.permutation(144)
    scores = [score_key(random.permutation(144), order, 12, 12, frames=1, seed=0) for _ in range(300)]
    # Each passes a limit with a probability of 1e-3 at most: of 300, four or more pass with a probability below 4e-4.
    assert sum(score.exact > score.limit_exact for score in scores) <= 3
    assert sum(score.adjacent > score.limit_adjacent for score in scores) <= 3
    # The limits are no looser than they need be: a few more entries or neighbours pass them.
    assert scores[0].limit_exact < 10 / 144 and scores[0].limit_adjacent < 0.07


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    covered = []
    for _ in range(4000):
        interval = over_keys(random.normal(0.3, 0.1, 5).tolist())
        covered.append(interval.low <= 0.3 <= interval.high)
    # Standard error of a share of 95 % in 4000: .0034; 4 of them. A normal quantile instead of Student's t covers 88 %.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.014)


def test_an_interval_is_around_the_mean() -> None:
    interval = over_keys([0.2, 0.4])
    # Student's t with one degree of freedom at 97.5 % is tan(.475 pi) = 12.706; the standard error is .1.
    assert (interval.mean, interval.low, interval.high) == pytest.approx((0.3, 0.3 - 1.2706, 0.3 + 1.2706), abs=1e-4)


def test_one_key_has_no_interval() -> None:
    with pytest.raises(ValueError, match="values = 1: allowed is 2 or more"):
        over_keys([0.5])


def test_best_partners_count_where_they_are_side_by_side_or_above_each_other() -> None:
    # A raster of 2 x 3 in raster order: 0 1 2 / 3 4 5.
    order = np.arange(6)
    partner = np.array([1, 4, 5, 4, 0, 0])  # beside, below, below, beside, slanted, far
    assert best_partner_share(partner, order, 3) == pytest.approx(4 / 6)
    # Position 2 and its partner 3 are one after the other in memory, and not neighbours on the sensor.
    assert best_partner_share(np.array([1, 0, 3, 2, 3, 4]), order, 3) == pytest.approx(4 / 6)


def test_best_partners_are_told_whatever_the_order() -> None:
    order = np.random.default_rng(0).permutation(30)  # emitted[q] = pixel[order[q]]
    place = np.argsort(order)
    right = np.where(order % 6 < 5, order + 1, order - 1)
    assert best_partner_share(place[right], order, 6) == 1
    assert best_partner_share(np.roll(place[right], 1), order, 6) < 0.5

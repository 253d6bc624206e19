"""Scores become classes with probabilities."""

import numpy as np
import pytest

from inference.datasets import CIFAR10_CLASSES
from keycam.answers import Answer, best, probabilities


def test_probabilities_are_the_softmax_of_the_scores() -> None:
    # exp(0) : exp(log 2) : exp(log 5) = 1 : 2 : 5
    assert probabilities(np.log(np.array([1, 2, 5], np.float32))) == pytest.approx([1 / 8, 2 / 8, 5 / 8], rel=1e-6)


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_scores_of_any_size_keep_their_probabilities_finite(shift: float) -> None:
    chances = probabilities(np.array([0, 1, 2], np.float32) + np.float32(shift))
    assert chances.sum() == pytest.approx(1)
    assert chances == pytest.approx(probabilities(np.array([0, 1, 2], np.float32)), rel=1e-6)


def test_the_best_answers_come_first() -> None:
    scores = np.zeros(10, np.float32)
    scores[[3, 8]] = 4, 9
    answers = best(scores, 3)
    assert [answer.name for answer in answers[:2]] == [CIFAR10_CLASSES[8], CIFAR10_CLASSES[3]] == ["ship", "cat"]
    assert answers[0].probability > answers[1].probability > answers[2].probability
    assert best(scores) == answers[:1]


def test_an_answer_as_json_is_rounded() -> None:
    assert Answer("cat", 1 / 3).as_json() == {"class": "cat", "probability": 0.333333}

"""What a network says of a frame, in words and numbers for a page or a line."""

from typing import Any

import numpy as np

from inference.answers import MaskAnswer
from keycam.answers import probabilities
from keycam.live.chosen_network import ChosenNetwork
from keycam.live.live_frame import LiveFrame
from keycam.live.networks import LiveAnswer, agreement

MOST_CLASSES = 3


def said(answer: LiveAnswer, network: ChosenNetwork) -> list[dict[str, Any]]:
    """The three most probable classes, or those that cover most of the frame: `class` and `share` of 0 to 1 each."""
    shares = answer.class_shares if isinstance(answer, MaskAnswer) else probabilities(answer.scores)
    first = np.argsort(-shares, kind="stable")[:MOST_CLASSES]
    return [{"class": network.class_name(int(index)), "share": round(float(shares[index]), 4)} for index in first]


def said_of(frame: LiveFrame, network: ChosenNetwork) -> dict[str, Any]:
    """All answers on a frame, and how far they agree with the right key's."""
    answers: dict[str, Any] = {"right": said(frame.answer, network), "wrong": said(frame.wrong, network)}
    answers["wrong_agrees"] = round(agreement(frame.answer, frame.wrong), 4)
    if frame.plain is not None:
        answers["plain"] = said(frame.plain, network)
        answers["plain_agrees"] = round(agreement(frame.answer, frame.plain), 4)
    return answers

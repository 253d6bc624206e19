"""docs/networks.md: it names every network of the sweep, no figure in it is above what is allowed, and faults would show."""

import re
from dataclasses import replace

import pytest
import torch

from experiments import networks
from experiments.living_networks import CLASSIFIERS, DETECTORS, SEGMENTERS
from experiments.networks import PAGE, REFUSED, REFUSED_DETECTORS, NetworkRow, Refusal, measure_network, page, refusal_of
from inference.keyed.positions import take_positions
from inference.models import MODELS
from tests.keyed_check import TOLERANCE


def test_the_page_has_every_network_within_the_tolerance() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == [*MODELS, *CLASSIFIERS, *SEGMENTERS, *DETECTORS]
    for row in rows:
        assert all(float(difference) <= TOLERANCE for difference in row[5:]), row
        assert int(row[4]) > 15
    assert re.findall(r"^- `(\w+)`: .+ cannot be keyed: .+\.$", PAGE.read_text(), re.M) == [*REFUSED, *REFUSED_DETECTORS]


def test_a_network_is_measured_in_both_modes() -> None:
    row = measure_network("resnet20", (16, 24))
    assert (row.origin, row.kind, row.height, row.width) == ("keycam", "classifier", 16, 24)
    assert row.nodes > 60
    assert max(row.differences) <= TOLERANCE
    assert row.same_answers == (True, True)


def test_a_network_that_answers_otherwise_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    # Frames that are not in the order that the network is told: the answers must come out different.
    monkeypatch.setattr(networks, "take_positions", lambda x, order: take_positions(x, order.flip(0)))
    row = measure_network("lraspp_mobilenet_v3_large", (64, 64))
    assert row.same_answers == (False, False)
    assert "**other answers**" in page([row], [])


def test_the_page_writes_what_it_is_given() -> None:
    row = NetworkRow("net", "keycam", "classifier", 8, 9, 7, (0.0, 2e-6), (True, True))
    written = page([row, replace(row, name="other", same_answers=(True, False))], [Refusal("turned", "it cannot")])
    assert "| net | keycam | classifier | 8 x 9 | 7 | 0.0e+00 | 2.0e-06 |" in written
    assert "2.0e-06, **other answers** |" in written
    assert "- `turned`: it cannot." in written


def test_a_refused_network_says_why_and_one_that_is_not_refused_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "shifted_window_attention" in refusal_of("swin_t").said
    monkeypatch.setattr(networks, "convert", lambda network, example: torch.nn.Identity())
    with pytest.raises(RuntimeError, match="swin_t can be keyed now"):
        refusal_of("swin_t")

"""What an eavesdropper's network is trained on is what the camera emits, also after the training was stopped."""

from pathlib import Path

import numpy as np
import pytest
import torch

from adc import Geometry, KeySchedule
from experiments.eavesdropper import Emission, eavesdropped, fine_tune
from experiments.keyed_accuracy import POLICIES, keyed_answers
from inference.datasets import LabelledImages
from inference.models import build
from inference.training import TrainingPlan
from keycam.picture_frames import AdcFrames

PICTURES = LabelledImages(
    np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8), np.arange(6, dtype=np.int64), tuple("abcdef")
)


@pytest.mark.parametrize("policy", POLICIES)
def test_emitted_pictures_are_the_samples_of_the_readout(policy: str) -> None:
    x = torch.from_numpy(PICTURES.images).permute(0, 3, 1, 2).float() / 255
    emission = Emission(KeySchedule(bytes(32), policy=POLICIES[policy]), 8, counter=5)
    emitted = (torch.cat([emission(x[:2]), emission(x[2:])]) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    source, schedule = AdcFrames(PICTURES.images), KeySchedule(bytes(32), policy=POLICIES[policy])
    for number in range(6):
        raw = source.frame(number, schedule.frame_key(5 + number, Geometry(8, 8, bits=8, cfa="rgb")))
        assert np.array_equal(emitted[number].numpy(), raw.samples.reshape(8, 8, 3))


def test_only_the_static_order_moves_a_pixel_to_the_same_place_in_every_frame() -> None:
    spot = torch.zeros(4, 3, 8, 8)
    spot[:, :, 2, 3] = 1
    places = {name: Emission(eavesdropped(policy, 0), 8)(spot)[:, 0].flatten(1) for name, policy in POLICIES.items()}
    assert len(places["paper"].argmax(1).unique()) == 1
    assert len(places["fresh order"].argmax(1).unique()) > 1
    # The mask makes every code as likely: of 64 codes hardly any is the highest, and no two frames are equal.
    assert (places["secure"] > 0).float().mean() > 0.9


def test_a_fine_tuning_that_was_stopped_goes_on_under_the_same_keys(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def network() -> torch.nn.Module:
        torch.manual_seed(1)
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 6))

    def stopping(network: torch.nn.Module, calls: int) -> torch.nn.Module:
        left = iter(range(calls))

        def hook(*_: object) -> None:
            if next(left, None) is None:
                raise Stopped

        network.register_forward_pre_hook(hook)
        return network

    plan = TrainingPlan(epochs=3, small_crop_epochs=0, batch_size=3)
    whole, resumed = network(), network()
    fine_tune(whole, plan, PICTURES, POLICIES["secure"], tmp_path / "whole")
    with pytest.raises(Stopped):
        fine_tune(stopping(network(), 3), plan, PICTURES, POLICIES["secure"], tmp_path / "part")  # in the second epoch
    fine_tune(resumed, plan, PICTURES, POLICIES["secure"], tmp_path / "part")
    assert torch.equal(whole[1].weight, resumed[1].weight)
    assert not torch.equal(whole[1].weight, network()[1].weight)


def test_answers_with_the_key_are_the_plain_ones_and_follow_from_the_seed() -> None:
    torch.manual_seed(0)
    network = build("resnet20")
    first, again = (keyed_answers(network, PICTURES, POLICIES["secure"], 3, batch_size=4) for _ in range(2))
    assert first.different() == 0
    assert all(torch.equal(first.classes[way], again.classes[way]) for way in first.classes)
    first.classes["keyed_input"][0] += 1
    assert first.different() == 1

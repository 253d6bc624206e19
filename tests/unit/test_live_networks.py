"""Networks by name for the live camera: ours, published ones where they can be had, and a camera's mask on every pixel."""

from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision import models

from adc import KeySchedule
from firmware_model import geometry_of
from inference.answers import MaskAnswer, answer_of
from inference.datasets import CAMVID_CLASSES
from inference.isp import isp
from inference.models.state import WeightsError
from keycam.demo_camera import make_camera
from keycam.live.chosen_network import ChosenNetwork, chosen_network
from keycam.live.networks import LiveNetworks, agreement, plain_answer
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import load_photograph


def test_a_segmentation_network_says_the_same_of_every_pixel_with_the_key_and_something_else_without() -> None:
    small = ChosenNetwork("small", chosen_network("fcn_resnet12", None).network, (64, 64), CAMVID_CLASSES)
    networks = LiveNetworks(small, DEMO_PROFILE, geometry_of(DEMO_PROFILE))
    with KeySchedule(bytes(32)) as schedule, KeySchedule(bytes(31) + b"x") as wrong, make_camera(schedule, 0) as camera:
        networks.key(schedule, "input")
        raw = camera.capture(load_photograph("motorcycle"))
        image = isp(raw, schedule.frame_key(raw.header.counter, raw.header.geometry), networks.settings)
        with torch.inference_mode():
            order = torch.from_numpy(image.order.astype(np.int64))[None]
            answer = answer_of(networks, torch.from_numpy(image.x)[None], order)
        plain, misread = networks.plain(raw, schedule), networks.misread(raw, wrong)
        assert networks.restored(raw, schedule).shape == (3, 256, 256)
    assert isinstance(answer, MaskAnswer)
    assert agreement(answer, plain) == 1
    assert agreement(answer, misread) < 1


def test_published_weights_that_cannot_be_had_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setattr(models, "get_model", no_network)
    trouble = r"its weights cannot be downloaded from https://\S+ \(<urlopen error Temporary failure in name resolution>\)"
    with pytest.raises(WeightsError, match=f"model = 'resnet18': {trouble}; allowed is a machine that reaches it, or --weights"):
        chosen_network("resnet18", None)


def test_a_published_network_brings_its_classes_size_and_normalisation(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = models.squeezenet1_0(weights=None)
    monkeypatch.setattr(models, "get_model", lambda *_, **__: plain)
    chosen = chosen_network("squeezenet1_0", None)
    assert chosen.size == (224, 224)
    assert chosen.class_name(281) == "tabby"
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.inference_mode():
        torch.testing.assert_close(chosen.network(picture), plain.eval()((picture - mean) / std))


def test_the_masks_of_torchvisions_networks_are_read_by_their_name() -> None:
    scores = torch.zeros(1, 3, 2, 2)
    scores[0, 2, 0, 1] = 1
    answer = plain_answer({"out": scores, "aux": torch.zeros(1)})
    assert isinstance(answer, MaskAnswer)
    assert answer.mask.tolist() == [[0, 2], [0, 0]]
    assert answer.class_shares.tolist() == [0.75, 0, 0.25]


def test_before_it_has_a_key_it_answers_nothing() -> None:
    networks = LiveNetworks(chosen_network("resnet20", None), DEMO_PROFILE, geometry_of(DEMO_PROFILE))
    with pytest.raises(RuntimeError, match="the networks have no key yet"):
        networks(torch.zeros(1, 3, 32, 32), torch.zeros(1, 1024))

"""torchvision's networks by name: pictures in 0..1 go in, and their normalisation is part of the network."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models

from inference.models.pretrained import network_digest, pretrained_names, pretrained_network


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    file = tmp_path / "squeezenet.safetensors"
    save_file(models.get_model("squeezenet1_1", weights=None).state_dict(), file)
    return file


def test_a_classifier_takes_pictures_as_a_camera_gives_them_and_names_its_classes(weights: Path) -> None:
    found = pretrained_network("squeezenet1_1", weights)
    assert found.size == (224, 224)
    assert len(found.classes) == 1000
    assert found.classes[281] == "tabby"
    preset = models.get_model_weights("squeezenet1_1").DEFAULT.transforms()
    x = torch.rand(1, 3, 64, 64)
    plain = models.get_model("squeezenet1_1", weights=None)
    plain.load_state_dict({name.removeprefix("1."): t for name, t in found.network.state_dict().items() if name.startswith("1.")})
    normalised = (x - torch.tensor(preset.mean).view(1, 3, 1, 1)) / torch.tensor(preset.std).view(1, 3, 1, 1)
    with torch.inference_mode():
        assert torch.allclose(found.network(x), plain.eval()(normalised), atol=1e-5)


def test_the_digest_follows_the_weights(weights: Path) -> None:
    network = pretrained_network("squeezenet1_1", weights).network
    before = network_digest(network)
    assert before == network_digest(pretrained_network("squeezenet1_1", weights).network)
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] += 1e-3
    assert network_digest(network) != before


def test_detectors_and_unknown_names_are_none() -> None:
    names = pretrained_names()
    assert {"resnet18", "vit_b_16", "lraspp_mobilenet_v3_large", "fcn_resnet50"} <= names
    assert "ssd300_vgg16" not in names
    with pytest.raises(ValueError, match=r"^model = 'resnet19': allowed is a classifier or segmentation network"):
        pretrained_network("resnet19")

"""The networks have the published sizes, and weights of another network are refused."""

import itertools
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inference.models import MODELS, build, load, model_for
from inference.models.normalise import CIFAR10_MEAN, CIFAR10_STD, Normalise
from inference.models.registry import WeightsError, shipped_weights
from inference.models.resnet import PreResNet, begin_as_identity, shallow


def parameters(name: str) -> int:
    return sum(parameter.numel() for parameter in build(name).parameters())


def test_resnet20_has_0_27_million_parameters() -> None:
    # 0.27 M in He et al. 2016a, table 6, with shortcuts that have none; the two 1x1 shortcuts of option B add
    # 16*32 + 32*64 weights and 2*(32 + 64) of batch norm.
    assert parameters("resnet20") == 272_474


def test_preresnet110_has_1_70_million_parameters() -> None:
    assert parameters("preresnet110") == pytest.approx(1.70e6, abs=0.01e6)


def test_the_first_blocks_of_preresnet110_learn_for_the_whole_network() -> None:
    torch.manual_seed(0)
    whole, pictures = PreResNet(5), torch.rand(2, 3, 8, 8)
    begin_as_identity(whole, 2)
    part = shallow(whole, 2)
    assert sum(p.numel() for p in part.parameters()) < sum(p.numel() for p in whole.parameters())
    before = part(pictures)
    with torch.no_grad():
        for parameter in part.parameters():
            parameter.mul_(1.1)
    after = part(pictures)
    assert not torch.allclose(before, after)
    assert torch.equal(whole(pictures), after)
    assert torch.equal(whole.eval()(pictures), part.eval()(pictures))
    # What passed on its input so far learns as well.
    whole.train()(pictures).square().sum().backward()
    assert whole.stages[2][4].conv3.weight.grad.abs().max() > 0


def test_vgg16_has_14_7_million_parameters() -> None:
    # Thirteen convolutions with biases, their batch norms and one linear layer.
    plan = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    expected = sum(9 * i * o + o + 2 * o for i, o in itertools.pairwise(plan)) + 512 * 10 + 10
    assert parameters("vgg16") == expected
    assert expected == pytest.approx(14.7e6, abs=0.05e6)


def test_fcn_resnet12_has_fewer_than_two_million_parameters() -> None:
    # Weights of the convolutions of encoder, pooled gate, skips and joins; a pair for each batch norm; the scores with biases.
    encoder = 9 * (3 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 3 * 128 * 128 + 128 * 192 + 3 * 192 * 192)
    shortcuts = 32 * 64 + 64 * 128 + 128 * 192
    decoder = 2 * 192 * 64 + (128 + 64 + 32) * 64 + 2 * 9 * 64 * 64
    norms = 2 * (32 + 3 * 64 + 5 * 128 + 5 * 192 + 6 * 64)
    assert parameters("fcn_resnet12") == encoder + shortcuts + decoder + norms + 64 * 11 + 11 == 1_941_355


@pytest.mark.parametrize("name", MODELS)
def test_every_network_gives_scores_from_its_smallest_picture_on(name: str) -> None:
    network = build(name).eval()
    with torch.inference_mode():
        for size in (MODELS[name].smallest_px, 32, 41):
            scores = network(torch.rand(2, 3, size, size + 1, generator=torch.Generator().manual_seed(1)))
            assert scores.shape == ((2, 11, size, size + 1) if MODELS[name].dataset == "camvid" else (2, 10))
            assert torch.isfinite(scores).all()


def test_a_data_set_has_a_network_of_its_own() -> None:
    assert (model_for("cifar10"), model_for("camvid"), model_for("cifar10", "vgg16")) == ("resnet20", "fcn_resnet12", "vgg16")
    with pytest.raises(
        ValueError, match="model = 'vgg16': allowed is one of fcn_resnet12 with dataset camvid, vgg16 is for cifar10"
    ):
        model_for("camvid", "vgg16")
    with pytest.raises(ValueError, match="dataset = 'imagenet': allowed is cifar10, camvid, voc"):
        model_for("imagenet")


def test_vgg16_takes_nothing_smaller() -> None:
    with pytest.raises(RuntimeError), torch.inference_mode():
        build("vgg16").eval()(torch.zeros(1, 3, MODELS["vgg16"].smallest_px - 1, 32))


def test_normalisation_is_the_data_set_s() -> None:
    x = torch.tensor(CIFAR10_MEAN).view(1, 3, 1, 1) + torch.tensor(CIFAR10_STD).view(1, 3, 1, 1) * torch.tensor([0.0, 1.0, -2.0])
    assert torch.allclose(Normalise()(x), torch.tensor([0.0, 1.0, -2.0]).expand(1, 3, 1, 3), atol=1e-5)


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="model = 'nonsense': allowed is one of resnet20, preresnet110, vgg16"):
        build("nonsense")


def test_the_shipped_weights_are_loaded_ready_to_predict() -> None:
    network = load("resnet20")
    assert not any(module.training for module in network.modules())
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(network(x), load("resnet20", shipped_weights("resnet20"))(x))
        assert not torch.equal(network(x), build("resnet20").eval()(x))


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    network = build("resnet20")
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    loaded = load("resnet20", tmp_path / "a.safetensors").state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in network.state_dict().items())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    state = build("resnet20").state_dict()
    missing = {name: tensor for name, tensor in state.items() if name != "linear.bias"}
    for name, wrong in (
        ("another", build("preresnet110").state_dict()),
        ("missing", missing),
        ("more", {**state, "more": torch.zeros(1)}),
        ("shape", {**state, "linear.bias": torch.zeros(11)}),
    ):
        file = tmp_path / f"{name}.safetensors"
        save_file(wrong, file)
        with pytest.raises(WeightsError, match=f"weights = {file}: they belong to another network; allowed is .* of resnet20"):
            load("resnet20", file)


@pytest.mark.parametrize("content", [b"", b"not safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=r"a\.safetensors: "):
        load("resnet20", tmp_path / "a.safetensors")


def test_a_truncated_file_of_weights_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(shipped_weights("resnet20").read_bytes()[:-1])
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        load("resnet20", file)


def test_weights_that_are_not_shipped_say_how_to_make_them() -> None:
    with pytest.raises(WeightsError, match="keycam train --dataset cifar10 --model vgg16"):
        shipped_weights("vgg16")

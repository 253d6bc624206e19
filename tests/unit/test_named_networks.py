"""Networks of torchvision's, of PrivDL's and of the user's own, by name and with weights from files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import models

from inference.keyed import convert
from inference.models import load, load_privdl_network, load_privdl_order, named_network
from inference.models.privdl import PrivdlVgg16
from inference.models.state import WeightsError
from tests.keyed_check import TOLERANCE, smooth_pictures, with_live_statistics


def privdl_state(classes: int) -> dict[str, Tensor]:
    """A state dict with the names and shapes of PrivDL's VGG: conv1..13, bcn1..13, and classifier 0, 3, 6."""
    generator = torch.Generator().manual_seed(0)
    channels = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    state: dict[str, Tensor] = {}
    for number in range(1, 14):
        fan_in, out = 9 * channels[number - 1], channels[number]
        state[f"conv{number}.weight"] = torch.randn(out, channels[number - 1], 3, 3, generator=generator) * (2 / fan_in) ** 0.5
        state[f"conv{number}.bias"] = torch.randn(out, generator=generator) * 0.1
        state[f"bcn{number}.weight"] = 1 + 0.1 * torch.randn(out, generator=generator)
        state[f"bcn{number}.bias"] = 0.1 * torch.randn(out, generator=generator)
        state[f"bcn{number}.running_mean"] = 0.1 * torch.randn(out, generator=generator)
        state[f"bcn{number}.running_var"] = 0.5 + torch.rand(out, generator=generator)
        state[f"bcn{number}.num_batches_tracked"] = torch.tensor(7)
    for number, inputs, outputs in ((0, 512, 4096), (3, 4096, 4096), (6, 4096, classes)):
        state[f"classifier.{number}.weight"] = torch.randn(outputs, inputs, generator=generator) * (2 / inputs) ** 0.5
        state[f"classifier.{number}.bias"] = torch.randn(outputs, generator=generator) * 0.1
    return state


def privdl_answer(state: dict[str, Tensor], x: Tensor) -> Tensor:
    """What PrivDL's network computes, from functions: five groups of convolution, batch norm and ReLU, halved by a maximum."""
    functional = nn.functional
    for number in range(1, 14):
        x = functional.conv2d(x, state[f"conv{number}.weight"], state[f"conv{number}.bias"], padding=1)
        norm = [state[f"bcn{number}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
        x = functional.batch_norm(x, *norm).relu()
        if number in (2, 4, 7, 10, 13):
            x = functional.max_pool2d(x, 2)
    x = x.reshape(len(x), -1)
    for number in (0, 3):
        x = functional.linear(x, state[f"classifier.{number}.weight"], state[f"classifier.{number}.bias"]).relu()
    return functional.linear(x, state["classifier.6.weight"], state["classifier.6.bias"])


def scrambled_as_privdl_does(pictures: Tensor, key: NDArray[np.int64]) -> Tensor:
    """Place q of the scrambled picture, row by row, shows the pixel in row key[q] // side and column key[q] % side."""
    side = pictures.shape[-1]
    out = torch.empty_like(pictures)
    for q, source in enumerate(key):
        out[:, :, q // side, q % side] = pictures[:, :, source // side, source % side]
    return out


def privdl_key(seed: int = 3) -> NDArray[np.int64]:
    return np.argsort(np.random.default_rng(seed).random(32 * 32))


@pytest.mark.parametrize("classes", [10, 100])
def test_a_checkpoint_of_privdl_gives_its_own_answers(classes: int, tmp_path: Path) -> None:
    state, x = privdl_state(classes), smooth_pictures(2, (32, 32), seed=1)
    torch.save(state, tmp_path / "vgg16-200-best.pth")
    with torch.inference_mode():
        expected, answer = privdl_answer(state, x), load_privdl_network(tmp_path / "vgg16-200-best.pth")(x)
    assert answer.shape == (2, classes)
    assert (answer - expected).abs().max() <= TOLERANCE * expected.abs().max()
    assert (expected[0] - expected[1]).abs().max() > 1e-2 * expected.abs().max()


@pytest.mark.parametrize("saved", ["key.npy", "key.pt"])
def test_pictures_that_privdl_scrambled_get_the_plain_answer_with_its_key(saved: str, tmp_path: Path) -> None:
    state, x, key = privdl_state(10), smooth_pictures(2, (32, 32), seed=1), privdl_key()
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, tmp_path / "vgg.pth")
    if saved.endswith(".npy"):
        np.save(tmp_path / saved, key)
    else:
        torch.save(torch.from_numpy(key), tmp_path / saved)
    network, order = load_privdl_network(tmp_path / "vgg.pth"), load_privdl_order(tmp_path / saved)
    keyed = convert(network, x)
    with torch.inference_mode():
        expected, answer = privdl_answer(state, x), keyed(scrambled_as_privdl_does(x, key), order)
        wrong = keyed(scrambled_as_privdl_does(x, privdl_key(seed=4)), order)
    assert (answer - expected).abs().max() <= TOLERANCE * expected.abs().max()
    assert (wrong - expected).abs().max() > 1e-2 * expected.abs().max()


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (privdl_key()[:-1], r"it holds int64 \(1023,\)"),
        (privdl_key().astype(float), r"it holds float64 \(1024,\)"),
        (privdl_key().reshape(32, 32), r"it holds int64 \(32, 32\)"),
        (np.where(privdl_key() == 5, 6, privdl_key()), "it does not hold every pixel once"),
        (privdl_key() + 1, "it does not hold every pixel once"),
    ],
)
def test_an_array_that_is_no_key_is_refused(key: NDArray[np.generic], says: str, tmp_path: Path) -> None:
    np.save(tmp_path / "key.npy", key)
    with pytest.raises(WeightsError, match=rf"order = .*key\.npy: {says}; allowed is .* a permutation of 0 to 1023"):
        load_privdl_order(tmp_path / "key.npy")


def test_a_key_file_that_is_missing_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"key\.npy: there is no such file"):
        load_privdl_order(tmp_path / "key.npy")
    for name in ("key.npy", "key.pt"):
        (tmp_path / name).write_bytes(b"nonsense")
        with pytest.raises(WeightsError, match=rf"order = .*{name}: it is "):
            load_privdl_order(tmp_path / name)


def test_weights_of_another_network_are_none_of_privdl_s(tmp_path: Path) -> None:
    torch.save(load("resnet20").state_dict(), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"they belong to another network; allowed is .* of privdl-vgg16"):
        load_privdl_network(tmp_path / "a.pth")


def test_privdl_s_network_has_its_published_parameters() -> None:
    assert sum(parameter.numel() for parameter in PrivdlVgg16().parameters()) == sum(
        tensor.numel() for name, tensor in privdl_state(100).items() if name.split(".")[-1] in ("weight", "bias")
    )


def test_keycam_s_own_networks_take_their_shipped_weights() -> None:
    named = named_network("resnet20")
    assert named.size == (32, 32)
    x = smooth_pictures(1, (32, 32), seed=1)
    with torch.inference_mode():
        assert torch.equal(named.network(x), load("resnet20")(x))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_torchvision_s_networks_take_weights_from_a_file(suffix: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = with_live_statistics(models.get_model("mobilenet_v3_small", weights=None), (32, 32))
    file = tmp_path / f"weights{suffix}"
    torch.save(network.state_dict(), file) if suffix == ".pth" else save_file(network.state_dict(), file)
    named = named_network("mobilenet_v3_small", file)
    x = smooth_pictures(1, (32, 32), seed=1)
    with torch.inference_mode():
        assert torch.equal(named.network(x), network(x))
    assert named.size == (224, 224)
    assert not named.network.training


def test_a_segmentation_network_takes_weights_with_an_auxiliary_head(tmp_path: Path) -> None:
    network = models.get_model("fcn_resnet50", weights=None, weights_backbone=None, aux_loss=True).eval()
    torch.save(network.state_dict(), tmp_path / "a.pth")
    with torch.inference_mode():
        assert set(named_network("fcn_resnet50", tmp_path / "a.pth").network(torch.zeros(1, 3, 32, 32))) == {"out", "aux"}


def test_torchvision_s_networks_come_without_weights() -> None:
    with pytest.raises(WeightsError, match="weights = None: resnet18 comes without any; allowed is"):
        named_network("resnet18")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model = 'resnet19': allowed is resnet20, .*, privdl-vgg16, .* module:function"):
        named_network("resnet19")


def test_a_function_of_the_user_s_gives_its_own_weights_or_takes_a_file_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        "from torch import nn",
        "def tiny():",
        "    net = nn.Sequential(nn.Linear(2, 1))",
        "    nn.init.ones_(net[0].weight)",
        "    return net",
    )
    (tmp_path / "users_network.py").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    named = named_network("users_network:tiny")
    assert named.size is None
    assert not named.network.training
    assert torch.equal(named.network.state_dict()["0.weight"], torch.ones(1, 2))
    torch.save({"_orig_mod.0.weight": torch.zeros(1, 2), "_orig_mod.0.bias": torch.zeros(1)}, tmp_path / "a.pt")
    assert torch.equal(named_network("users_network:tiny", tmp_path / "a.pt").network.state_dict()["0.weight"], torch.zeros(1, 2))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 cut"])
def test_a_damaged_state_dict_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"weights = .*a\.pth: it is damaged, or holds more than tensors; allowed is"):
        named_network("resnet20", tmp_path / "a.pth")


def test_a_file_that_holds_a_whole_network_runs_no_code(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 1), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds more than tensors"):
        named_network("resnet20", tmp_path / "a.pth")


def test_tensors_that_are_no_state_dict_are_refused(tmp_path: Path) -> None:
    for content in (torch.zeros(3), {"epoch": 3}):
        torch.save(content, tmp_path / "a.pth")
        with pytest.raises(WeightsError, match="it holds no state dict"):
            named_network("resnet20", tmp_path / "a.pth")

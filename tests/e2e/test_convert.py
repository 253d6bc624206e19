"""`keycam convert` and `keycam export`: files that answer as the network does, kept to their owner, or nothing at all."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from inference.models import load, named_network
from keycam import key_guard

MINE = """
import torch
from torch import nn

def dense():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1))

def blind():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())

def sorting():
    class Sorting(nn.Module):
        def forward(self, x):
            return x.sort(dim=2)[0]
    return Sorting()

def number():
    return 3

def broken():
    raise RuntimeError("no such\\ncamera")
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the user's networks in `networks_of_mine.py`."""
    (tmp_path / "networks_of_mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keyed_frames(channels: int, side: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    plain = torch.rand(2, channels, side, side, generator=generator)
    order = torch.stack([torch.randperm(side * side, generator=generator) for _ in range(2)])
    emitted = plain.flatten(2).gather(2, order[:, None].expand(2, channels, -1)).view_as(plain)
    return plain, emitted, order


def test_a_program_answers_as_the_network_and_is_its_owner_s_alone(command, here: Path) -> None:
    key = here / "device.key"
    made = command("keys", "new", key).out.split()[-1]
    result = command("convert", "resnet20", "--out", "a.pt2", "--key", key, "--json").json()
    assert (result["model"], result["shuffle"], result["key"], result["file"]) == ("resnet20", "every-layer", made, "a.pt2")
    assert result["inputs"] == {"x": [None, 3, 32, 32], "order": [None, 1024]}
    assert result["outputs"] == {"answer": [None, 10]}
    assert result["parameters"] == 272_474
    assert result["batch_norms_folded"] == 21
    assert result["operators_rewritten"] == 22  # 21 convolutions and a mean
    assert result["max_relative_difference"] <= 1e-5
    assert result["classes_that_differ"] == 0
    assert result["wrong_key_difference"] > 0.01
    assert result["bytes"] == (here / "a.pt2").stat().st_size
    assert (here / "a.pt2").stat().st_mode & 0o777 == 0o600
    plain, emitted, order = keyed_frames(3, 32)
    with torch.no_grad():
        expected, answer = load("resnet20")(plain), torch.export.load("a.pt2").module()(emitted, order)
    assert (answer - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_a_key_fixes_the_orders_in_the_file(command, here: Path) -> None:
    line = ("convert", "networks_of_mine:dense", "--size", "8x8", "--channels", 1, "--out", "a.pt2")
    assert command("keys", "new", "device.key").code == 0
    _, emitted, order = keyed_frames(1, 8)
    orders = []
    for key in (("--key", "device.key"), ("--key", "device.key"), ()):
        assert command(*line, *key).code == 0
        orders.append(torch.export.load("a.pt2").module()(emitted, order)[1]["answer"])
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])


def test_onnxruntime_answers_and_says_in_which_order(command, here: Path) -> None:
    line = ("export", "networks_of_mine:dense", "--size", "8x8", "--channels", 1, "--onnx", "a.onnx", "--json")
    result = command(*line).json()
    assert result["outputs"] == {"answer": [None, 3, 8, 8], "answer_order": [None, 64]}
    assert result["max_relative_difference"] <= 1e-4
    assert (here / "a.onnx").stat().st_mode & 0o777 == 0o600
    plain, emitted, order = keyed_frames(1, 8)
    session = onnxruntime.InferenceSession("a.onnx", providers=["CPUExecutionProvider"])
    answer, answer_order = session.run(None, {"x": emitted.numpy(), "order": order.numpy()})
    raster = np.empty_like(answer).reshape(2, 3, 64)
    for frame in range(2):
        raster[frame][:, answer_order[frame]] = answer[frame].reshape(3, 64)
    with torch.no_grad():
        expected = named_network("networks_of_mine:dense").network(plain).numpy()
    assert np.abs(raster.reshape(expected.shape) - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_checkpoint_and_a_key_of_privdl_convert(command, here: Path) -> None:
    from inference.models.privdl import PrivdlVgg16
    from tests.keyed_check import with_live_statistics

    torch.manual_seed(1)
    torch.save(with_live_statistics(PrivdlVgg16(10), (32, 32)).state_dict(), "vgg.pth")
    np.save("key.npy", np.argsort(np.random.default_rng(1).random(1024)))
    line = ("convert", "privdl-vgg16", "--weights", "vgg.pth", "--order", "key.npy", "--shuffle", "input", "--batch", 2)
    run = command(*line, "--out", "a.pt2")
    assert run.code == 0
    assert run.err == ""
    assert "privdl-vgg16, 33,646,666 parameters" in run.out
    assert "x (2, 3, 32, 32); order (2, 1024)" in run.out


BAD_LINES = [
    ("convert", 2, "Missing argument 'MODEL'"),
    ("convert resnet20", 2, "Missing option '--out'"),
    ("export resnet20", 2, "Missing option '--onnx'"),
    ("convert resnet20 --out a.onnx", 2, "out = a.onnx: allowed is a file whose name ends in .pt2"),
    ("export resnet20 --onnx a.pt2", 2, "onnx = a.pt2: allowed is a file whose name ends in .onnx"),
    (
        "convert nonsense --out a.pt2",
        2,
        "model = 'nonsense': allowed is resnet20, preresnet110, vgg16, fcn_resnet12, privdl-vgg16, ",
    ),
    ("convert resnet20 --out a.pt2 --size 32", 2, "size = '32': allowed is HxW with sides of 1 to 4096, such as 224x224"),
    ("convert resnet20 --out a.pt2 --size 0x32", 2, "size = '0x32': allowed is HxW"),
    ("convert resnet20 --out a.pt2 --size 32x99999", 2, "size = '32x99999': allowed is HxW"),
    ("convert resnet20 --out a.pt2 --channels 0", 2, "channels = 0: allowed is 1 or more"),
    ("convert resnet20 --out a.pt2 --channels 4", 2, "model = 'resnet20': it does not take frames of 4 x 32 x 32 ("),
    ("convert resnet20 --out a.pt2 --batch 0", 2, "batch = 0: allowed is 1 or more"),
    ("convert resnet20 --out a.pt2 --shuffle both", 2, "shuffle = 'both': allowed is every-layer, input"),
    ("convert resnet20 --out a.pt2 --policy nonsense", 2, "policy = 'nonsense': allowed is"),
    ("convert networks_of_mine:dense --out a.pt2", 2, "size = None: nothing says what networks_of_mine:dense was made for; "),
    ("convert networks_of_mine:none --out a.pt2", 2, "model = 'networks_of_mine:none': AttributeError, "),
    ("convert networks_of_mine:number --out a.pt2", 2, "model = 'networks_of_mine:number': it returns a int; allowed is"),
    (
        "convert networks_of_mine:broken --out a.pt2",
        2,
        "model = 'networks_of_mine:broken': RuntimeError, no such camera; allowed is",
    ),
    ("convert nowhere_at_all:dense --out a.pt2", 2, "model = 'nowhere_at_all:dense': ModuleNotFoundError, "),
    ("convert networks_of_mine:sorting --size 8x8 --out a.pt2", 2, "(sort) cannot be keyed: "),
    ("convert networks_of_mine:blind --size 8x8 --out a.pt2", 2, "a wrong key moves the answers by "),
    ("convert vgg16 --out a.pt2", 3, "model = 'vgg16': no weights are shipped for it; allowed is"),
    ("convert resnet18 --out a.pt2", 3, "weights = None: resnet18 comes without any; allowed is"),
    ("convert privdl-vgg16 --out a.pt2", 3, "weights = None: privdl-vgg16 comes without any; allowed is"),
    ("convert resnet20 --out a.pt2 --weights none.pth", 3, "weights = none.pth: there is no such file; allowed is"),
    ("convert resnet20 --out a.pt2 --weights networks_of_mine.py", 3, "it is not a readable safetensors file"),
    ("convert resnet20 --out a.pt2 --key none.key", 3, "key = none.key: there is no such file; allowed is"),
    ("convert resnet20 --out a.pt2 --order none.npy", 3, "order = none.npy: there is no such file; allowed is"),
    (
        "convert resnet20 --out networks_of_mine.py/a.pt2",
        3,
        "out = networks_of_mine.py/a.pt2: a file is in the place of a folder",
    ),
]


@pytest.mark.parametrize(("line", "code", "says"), BAD_LINES, ids=[line for line, _, _ in BAD_LINES])
def test_a_refusal_is_one_sentence_and_leaves_nothing(command, here: Path, line: str, code: int, says: str) -> None:
    run = command(*line.split())
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith("keycam: ")
    assert run.err.count("\n") == 1
    assert says in run.err
    assert [file.name for file in here.iterdir() if file.name != "__pycache__"] == ["networks_of_mine.py"]


def test_a_file_that_was_there_outlives_a_refusal(command, here: Path) -> None:
    (here / "a.pt2").write_text("an older one")
    assert command("convert", "networks_of_mine:blind", "--size", "8x8", "--out", "a.pt2").code == 2
    assert (here / "a.pt2").read_text() == "an older one"


def test_onnx_without_its_packages_is_refused(command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.export.onnx_model.PACKAGES", ("a_package_that_nobody_has",))
    run = command("export", "resnet20", "--onnx", "a.onnx")
    assert run.code == 2
    assert run.err == "keycam: onnx: a_package_that_nobody_has not installed; allowed is with the extra called onnx\n"


def test_a_client_converts_with_the_sealed_secret_of_its_epoch(command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_guard, "LOG2_N", 10)
    (here / "passphrase").write_text("correct horse\n")
    assert command("keys", "new", "device.key", "--client", "lab", "--client", "host").code == 0
    assert command("keys", "open", "device.key", "own.key", "--client", "lab").code == 0
    assert command("keys", "seal", "own.key", "own.sealed", "--passphrase-file", "passphrase").code == 0
    line = ("convert", "resnet20", "--out", "a.pt2", "--key", "own.sealed", "--passphrase-file", "passphrase")
    assert command(*line, "--json").json()["key"] == command("keys", "show", "own.key", "--json").json()["fingerprint"]
    refused = command("convert", "resnet20", "--out", "b.pt2", "--key", "device.key")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "keycam: client: this key has 2 active ones; allowed is host, lab\n"
    assert not (here / "b.pt2").exists()

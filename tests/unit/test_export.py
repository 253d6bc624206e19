"""Converted networks compile, and the files made of them answer as the plain network does, without keycam."""

import shutil
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from inference.export import (
    Comparison,
    ExportError,
    compare,
    dense_axes,
    export_program,
    fold_batch_norms,
    onnx_answers,
    onnx_model,
    program_answers,
    smooth_frames,
    write_onnx,
    write_program,
)
from inference.export.folding import batch_norms
from inference.export.program import named_parts
from inference.keyed import KeyedNetwork, convert
from inference.models import build
from tests.keyed_check import TOLERANCE, random_orders, scrambled, smooth_pictures, with_live_statistics

ONNX_TOLERANCE = 1e-4
SHUFFLES = ("input", "every-layer")
SIZE = (16, 16)


@pytest.fixture(autouse=True)
def fresh_compiler() -> None:
    """Networks share code, of which torch.compile keeps a few versions only."""
    torch.compiler.reset()


def flattening() -> nn.Module:
    """A linear layer reads a map of 8x8 pixels, flattened."""
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 64, 10))


class Dense(nn.Module):
    """Two answers for each pixel, at full and at half size, and one for the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU())
        self.fine, self.coarse = nn.Conv2d(6, 3, 3, padding=1), nn.Conv2d(6, 3, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.body(x)
        return {"fine": self.fine(x), "coarse": self.coarse(x), "whole": x.mean((2, 3))}


def torchvision_network(name: str) -> nn.Module:
    from torchvision import models

    options = {"weights_backbone": None} if name.startswith("lraspp") else {}
    network: nn.Module = models.get_model(name, weights=None, **options)
    return network


NETWORKS = {
    "flattening": (flattening, SIZE),
    "dense": (Dense, SIZE),
    "resnet20": (lambda: build("resnet20"), SIZE),
    "vgg16": (lambda: build("vgg16"), (32, 32)),
    "mobilenet_v3_small": (lambda: torchvision_network("mobilenet_v3_small"), (32, 32)),
    "lraspp_mobilenet_v3_large": (lambda: torchvision_network("lraspp_mobilenet_v3_large"), (64, 64)),
}


def living(name: str) -> tuple[nn.Module, Tensor, Tensor]:
    """A network with a signal in it, three frames, and an order for each."""
    torch.manual_seed(1)
    make, size = NETWORKS[name]
    network = with_live_statistics(make(), size)
    return network, smooth_pictures(3, size, seed=3), random_orders(3, size[0] * size[1])


def keyed_twin(network: nn.Module, x: Tensor, shuffle: str) -> KeyedNetwork:
    return convert(network, x, shuffle)  # type: ignore[arg-type]


def output_names(network: nn.Module, keyed: KeyedNetwork, x: Tensor) -> list[str]:
    with torch.no_grad():
        return [*named_parts(network(x), Tensor), *(f"{name}_order" for name in dense_axes(keyed))]


LARGE = ("mobilenet_v3_small", "lraspp_mobilenet_v3_large")


@pytest.mark.parametrize(
    ("name", "shuffle"),
    [(name, shuffle) for name in NETWORKS if name not in LARGE for shuffle in SHUFFLES]
    + [("lraspp_mobilenet_v3_large", "every-layer"), pytest.param("mobilenet_v3_small", "every-layer", marks=pytest.mark.slow)]
    + [pytest.param(name, "input", marks=pytest.mark.slow) for name in LARGE],
)
def test_a_program_answers_as_the_plain_network_for_any_number_of_frames(name: str, shuffle: str, tmp_path: Path) -> None:
    network, x, order = living(name)
    keyed = keyed_twin(network, x, shuffle)
    write_program(export_program(keyed), tmp_path / "a.pt2")
    answers = program_answers(tmp_path / "a.pt2")
    for frames in (1, 3):
        comparison = compare(network, answers, dense_axes(keyed), x[:frames], order[:frames])
        assert comparison.trouble(TOLERANCE) is None, comparison


@pytest.mark.parametrize(
    ("name", "shuffle"),
    [(name, shuffle) for name in ("flattening", "dense", "resnet20") for shuffle in SHUFFLES]
    + [pytest.param(name, "every-layer", marks=pytest.mark.slow) for name in ("vgg16", "mobilenet_v3_small")]
    + [pytest.param("lraspp_mobilenet_v3_large", shuffle, marks=pytest.mark.slow) for shuffle in SHUFFLES],
)
def test_onnxruntime_answers_as_the_plain_network_for_any_number_of_frames(name: str, shuffle: str, tmp_path: Path) -> None:
    network, x, order = living(name)
    keyed = keyed_twin(fold_batch_norms(network, x), x, shuffle)
    write_onnx(export_program(keyed), output_names(network, keyed, x), tmp_path / "a.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx", providers=["CPUExecutionProvider"])
    assert [(tensor.name, tensor.shape[0]) for tensor in session.get_inputs()] == [("x", "frames"), ("order", "frames")]
    for frames in (1, 3):
        comparison = compare(network, onnx_answers(tmp_path / "a.onnx"), dense_axes(keyed), x[:frames], order[:frames])
        assert comparison.trouble(ONNX_TOLERANCE) is None, comparison


@pytest.mark.parametrize(
    ("name", "shuffle"),
    [(name, shuffle) for name in ("flattening", "resnet20") for shuffle in SHUFFLES]
    + [pytest.param("mobilenet_v3_small", shuffle, marks=pytest.mark.slow) for shuffle in SHUFFLES],
)
def test_a_keyed_network_compiles_whole(name: str, shuffle: str) -> None:
    network, x, order = living(name)
    compiled = torch.compile(keyed_twin(network, x, shuffle), backend="aot_eager", fullgraph=True)
    with torch.inference_mode():
        for each in (order, order[0]):  # an order for each frame, and one for all
            plain, answer = network(x), compiled(scrambled(x, each), each)
            assert (answer - plain).abs().max() <= TOLERANCE * plain.abs().max()


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on the processor")
def test_a_keyed_network_compiles_to_machine_code() -> None:
    network, x, order = living("flattening")
    compiled = torch.compile(keyed_twin(network, x, "every-layer"), fullgraph=True)
    with torch.inference_mode():
        plain, answer = network(x), compiled(scrambled(x, order), order)
    assert (answer - plain).abs().max() <= TOLERANCE * plain.abs().max()


@pytest.mark.parametrize("strict", [False, True])
def test_torch_export_takes_a_keyed_network_as_it_is_and_leaves_it_so(strict: bool) -> None:
    network, x, order = living("flattening")
    keyed = keyed_twin(network, x, "every-layer")
    free = {0: torch.export.Dim("frames", min=1)}
    with torch.no_grad():
        program = torch.export.export(keyed, (scrambled(x, order), order), dynamic_shapes=(free, free), strict=strict)
        plain = network(x[:1])
        for answer in (program.module()(scrambled(x[:1], order[:1]), order[:1]), keyed(scrambled(x[:1], order[:1]), order[:1])):
            assert (answer - plain).abs().max() <= TOLERANCE * plain.abs().max()


def test_a_dense_answer_comes_with_its_own_order_and_the_others_without(tmp_path: Path) -> None:
    network, x, order = living("dense")
    keyed = keyed_twin(network, x, "every-layer")
    assert set(dense_axes(keyed)) == {"fine", "coarse"}
    write_program(export_program(keyed), tmp_path / "a.pt2")
    outputs = program_answers(tmp_path / "a.pt2")(scrambled(x, order), order)
    assert list(outputs) == ["fine", "coarse", "whole", "fine_order", "coarse_order"]
    assert outputs["fine_order"].shape == (3, 256)
    assert outputs["coarse_order"].shape == (3, 64)
    with torch.no_grad():
        plain = network(x)["coarse"].flatten(2)
    emitted = outputs["coarse"].flatten(2)
    assert torch.allclose(emitted, plain.gather(2, outputs["coarse_order"][:, None].expand_as(plain)), atol=1e-6)
    assert not torch.allclose(emitted, plain, atol=1e-3)


def test_a_program_runs_where_there_is_no_keycam(tmp_path: Path) -> None:
    network, x, order = living("flattening")
    write_program(export_program(keyed_twin(network, x, "every-layer")), tmp_path / "a.pt2")
    torch.save({"x": scrambled(x, order), "order": order}, tmp_path / "frames.pt")
    code = (
        "import sys, torch; frames = torch.load('frames.pt'); program = torch.export.load('a.pt2').module();"
        "torch.save(program(frames['x'], frames['order']), 'answer.pt'); print('inference' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
    with torch.no_grad():
        plain = network(x)
    assert (torch.load(tmp_path / "answer.pt") - plain).abs().max() <= TOLERANCE * plain.abs().max()


def test_files_name_no_folder_of_this_machine_and_hold_each_weight_once(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Flatten(), nn.Linear(8 * 256, 100)).eval()
    program = export_program(keyed_twin(network, torch.zeros(1, 3, *SIZE), "every-layer"))
    weights_bytes = 4 * sum(parameter.numel() for parameter in network.parameters())
    write_program(program, tmp_path / "a.pt2")
    write_onnx(program, ["answer"], tmp_path / "a.onnx")
    for file in (tmp_path / "a.pt2", tmp_path / "a.onnx"):
        content = file.read_bytes()
        assert str(Path(onnx_model.__file__).parents[1]).encode() not in content
        assert weights_bytes < len(content) < 1.3 * weights_bytes


def test_a_program_for_so_many_frames_takes_no_others(tmp_path: Path) -> None:
    network, x, order = living("flattening")
    write_program(export_program(keyed_twin(network, x, "input"), frames=2), tmp_path / "a.pt2")
    answers = program_answers(tmp_path / "a.pt2")
    assert answers(scrambled(x[:2], order[:2]), order[:2])["answer"].shape == (2, 10)
    with pytest.raises(AssertionError, match="x"):
        answers(scrambled(x, order), order)


def test_folding_leaves_no_batch_norm_and_the_network_as_it_was() -> None:
    network, x, _ = living("resnet20")
    before = batch_norms(network)
    folded = fold_batch_norms(network, x)
    assert (before, batch_norms(network), batch_norms(folded)) == (21, 21, 0)
    with torch.no_grad():
        assert torch.allclose(folded(x), network(x), rtol=0, atol=TOLERANCE * network(x).abs().max().item())


def test_folding_that_rounds_too_much_is_left_undone() -> None:
    network, x, _ = living("resnet20")
    norm = network.get_submodule("bn1")
    assert isinstance(norm, nn.BatchNorm2d)
    norm.running_mean.add_(1e4)  # type: ignore[union-attr]  # a large offset that the next line takes away again
    network.get_submodule("conv1").register_parameter("bias", nn.Parameter(torch.full((16,), 1e4)))
    assert fold_batch_norms(network, x) is network


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ((0.0, 0.5, 0.0), None),
        ((2e-5, 0.5, 0.0), "differ by 2.0e-05 of the largest; allowed is 1e-05"),
        ((float("nan"), 0.5, 0.0), "differ by nan"),
        ((0.0, 0.5, 0.25), "25.00% of the classes differ"),
        ((0.0, 1e-6, 0.0), "a wrong key moves the answers by 1.0e-06"),
        ((0.0, float("nan"), 0.0), "a wrong key moves the answers by nan"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(figures: tuple[float, float, float], says: str | None) -> None:
    trouble = Comparison(*figures).trouble(1e-5)
    assert trouble is None if says is None else trouble is not None and says in trouble


def test_a_comparison_sees_a_network_that_ignores_the_order() -> None:
    network, x, order = living("resnet20")

    def unkeyed(emitted: Tensor, _: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            return {"answer": network(emitted)}

    comparison = compare(network, unkeyed, {}, x, order)
    assert comparison.largest_difference > 1e-2
    assert comparison.largest_difference == comparison.wrong_key_difference


def test_what_torch_export_cannot_follow_is_refused() -> None:
    class Branching(nn.Module):
        def forward(self, x: Tensor, _: Tensor) -> Tensor:
            return x if x.sum() > 0 else -x

    keyed = convert(flattening().eval(), torch.zeros(1, 3, *SIZE))
    keyed.graph_module.add_submodule("keyed_0", Branching())
    with pytest.raises(ExportError, match=r"torch\.export cannot follow it"):
        export_program(keyed)


def test_onnx_without_its_packages_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(onnx_model, "PACKAGES", ("onnx", "a_package_that_nobody_has"))
    with pytest.raises(ExportError, match=r"a_package_that_nobody_has not installed; allowed is with the extra called onnx"):
        onnx_answers(tmp_path / "a.onnx")


def test_frames_for_comparing_are_smooth_pictures_between_0_and_1() -> None:
    frames = smooth_frames(2, 4, (24, 40))
    assert frames.shape == (2, 4, 24, 40)
    assert 0 <= frames.min() < 0.2 < 0.8 < frames.max() <= 1
    assert (frames[..., 1:] - frames[..., :-1]).abs().mean() < 0.1

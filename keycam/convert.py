"""`keycam convert` and `keycam export`: a network's keyed twin in a file, written only when its answers are right."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from adc import LayerOrders
from inference.choices import Shuffle
from inference.export import (
    ExportError,
    compare,
    dense_axes,
    export_program,
    fold_batch_norms,
    onnx_answers,
    program_answers,
    smooth_frames,
    write_onnx,
    write_program,
)
from inference.export.folding import batch_norms
from inference.export.onnx_model import check_installed
from inference.export.program import Answers, named_parts
from inference.keyed import KeyedNetwork, UnsupportedLayerError, convert
from inference.models import load_privdl_order, named_network
from keycam.atomic_file import whole_file
from keycam.frame_size import parsed_size
from keycam.key import new_key
from keycam.keyfile import open_key
from keycam.passphrase import known_passphrase
from keycam.policy import caution, named_policy

TOLERANCES = {".pt2": 1e-5, ".onnx": 1e-4}
"""How far a file's answers may be from the plain network's, as a share of the largest; onnxruntime sums in its own order."""
CHECKED_FRAMES = 4


@dataclass(frozen=True)
class ConversionPlan:
    """What `keycam convert` (a file that ends in .pt2) or `keycam export` (.onnx) is asked to do.

    `size` is "HxW" and `batch` the number of frames in one call; None is the network's own size, and any number.
    """

    model: str
    out: Path
    weights: Path | None = None
    size: str | None = None
    channels: int = 3
    batch: int | None = None
    shuffle: str = "every-layer"
    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None
    policy: str = "secure"
    order: Path | None = None
    field: Literal["out", "onnx"] = "out"

    def __post_init__(self) -> None:
        suffix = ".onnx" if self.field == "onnx" else ".pt2"
        if self.out.suffix != suffix:
            raise ValueError(f"{self.field} = {self.out}: allowed is a file whose name ends in {suffix}")
        if self.shuffle not in get_args(Shuffle):
            raise ValueError(f"shuffle = {self.shuffle!r}: allowed is {', '.join(get_args(Shuffle))}")
        named_policy(self.policy)
        if self.size is not None:
            parsed_size(self.size)

    def size_of_frames(self, own: tuple[int, int] | None) -> tuple[int, int]:
        """(height, width): what was asked for, else the network's own. Raises `ValueError` where there is neither."""
        if self.size is not None:
            return parsed_size(self.size)
        if own is None:
            raise ValueError(f"size = None: nothing says what {self.model} was made for; allowed is HxW, such as 224x224")
        return own


def run_conversion(plan: ConversionPlan) -> dict[str, Any]:
    """Convert, export, read the file back and compare it with the plain network; the result as `--json` prints it.

    Nothing is written where the answers are not the plain network's, or do not depend on the key.
    """
    if plan.field == "onnx":
        check_installed()
    caution(plan.policy)
    fingerprint, layer_orders = _layer_orders(plan)
    named = named_network(plan.model, plan.weights)
    size = plan.size_of_frames(named.size)
    x, order = smooth_frames(plan.batch or CHECKED_FRAMES, plan.channels, size), _orders(plan, size)
    answers = _plain_answers(plan, named.network, x)
    folded = fold_batch_norms(named.network, x)
    with whole_file(plan.out, plan.field, private=True) as file:
        try:
            keyed = convert(folded, x, plan.shuffle, layer_orders)  # type: ignore[arg-type]
            program, frames = _exported(keyed, plan.batch)
            axes = dense_axes(keyed)
            written = _write(program, [*answers, *(f"{name}_order" for name in axes)], file)
            comparison = compare(named.network, written, axes, x[:frames], order[:frames])
        except (UnsupportedLayerError, ExportError) as error:
            raise ValueError(f"model = {plan.model!r}: {error}") from error
        trouble = comparison.trouble(TOLERANCES[plan.out.suffix])
        if trouble:
            raise ValueError(f"model = {plan.model!r}: {trouble}")
    return {
        "model": plan.model,
        "shuffle": plan.shuffle,
        "key": fingerprint,
        "inputs": {"x": [frames, plan.channels, *size], "order": [frames, size[0] * size[1]]},
        "outputs": {name: [frames, *answer.shape[1:]] for name, answer in answers.items()}
        | {f"{name}_order": [frames, math.prod(answers[name].shape[a] for a in along)] for name, along in axes.items()},
        **_operators(keyed),
        "batch_norms_folded": batch_norms(named.network) - batch_norms(folded),
        "parameters": sum(parameter.numel() for parameter in named.network.parameters()),
        "max_relative_difference": comparison.largest_difference,
        "classes_that_differ": comparison.other_classes,
        "wrong_key_difference": comparison.wrong_key_difference,
        "file": str(plan.out),
        "bytes": plan.out.stat().st_size,
    }


def _layer_orders(plan: ConversionPlan) -> tuple[str | None, LayerOrders]:
    """The layers' orders of the key's present epoch, or of a throw-away key; and what the key is called."""
    if plan.key is None:
        key = new_key("cam0", ["host"])
    else:
        key = open_key(plan.key, lambda: known_passphrase(plan.passphrase_file, str(plan.key)))
    with key, key.schedule(named_policy(plan.policy), plan.client) as schedule:
        return (None if plan.key is None else key.card.fingerprint), schedule.layer_orders()


def _orders(plan: ConversionPlan, size: tuple[int, int]) -> Tensor:
    """The orders of the frames that are compared: int64 (N, P)."""
    frames, pixels = plan.batch or CHECKED_FRAMES, size[0] * size[1]
    if plan.order is not None:
        return load_privdl_order(plan.order, pixels).repeat(frames, 1)
    return torch.stack([torch.randperm(pixels) for _ in range(frames)])


def _plain_answers(plan: ConversionPlan, network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What the plain network answers, by name. Raises `ValueError` for a network that does not take such frames."""
    frames = f"frames of {x.shape[1]} x {x.shape[2]} x {x.shape[3]}"
    try:
        with torch.no_grad():
            answers = named_parts(network(x), Tensor)
    except Exception as error:  # it may be the user's network, which fails as it likes
        trouble = " ".join(str(error).split())
        allowed = "allowed is a size and a number of channels that it takes"
        raise ValueError(f"model = {plan.model!r}: it does not take {frames} ({trouble}); {allowed}") from error
    if not answers:
        raise ValueError(f"model = {plan.model!r}: it returns no tensor; allowed is a tensor, or a tuple or dict of them")
    return answers


def _exported(keyed: KeyedNetwork, batch: int | None) -> tuple[ExportedProgram, int | None]:
    """The program and its number of frames: None is any number, wherever torch.export can leave it open, else one."""
    if batch is not None:
        return export_program(keyed, batch), batch
    try:
        return export_program(keyed), None
    except ExportError:
        return export_program(keyed, 1), 1


def _write(program: ExportedProgram, outputs: list[str], file: Path) -> Answers:
    """Write `file`, in the format of its suffix, and answer with what it holds."""
    if file.suffix == ".onnx":
        write_onnx(program, outputs, file)
        return onnx_answers(file)
    write_program(program, file)
    return program_answers(file)


def _operators(keyed: KeyedNetwork) -> dict[str, int]:
    """How many operators of the network were rewritten, and how many do their work on keyed tensors as they are."""
    called = [n for n in keyed.graph.nodes if "original" in n.meta and n.op.startswith("call_")]
    rewritten = sum(str(node.target).startswith("keyed_") for node in called)
    return {"operators_rewritten": rewritten, "operators_kept": len(called) - rewritten}

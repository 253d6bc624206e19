"""How fast keyed networks are, beside the plain network as users run it and with the same optimisations, in one run."""

import secrets
from collections.abc import Iterable
from typing import Any, NamedTuple, TypedDict

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from adc import KeySchedule
from benchmarks.memory import peak_bytes
from benchmarks.timing import median_ms, medians_ms
from inference.keyed import KeyedNetwork, UnsupportedLayerError, convert
from inference.keyed.operators import KeyedOperator
from inference.keyed.positions import take_positions
from inference.models import MODELS, build


class Case(NamedTuple):
    """A network of ours or of torchvision, a batch and a frame size."""

    name: str
    batch: int
    height: int
    width: int


CASES = (
    Case("resnet20", 128, 32, 32),
    Case("preresnet110", 128, 32, 32),
    Case("vgg16", 64, 32, 32),
    Case("resnet18", 1, 224, 224),
    Case("mobilenet_v3_large", 1, 480, 640),
    Case("fcn_resnet50", 1, 180, 240),
)


class InferenceRow(TypedDict):
    """One line of the table; reference_ms is None where the published operators do not exist for a layer."""

    name: str
    batch: int
    height: int
    width: int
    plain_ms: float
    plain_optimised_ms: float
    input_ms: float
    every_layer_ms: float
    reference_ms: float | None
    copies_ms: float
    table_build_ms: float
    peak_memory_ratio: float
    input_ratio: float
    every_layer_ratio: float


def bench_inference(cases: Iterable[Case] = CASES, repeats: int = 9) -> list[InferenceRow]:
    """Time networks of random weights on random frames, each frame in an order of its own that is new in every call.

    plain_ms is the network as users run it, eager and under torch.inference_mode. plain_optimised_ms has its batch norms
    folded into the convolutions and its tensors in channels-last memory, and so have both keyed networks; the ratios are
    theirs over it. reference_ms, the published operators, is timed once. The four others take turns; medians over repeats.
    copies_ms is what it takes to copy every map once that every-layer moves, which bounds what its orders can cost.
    table_build_ms is what a new epoch costs: the orders of all layers, drawn anew. peak_memory_ratio compares every-layer
    with plain_optimised: parameters, tables, frames and the most that is alive at once of what is computed from them.

    Raises ValueError for repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    with torch.inference_mode():
        return [_row(case, repeats) for case in cases]


def _row(case: Case, repeats: int) -> InferenceRow:
    torch.manual_seed(1)
    network = _network(case.name)
    frames = torch.rand(case.batch, 3, case.height, case.width)
    laid_out = frames.contiguous(memory_format=torch.channels_last)
    optimised = fuse(network).to(memory_format=torch.channels_last)
    by_input, by_layer = (convert(optimised, laid_out, shuffle=shuffle) for shuffle in ("input", "every-layer"))
    pixels = case.height * case.width
    orders = torch.stack([torch.randperm(pixels) for _ in range(2 * case.batch)]).view(2, case.batch, pixels)
    keyed = [take_positions(laid_out, order) for order in orders]
    turn = 0

    def fresh() -> tuple[Tensor, Tensor]:
        nonlocal turn
        turn = 1 - turn
        return keyed[turn], orders[turn]

    plain_ms, optimised_ms, input_ms, layer_ms = medians_ms(
        [lambda: network(frames), lambda: optimised(laid_out), lambda: by_input(*fresh()), lambda: by_layer(*fresh())], repeats
    )
    return InferenceRow(
        name=case.name,
        batch=case.batch,
        height=case.height,
        width=case.width,
        plain_ms=plain_ms,
        plain_optimised_ms=optimised_ms,
        input_ms=input_ms,
        every_layer_ms=layer_ms,
        reference_ms=_reference_ms(network, frames, orders[0]),
        copies_ms=_copies_ms(by_layer, *fresh(), repeats),
        table_build_ms=median_ms(lambda: by_layer.rekey(KeySchedule(secrets.token_bytes(32)).layer_orders()), repeats),
        peak_memory_ratio=_total_bytes(by_layer, *fresh()) / _total_bytes(optimised, laid_out),
        input_ratio=input_ms / optimised_ms,
        every_layer_ratio=layer_ms / optimised_ms,
    )


def _copies_ms(keyed: KeyedNetwork, frames: Tensor, orders: Tensor, repeats: int) -> float:
    moved: list[Tensor] = []

    def note_input(operator: nn.Module, args: tuple[Any, ...]) -> None:
        moved.extend(args[0][:1] if args[1] is not None else [])

    def note_output(operator: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
        moved.extend([out] if args[2] is not None else [])

    operators = [module for module in keyed.modules() if isinstance(module, KeyedOperator)]
    hooks = [operator.register_forward_pre_hook(note_input) for operator in operators]
    hooks += [operator.register_forward_hook(note_output) for operator in operators]
    keyed(frames, orders)
    for hook in hooks:
        hook.remove()

    def copy_each() -> None:
        for map_ in moved:
            map_.clone()

    return median_ms(copy_each, repeats)


def _total_bytes(network: nn.Module, *inputs: Tensor) -> int:
    held = [*network.parameters(), *network.buffers(), *inputs]
    return sum(tensor.nbytes for tensor in held) + peak_bytes(lambda: network(*inputs))


def _network(name: str) -> nn.Module:
    if name in MODELS:
        return build(name).eval()
    from torchvision import models

    options = {"weights_backbone": None} if name.startswith("fcn") else {}
    network: nn.Module = models.get_model(name, weights=None, **options)
    return network.eval()


def _reference_ms(network: nn.Module, frames: Tensor, order: Tensor) -> float | None:
    try:
        published = convert(network, frames, backend="reference")
    except UnsupportedLayerError:
        return None
    keyed = take_positions(frames, order)
    return median_ms(lambda: published(keyed, order), 1, warm_up=0)

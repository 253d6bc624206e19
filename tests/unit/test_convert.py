"""The converter: same answers for every network, nothing in raster order, and checks that do fail."""

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from adc import KeySchedule
from inference.keyed import UnsupportedLayerError, convert
from inference.keyed.operators import KeyedOperator
from inference.keyed.positions import take_positions_along
from inference.keyed.reference import ReferenceOperator, Window
from inference.models import build
from tests.keyed_check import differing_nodes, plain_activations, random_orders, scrambled, smooth_pictures, with_live_statistics

NETWORKS = [
    ("resnet20", (32, 32)),
    ("resnet20", (24, 40)),
    ("vgg16", (32, 32)),
    ("vgg16", (32, 96)),
    ("preresnet110", (16, 16)),
    ("preresnet110", (12, 20)),
]


def network_and_frames(
    name: str = "resnet20", size: tuple[int, int] = (16, 16), frames: int = 2
) -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(1)
    network = with_live_statistics(build(name), size)
    return network, smooth_pictures(frames, size, seed=3), random_orders(frames, size[0] * size[1])


@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
@pytest.mark.parametrize(("name", "size"), NETWORKS)
def test_keyed_network_equals_the_plain_one_at_every_node(name: str, size: tuple[int, int], shuffle: str) -> None:
    network, x, order = network_and_frames(name, size)
    keyed = convert(network, x, shuffle=shuffle)  # type: ignore[arg-type]
    assert differing_nodes(keyed, plain_activations(network, x), x, order) == []
    with torch.inference_mode():
        plain, answer = network(x), keyed(scrambled(x, order), order)
        wrong = keyed(scrambled(x, order), order.flip(0))
    assert (answer - plain).abs().max() <= 1e-5 * plain.abs().max()
    assert (wrong - plain).abs().max() > 1e-3 * plain.abs().max()


@pytest.mark.parametrize("name", ["resnet20", "vgg16"])
def test_published_operators_carry_a_whole_network(name: str) -> None:
    # In double precision: the published operators sum in another order than the plain layers, and over many layers the
    # rounding of single precision would hide a small fault or look like one.
    network, x, order = network_and_frames(name, (32, 32))
    network, x = network.double(), x.double()
    assert differing_nodes(convert(network, x, backend="reference"), plain_activations(network, x), x, order) == []


def test_one_order_for_the_batch_gives_what_one_order_for_each_frame_gives() -> None:
    network, x, order = network_and_frames()
    keyed = convert(network, x)
    with torch.inference_mode():
        once = keyed(scrambled(x, order[0]), order[0])
        each = keyed(scrambled(x, order[0]), order[:1].expand(2, -1))
    assert torch.equal(once, each)


@pytest.mark.parametrize(("name", "size"), NETWORKS)
def test_no_node_of_the_original_graph_holds_a_raster(name: str, size: tuple[int, int]) -> None:
    network, x, order = network_and_frames(name, size)
    with torch.inference_mode():
        plain = plain_activations(network, x)
        kept = convert(network, x).activations(scrambled(x, order), order)
    # Of the 24 orders that a map of 2x2 may be given, one is the raster.
    maps = {n: a for n, a in kept.items() if a.tensor.ndim == 4 and a.tensor.shape[2] * a.tensor.shape[3] > 8}
    assert len(maps) > 20
    # Restored it is the plain tensor; as it lies in memory it is not, and its neighbours are not the plain one's either.
    in_raster = [n for n, a in maps.items() if torch.allclose(a.tensor, plain[n], rtol=1e-3, atol=1e-4)]
    assert in_raster == []


def test_outputs_of_the_operators_as_hooks_see_them_are_not_raster() -> None:
    network, x, order = network_and_frames()
    keyed = convert(network, x)
    seen: dict[str, Tensor] = {}
    for name, module in keyed.graph_module.named_children():
        if isinstance(module, KeyedOperator):
            module.register_forward_hook(lambda m, args, out, name=name: seen.__setitem__(name, out))
    with torch.inference_mode():
        keyed(scrambled(x, order), order)
        plain = plain_activations(network, x)
    for name, tensor in seen.items():
        original = plain[name.removeprefix("keyed_")]
        assert tensor.shape[2:] == (1, 1) or not torch.allclose(tensor, original, rtol=1e-3, atol=1e-4)
    assert len(seen) == 22  # 19 convolutions of 3x3, two 1x1 of stride 2, one mean


def test_one_wrong_tap_at_any_layer_is_found() -> None:
    network, x, order = network_and_frames(size=(8, 8), frames=1)
    keyed = convert(network, x)
    plain = plain_activations(network, x)
    assert differing_nodes(keyed, plain, x, order) == []
    operators = [module for module in keyed.modules() if isinstance(module, KeyedOperator)]
    assert len(operators) == 22
    assert isinstance(operators.pop().layer, nn.AdaptiveAvgPool2d)  # a mean over all pixels knows no order
    for operator in operators:
        for argument in (1, 2):  # the orders of what enters and of what leaves

            def swap(module: nn.Module, args: tuple[Any, ...], argument: int = argument) -> tuple[Any, ...]:
                order = args[argument].clone()
                first = order.flatten().argmin()  # the pixel in the corner, which a window of any stride sees
                order[..., [first, first - 1]] = order[..., [first - 1, first]]
                return *args[:argument], order, *args[argument + 1 :]

            with operator.register_forward_pre_hook(swap):
                assert differing_nodes(keyed, plain, x, order), f"a wrong tap in {operator.layer} went unseen"


def test_one_wrong_offset_at_any_published_operator_is_found() -> None:
    network, x, order = network_and_frames(size=(8, 8), frames=1)
    keyed = convert(network, x, backend="reference")
    operators = [(n, m) for n, m in keyed.graph_module.named_children() if isinstance(m, ReferenceOperator)]
    assert len(operators) == 22
    plain = plain_activations(network, x)
    assert differing_nodes(keyed, plain, x, order) == []
    for name, operator in operators:
        compute = operator.compute

        def planted(x: Tensor, offsets: Tensor, window: Window, compute: Any = compute) -> Tensor:
            moved = offsets.clone()
            # Half a column, for the middle tap of the cell in the middle.
            moved[:, moved.shape[1] // 2 | 1, moved.shape[2] // 2, moved.shape[3] // 2] += 0.5
            return compute(x, moved, window)

        operator.compute = planted
        assert differing_nodes(keyed, plain, x, order), f"a wrong offset in {name} went unseen"
        operator.compute = compute


def test_flatten_and_linear_fold_the_order_into_the_weight() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Linear(4 * 6 * 4, 5)).eval()
    x, order = torch.randn(2, 3, 8, 6), random_orders(2, 48)
    keyed = convert(network, x)
    with torch.inference_mode():
        assert torch.allclose(keyed(scrambled(x, order), order), network(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("per_frame", [True, False])
def test_a_linear_layer_on_the_frame_itself_follows_the_order_of_each_call(per_frame: bool) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20, 5))
    x, order = torch.randn(2, 3, 4, 5), random_orders(2, 20)
    order = order if per_frame else order[0]
    with torch.inference_mode():
        assert torch.allclose(convert(network, x)(scrambled(x, order), order), network(x), rtol=1e-5, atol=1e-6)


class TwoBranches(nn.Module):
    """Branches that meet in different orders: the frame's own, two layers' and a constant's."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 5, padding=2)
        self.register_buffer("constant", torch.randn(1, 3, 6, 7))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        left, right = self.left(x), self.right(x)
        both = torch.cat([left + right, x * self.constant], 1)
        return {"dense": both, "mean": both.mean((2, 3)), "frame": x + 1}


@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
def test_dense_outputs_name_their_order(shuffle: str) -> None:
    network = TwoBranches()
    x, order = torch.randn(2, 3, 6, 7), random_orders(2, 42)
    keyed = convert(network, x, shuffle=shuffle)  # type: ignore[arg-type]
    with torch.inference_mode():
        plain, answer, orders = network(x), keyed(scrambled(x, order), order), keyed.output_order(order)
    assert orders["mean"] is None
    assert torch.equal(orders["frame"], order)
    assert torch.equal(orders["dense"], torch.arange(42)) == (shuffle == "input")
    assert torch.allclose(answer["mean"], plain["mean"], rtol=1e-5, atol=1e-6)
    for name in ("dense", "frame"):
        assert torch.allclose(answer[name], scrambled(plain[name], orders[name]), rtol=1e-5, atol=1e-6)


def test_channels_last_memory_gives_the_same_answers() -> None:
    network, x, order = network_and_frames()
    keyed = convert(network, x)
    frames = scrambled(x, order)
    with torch.inference_mode():
        answer = keyed(frames.contiguous(memory_format=torch.channels_last), order)
        assert torch.allclose(answer, network(x), rtol=1e-5, atol=1e-5)


def test_an_unknown_layer_is_refused_with_its_path_and_advice() -> None:
    class Turn(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.transpose(2, 3)

    with pytest.raises(UnsupportedLayerError, match=r"transpose.*cannot be keyed.*replace it") as refusal:
        convert(nn.Sequential(nn.Conv2d(3, 3, 3), Turn()), torch.zeros(1, 3, 8, 8))
    assert refusal.value.path == "transpose"


def test_a_network_that_cannot_be_traced_is_refused() -> None:
    class Branch(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(UnsupportedLayerError, match="that depend on the frame"):
        convert(Branch(), torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize("asks", [len, float, range, list])
def test_a_network_that_asks_for_a_number_while_it_is_traced_is_refused_in_one_sentence(asks: Any) -> None:
    class Asking(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * asks(x)

    with pytest.raises(
        UnsupportedLayerError, match=r"^Asking \(forward\) cannot be keyed: .*; take branches and loops"
    ) as refusal:
        convert(Asking(), torch.zeros(1, 3, 8, 8))
    assert "\n" not in str(refusal.value)


def test_an_example_that_the_network_does_not_take_is_refused() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 3)).train()
    with pytest.raises(
        ValueError, match=r"example = \(1, 4, 8, 8\): allowed is what the network itself takes \(.*channels"
    ) as refusal:
        convert(network, torch.zeros(1, 4, 8, 8))
    assert "\n" not in str(refusal.value)
    assert network[0].training


def test_a_frame_of_another_size_is_refused() -> None:
    network, x, order = network_and_frames()
    keyed = convert(network, x)
    with pytest.raises(ValueError, match=r"x = \(2, 3, 8, 8\): allowed is \(N, 3, 16, 16\)"):
        keyed(torch.zeros(2, 3, 8, 8), order)
    with pytest.raises(ValueError, match="order = "):
        keyed(x, order[:, :-1])


@pytest.mark.parametrize(("argument", "value"), [("shuffle", "rows"), ("backend", "slow")])
def test_an_unknown_choice_is_refused_by_name(argument: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} = '{value}'"):
        convert(nn.ReLU(), torch.zeros(1, 3, 4, 4), **{argument: value})


def test_a_keyed_network_is_not_pickled_copied_or_saved() -> None:
    network, x, _ = network_and_frames()
    keyed = convert(network, x)
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(keyed)
    with pytest.raises(TypeError, match="holds a key"):
        copy.deepcopy(keyed)
    assert not [name for name in keyed.state_dict() if "order" in name or "inverse" in name]


def test_a_new_epoch_replaces_every_order_and_no_answer() -> None:
    network, x, order = network_and_frames("vgg16", (32, 64))
    schedule = KeySchedule(bytes(32))
    keyed = convert(network, x, layer_orders=schedule.layer_orders(0))
    frames = scrambled(x, order)
    with torch.inference_mode():
        plain, before = network(x), {n: table.clone() for n, table in keyed.named_buffers() if "order_tables" in n}
        assert (keyed(frames, order) - plain).abs().max() <= 1e-5 * plain.abs().max()
        keyed.rekey(schedule.layer_orders(1))
        assert (keyed(frames, order) - plain).abs().max() <= 1e-5 * plain.abs().max()
        again = convert(network, x, layer_orders=schedule.layer_orders(1))
    after = {n: table for n, table in keyed.named_buffers() if "order_tables" in n}
    assert len(before) == 18  # 13 convolutions and 5 poolings
    assert all(torch.equal(after[n], table) for n, table in again.named_buffers() if "order_tables" in n)
    assert not any(torch.equal(before[n], after[n]) for n in before if len(before[n]) > 8)


@pytest.mark.parametrize("wrong", [-1, 256, 0])
def test_an_order_that_is_none_is_refused(wrong: int) -> None:
    network, x, order = network_and_frames()
    order[1, order[1].argmax()] = wrong
    with pytest.raises(ValueError, match="order: some place is there twice or not at all; allowed is each of 0 to 255 once"):
        convert(network, x)(x, order)


def test_branches_that_meet_share_an_order() -> None:
    network, x, order = network_and_frames()
    keyed = convert(network, x)
    with torch.inference_mode():
        orders = {n: a.order for n, a in keyed.activations(x, order).items()}
    assert torch.equal(orders["stages_0_0_conv2"], orders["conv1"])
    assert torch.equal(orders["stages_0_2_conv2"], orders["conv1"])
    assert not torch.equal(orders["stages_0_0_conv1"], orders["conv1"])
    assert not any(node.target is take_positions_along for node in keyed.graph_module.graph.nodes)

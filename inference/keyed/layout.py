"""Following the pixels through operations that only move or cut axes: views, permutations, slices, chunks."""

import math
from types import EllipsisType
from typing import Any

from torch import Tensor, fx

from inference.keyed.place import Axes, Place
from inference.keyed.rules import name_of
from inference.keyed.tracing import pixels_of, shape_of

RESHAPES = frozenset("view reshape flatten unflatten squeeze unsqueeze expand expand_as".split())
CUTS = frozenset("chunk split tensor_split unbind".split())


def follow(node: fx.Node, place: Place) -> Place | None:
    """The place of what `node`, a view of a tensor at `place`, yields; None where it is no such operation or mixes pixels.

    A map laid out as features (N, C P), channel by channel, comes out flattened.
    """
    source = node.args[0]
    if node.op == "call_module" or not isinstance(source, fx.Node):
        return None
    name, before, after = name_of(node), shape_of(source), shape_of(node)
    if name == "getitem":
        return _indexed(source, node.args[1], place, before)
    if name == "permute":
        return _permuted(place, [int(d) % len(before) for d in _listed(node, "dims")])
    if name in ("transpose", "swapaxes"):
        dims = list(range(len(before)))
        first, second = (int(str(d)) % len(dims) for d in (*node.args[1:], *node.kwargs.values()))
        dims[first], dims[second] = dims[second], dims[first]
        return _permuted(place, dims)
    if name in CUTS:
        axis = _axis(node, len(before))
        if axis in place.axes:
            return None
        return place.at(tuple(a - (name == "unbind" and a > axis) for a in place.axes))
    if name in RESHAPES:
        return _reshaped(place, before, after)
    return None


def _reshaped(place: Place, before: tuple[int, ...], after: tuple[int, ...]) -> Place | None:
    """Pixels are found again where as much lies before them and they are as many; batch entries stay apart."""
    if not after or before[0] != after[0]:
        return None
    first, last = place.axes[0], place.axes[-1]
    if len(after) == 2 and last == len(before) - 1:
        return Place(place.order, axes=(), flattened=True)
    ahead, positions = math.prod(before[:first]), pixels_of(before, place.axes)
    behind = math.prod(before[last + 1 :])
    for count in (2, 1):  # a map stays one where it can, and merged pixels become one again
        for start in range(1, len(after) - count + 1):
            end = start + count
            if math.prod(after[start:end]) == positions and (
                math.prod(after[:start]) == ahead or math.prod(after[end:]) == behind
            ):
                return place.at(tuple(range(start, end)))
    return None


def _permuted(place: Place, dims: list[int]) -> Place | None:
    axes = tuple(dims.index(axis) for axis in place.axes)
    return place.at(axes) if axes == tuple(range(axes[0], axes[0] + len(axes))) else None


def _indexed(source: fx.Node, index: Any, place: Place, shape: tuple[int, ...]) -> Place | None:
    if not isinstance(source.meta["value"], Tensor):
        return place  # one of several tensors
    index = fx.node.map_arg(index, lambda part: part.meta["value"])
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(isinstance(part, (list, Tensor)) for part in parts):
        return None
    taken = sum(part is not None and not isinstance(part, EllipsisType) for part in parts)
    spread = [part for part in parts if isinstance(part, EllipsisType)]
    rest = [slice(None)] * (len(shape) - taken)
    at = parts.index(Ellipsis) if spread else len(parts)
    parts = [*parts[:at], *rest, *parts[at + len(spread) :]]
    axes, axis, axis_out = [], 0, 0
    for part in parts:
        if part is None:
            axis_out += 1
            continue
        if axis in place.axes:
            if not isinstance(part, slice) or part.indices(shape[axis]) != (0, shape[axis], 1):
                return None
            axes.append(axis_out)
        if axis == 0 and place.is_input and part != slice(None):
            return None  # each frame has an order of its own
        axis_out += isinstance(part, slice)
        axis += 1
    return place.at(tuple(axes)) if axes == list(range(axes[0], axes[0] + len(axes))) else None


def axes_behind_reduction(place: Place, node: fx.Node, dimensions: int) -> Axes | None:
    """Where the pixels lie behind a reduction: () where all of space is reduced, None where a part of it is."""
    dims = reduced_dimensions(node, dimensions)
    if set(place.axes) <= dims:
        return ()
    if set(place.axes) & dims:
        return None
    keepdim = bool(node.kwargs.get("keepdim", node.args[2] if len(node.args) > 2 else False))
    return place.axes if keepdim else tuple(a - sum(d < a for d in dims) for a in place.axes)


def reduced_dimensions(node: fx.Node, dimensions: int) -> set[int]:
    """The dimensions that a reduction reduces."""
    dims: Any = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    if dims is None or dims == ():
        return set(range(dimensions))
    return {int(d) % dimensions for d in (dims if isinstance(dims, (tuple, list)) else [dims])}


def broadcast_axes(place: Place, dimensions: int, dimensions_out: int) -> Axes:
    """Where the pixels of a tensor lie in a result of more dimensions; broadcasting lines up the last ones."""
    return tuple(axis + dimensions_out - dimensions for axis in place.axes)


def is_map(shape: tuple[int, ...], axes: Axes) -> bool:
    """Whether a tensor of `shape` has more than one pixel along `axes`."""
    return bool(axes) and axes[0] >= 0 and axes[-1] < len(shape) and pixels_of(shape, axes) > 1


def _axis(node: fx.Node, dimensions: int) -> int:
    position = 1 if name_of(node) == "unbind" else 2
    axis = node.kwargs.get("dim", node.args[position] if len(node.args) > position else 0)
    return int(axis) % dimensions  # type: ignore[arg-type]


def _listed(node: fx.Node, keyword: str) -> Any:
    dims = node.args[1:] or node.kwargs[keyword]
    return dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims  # type: ignore[index, arg-type]

"""Operations that change a tensor where it lies, written as what they mean: the graph of values that the converter follows."""

import copy
import operator

import torch
from torch import Tensor, fx, nn

from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.rules import name_of

VIEWS = frozenset(
    "view reshape flatten unflatten squeeze unsqueeze expand expand_as permute transpose swapaxes movedim t chunk split "
    "tensor_split unbind getitem narrow select contiguous detach to float identity dropout type_as".split()
)
"""What may yield a tensor that lies where its source lies."""


def without_in_place(traced: fx.GraphModule) -> fx.GraphModule:
    """Make every operation of `traced` yield its result instead of changing an input that others read, with the same outcome.

    What reads the changed tensor later reads the result. Raises UnsupportedLayerError where the tensor is read later under
    another name, as a view of it or as what it is a view of.
    """
    modules = dict(traced.named_modules())
    for node in list(traced.graph.nodes):
        if not _is_in_place(node, modules) or not node.all_input_nodes:
            continue
        changed = node.args[0] if node.args else node.all_input_nodes[0]
        aliases = _aliases(changed, node, modules)
        if len(changed.users) == len(aliases) == 1 and changed.op not in ("placeholder", "get_attr"):
            continue  # nobody else sees the change, and it saves memory
        later = _behind(node)
        for other in aliases:
            if other is not changed and any(user in later for user in other.users):
                raise UnsupportedLayerError(
                    str(node.target) if node.op == "call_module" else node.name,
                    name_of(node),
                    f"it changes a tensor in place that is read later as {other.name}; take the form that is not in place",
                )
        for user in [user for user in changed.users if user in later]:
            user.replace_input_with(changed, node)
        _out_of_place(node, traced, modules)
    traced.recompile()
    return traced


def _is_in_place(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return bool(getattr(modules[str(node.target)], "inplace", False))
    if node.op not in ("call_function", "call_method"):
        return False
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    in_place_name = name.endswith("_") and not name.endswith("__")
    return in_place_name or bool(node.kwargs.get("inplace")) or name in _OPERATORS


_OPERATORS = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv"}


def _out_of_place(node: fx.Node, traced: fx.GraphModule, modules: dict[str, nn.Module]) -> None:
    if node.op == "call_module":
        module = copy.copy(modules[str(node.target)])  # the user's own stays as it is
        module.inplace = False  # type: ignore[assignment]
        traced.add_submodule(str(node.target), module)
        return
    if "inplace" in node.kwargs:
        node.kwargs = {**node.kwargs, "inplace": False}
        return
    name = node.target if isinstance(node.target, str) else node.target.__name__
    plain = _OPERATORS.get(name, name.rstrip("_"))
    if isinstance(node.target, str) and hasattr(Tensor, plain):
        node.target = plain
        return
    for home in (nn.functional, torch, operator):
        if hasattr(home, plain):
            node.target = getattr(home, plain)
            return
    raise UnsupportedLayerError(node.name, name, "it works in place; take the form that is not in place")


def _behind(node: fx.Node) -> set[fx.Node]:
    nodes = list(node.graph.nodes)
    return set(nodes[nodes.index(node) + 1 :])


def _aliases(changed: fx.Node, by: fx.Node, modules: dict[str, nn.Module]) -> set[fx.Node]:
    """All nodes whose tensors may lie where that of `changed` lies, itself among them; what reads the change is none."""
    found, waiting = {changed}, [changed]
    while waiting:
        one = waiting.pop()
        near = [user for user in one.users if _is_view(user, modules)]
        if _is_view(one, modules):
            near += one.all_input_nodes
        for other in near:
            if other not in found and other is not by:
                found.add(other)
                waiting.append(other)
    return found


def _is_view(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return isinstance(modules[str(node.target)], (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout, nn.Dropout2d))
    return node.op in ("call_function", "call_method") and name_of(node) in VIEWS

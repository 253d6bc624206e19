"""One pass over a traced graph that follows the order of every tensor and rewrites only what is spatial."""

import math
import operator
from typing import Any, Literal

import torch
from torch import Tensor, fx, nn

from inference.choices import Shuffle
from inference.keyed import layout, rules
from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.operators import Call, FoldedLinear, KeyedOperator, RestoringLinear
from inference.keyed.place import INPUT, MAP_AXES, RASTER, Axes, Place
from inference.keyed.positions import put_positions_along, take_positions_along
from inference.keyed.tables import TABLES, LayerOrders, OrderTables
from inference.keyed.tracing import pixels_of, shape_of, tensors_of

Backend = Literal["fast", "reference"]
Rewritten = tuple[fx.Node, Place | None]


class Rewriter:
    """Gives every node of the original graph one new node and the place of its tensor.

    A place is None where the tensor is not spatial or is a raster that holds no picture: a parameter of the network.
    """

    def __init__(
        self,
        traced: fx.GraphModule,
        shuffle: Shuffle,
        backend: Backend,
        pointwise: tuple[Any, ...],
    ) -> None:
        self.traced, self.shuffle, self.backend, self.pointwise = traced, shuffle, backend, pointwise
        self.modules = dict(traced.named_modules())
        self.graph = fx.Graph()
        self.new: dict[fx.Node, fx.Node] = {}
        self.places: dict[fx.Node, Place | None] = {}
        self.orders: dict[str, fx.Node] = {}
        self.tables = OrderTables()
        self.moved: dict[tuple[fx.Node, str], fx.Node] = {}

    def rewrite(self, layer_orders: LayerOrders, device: torch.device) -> fx.GraphModule:
        """The keyed graph, with its tables drawn from `layer_orders` and put on `device`."""
        for node in self.traced.graph.nodes:
            try:
                new, place = self._rewrite_node(node)
            except UnsupportedLayerError:
                raise
            except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
                raise self._unsupported(node, f"it is called in a way that is not known ({error})") from error
            if place is not None and not place.flattened and pixels_of(shape_of(node), place.axes) == 1:
                place = None  # a single pixel has no order
            new.meta.update(place=place, shape=shape_of(node))
            if node.op != "output":
                new.meta["original"] = node.name
            self.new[node], self.places[node] = new, place
        self.tables.draw(layer_orders, device)
        self.traced.add_submodule(TABLES, self.tables)
        rewritten = fx.GraphModule(self.traced, self.graph)
        # It has made a module of its own for the tables that it reads; with ours they can be drawn anew.
        setattr(rewritten, TABLES, self.tables)
        rewritten.graph.eliminate_dead_code()
        rewritten.graph.lint()
        rewritten.recompile()
        return rewritten

    def _rewrite_node(self, node: fx.Node) -> Rewritten:
        if node.op == "placeholder":
            return self._input(node)
        if node.op == "output":
            return self._output(node)
        sources = [source for source in node.all_input_nodes if self.places[source] is not None]
        if node.op == "get_attr" or not tensors_of(node.meta["value"]):
            return self._copy(node), None
        if not sources:
            # A map that grows out of single pixels gets its layer's order here.
            grows = self._is_growing(node) and layout.is_map(shape_of(node), MAP_AXES) and self.shuffle == "every-layer"
            return self._spatial(node, None) if grows else (self._copy(node), None)
        place = self._place(sources[0])
        if any(self._place(source).flattened for source in sources):
            return self._flattened(node, place, sources)
        if self._is_pointwise(node, {axis for source in sources for axis in self._place(source).axes}, len(shape_of(sources[0]))):
            return self._pointwise(node, sources)
        if len(sources) == 1:
            followed = layout.follow(node, place)
            if followed is not None or (node.op == "call_module" and isinstance(self._module(node), nn.Flatten)):
                return self._copy(node), followed or Place(place.order, axes=(), flattened=True)
            if rules.name_of(node) in rules.REDUCTION_NAMES and node.op != "call_module":
                return self._reduction(node, place)
            if self._is_spatial(node) and node.args[0] is sources[0]:
                return self._spatial(node, place)
        raise self._unsupported(node, "its effect on the order of the pixels is not known")

    def _input(self, node: fx.Node) -> Rewritten:
        if INPUT in self.orders:
            raise self._unsupported(node, "a keyed network has one input, the frame")
        new = self.graph.placeholder(str(node.target))
        self.orders[INPUT] = self.graph.placeholder("order")
        return new, Place(INPUT)

    def _output(self, node: fx.Node) -> Rewritten:
        for source in node.all_input_nodes:
            place = self.places[source]
            if place is not None and place.flattened and not place.is_raster:
                raise self._unsupported(
                    source, "a map leaves flattened and in secret order; let the network return the map itself"
                )
        return self._copy(node), None

    # -- what kind of operation a node is

    def _is_pointwise(self, node: fx.Node, axes: set[int], dimensions: int) -> bool:
        """Whether `node` keeps pixels apart that run along `axes` of tensors with so many dimensions."""
        name = rules.name_of(node)
        if node.op == "call_module":
            module = self._module(node)
            if isinstance(module, rules.ALONG_AN_AXIS_MODULES):
                return module.dim is not None and module.dim % dimensions not in axes
            if isinstance(module, nn.Linear):
                return dimensions - 1 not in axes
            if isinstance(module, nn.LayerNorm):
                return not axes & set(range(dimensions - len(module.normalized_shape), dimensions))
            if rules.is_pointwise_convolution(module):
                return axes == set(MAP_AXES)
            if isinstance(module, rules.CHANNEL_MODULES):
                return 1 not in axes
            return isinstance(module, rules.POINTWISE_MODULES + tuple(c for c in self.pointwise if isinstance(c, type)))
        if name in rules.CHANNEL_NAMES:
            return 1 not in axes
        if node.target in self.pointwise or name in rules.POINTWISE_NAMES:
            return True
        if name in ("cat", "concat", "concatenate"):
            # Frames have orders of their own: what joins batches is refused.
            return self._argument(node, 1, "dim", node.kwargs.get("axis", 0)) % dimensions not in {0, *axes}
        if name == "linear":
            return dimensions - 1 not in axes
        if name == "layer_norm":
            return not axes & set(range(dimensions - len(self._argument(node, 1, "normalized_shape", ())), dimensions))
        if name in rules.ALONG_AN_AXIS_NAMES:
            dim = self._argument(node, 2, "dim", 1) if name == "normalize" else self._argument(node, 1, "dim", None)
            return dim is not None and dim % dimensions not in axes
        return False

    def _is_spatial(self, node: fx.Node) -> bool:
        if node.op == "call_module":
            return isinstance(self._module(node), (*rules.SPATIAL_MODULES, nn.LayerNorm))
        return rules.name_of(node) in rules.SPATIAL_NAMES or rules.name_of(node) == "layer_norm"

    def _is_growing(self, node: fx.Node) -> bool:
        if node.op == "call_module":
            return isinstance(self._module(node), rules.GROWING_MODULES)
        return rules.name_of(node) in rules.GROWING_NAMES

    # -- how each kind is rewritten

    def _pointwise(self, node: fx.Node, sources: list[fx.Node]) -> Rewritten:
        # Branches that meet are brought to one order: a layer's own where there is one. In "input" the order has been undone
        # at the raster branch, so that the raster wins.
        places = [self._place(source) for source in sources]
        preference = [RASTER, INPUT] if self.shuffle == "input" else [INPUT, RASTER]
        own = next((place.order for place in places if place.order not in preference), None)
        order = own or next(order for order in preference if any(place.order == order for place in places))
        dimensions = max(len(shape_of(source)) for source in node.all_input_nodes)
        axes = layout.broadcast_axes(places[0], len(shape_of(sources[0])), dimensions)
        for place, source in zip(places, sources, strict=True):
            if layout.broadcast_axes(place, len(shape_of(source)), dimensions) != axes:
                raise self._unsupported(node, "its inputs have their pixels along different axes")
        sizes = {tuple(shape_of(source)[axis] for axis in place.axes) for place, source in zip(places, sources, strict=True)}
        if len(sizes) > 1:
            raise self._unsupported(node, "one of its inputs is spread over the rows or columns of another")

        def placed(source: fx.Node) -> fx.Node:
            if self.places[source] is not None:
                return self._in_order(source, order)
            # A constant map is a raster, and takes the place of the pixels that it meets.
            shape = (1,) * (dimensions - len(shape_of(source))) + shape_of(source)
            if not layout.is_map(shape, axes):
                return self.new[source]
            if tuple(shape[axis] for axis in axes) not in sizes:
                raise self._unsupported(node, "one of its inputs is spread over the rows or columns of another")
            return self._reordered(source, RASTER, order, axes, shape)

        out = shape_of(node)
        return self.graph.node_copy(node, placed), Place(order, tuple(a + len(out) - dimensions for a in axes))

    def _reduction(self, node: fx.Node, place: Place) -> Rewritten:
        source = node.args[0]
        assert isinstance(source, fx.Node)
        axes = layout.axes_behind_reduction(place, node, len(shape_of(source)))
        if axes is None:
            raise self._unsupported(node, "it reduces a part of space; reduce all of it")
        return (self._copy(node), place.at(axes)) if axes else self._spatial(node, place)

    def _spatial(self, node: fx.Node, place: Place | None) -> Rewritten:
        source = node.args[0]
        assert isinstance(source, fx.Node)
        axes_in = MAP_AXES if place is None else place.axes
        shape = shape_of(node)
        axes_out = axes_in if len(shape) == len(shape_of(source)) and layout.is_map(shape, axes_in) else ()
        if len(axes_in) != 2 or (node.op == "call_module" and axes_in != MAP_AXES and not self._is_norm(node)):
            raise self._unsupported(node, "its input has its pixels along other axes than (N, C, H, W)")
        place_out = Place(RASTER, axes_out) if axes_out else None
        if place is not None and self.shuffle == "input" and (self.backend == "fast" or place.is_raster):
            return self.graph.node_copy(node, lambda n: self._in_order(n, RASTER)), place_out
        name = self._unused_name(node)
        order = RASTER
        if axes_out and self.shuffle == "every-layer":
            order = self._order_to_meet(node) or self.tables.declare_order(name, pixels_of(shape, axes_out))
        self.traced.add_submodule(name, self._operator(node, axes_in, axes_out))
        order_in = None if place is None or place.is_raster else self._order_node(place.order)
        order_out = None if order == RASTER else self._order_node(order)
        arguments = tuple(fx.node.map_arg(node.args[1:], lambda n: self.new[n]))
        keywords = fx.node.map_arg(dict(node.kwargs), lambda n: self.new[n])
        new = self.graph.call_module(name, (self.new[source], order_in, order_out, *arguments), keywords)
        return new, Place(order, axes_out) if axes_out else None

    def _operator(self, node: fx.Node, axes_in: Axes, axes_out: Axes) -> nn.Module:
        if node.op == "call_module":
            layer = self._module(node)
        else:
            layer = Call(getattr(Tensor, node.target) if isinstance(node.target, str) else node.target)
        if self.backend == "fast":
            return KeyedOperator(layer, axes_in, axes_out or axes_in)
        from inference.keyed.reference import ReferenceOperator  # torchvision takes seconds to import

        shape_in, shape = shape_of(node.all_input_nodes[0]), shape_of(node)
        size = (shape[2], shape[3]) if len(shape) == 4 else (1, 1)
        return ReferenceOperator(layer, (shape_in[2], shape_in[3]), size, self._path(node))

    def _order_to_meet(self, node: fx.Node) -> str | None:
        """The order of the branch that the output of `node` will meet, pixel by pixel, so that neither has to be moved.

        None where it meets none, or one whose order is the frame's.
        """
        meeting, shape = [node], shape_of(node)
        for branch in meeting:
            for user in branch.users:
                if user in meeting or not self._keeps_map(user, shape):
                    continue
                for other in user.all_input_nodes:
                    place = None if other in meeting else self._place_ahead(other, shape)
                    if place is not None and place.order not in (INPUT, RASTER) and place.axes == MAP_AXES:
                        return place.order
                meeting.append(user)
        return None

    def _place_ahead(self, node: fx.Node, shape: tuple[int, ...]) -> Place | None:
        """The place that a map of `shape` has, or will have where it hangs on one that has a place already."""
        while node not in self.places and len(node.all_input_nodes) == 1 and self._keeps_map(node, shape):
            node = node.all_input_nodes[0]
        return self.places.get(node) if shape_of(node)[2:] == shape[2:] else None

    def _keeps_map(self, node: fx.Node, shape: tuple[int, ...]) -> bool:
        """Whether a node yields a map of the rows and columns of `shape` and keeps the pixels of its inputs apart."""
        known = node.op in ("call_module", "call_function", "call_method") and len(shape_of(node)) == 4
        return known and shape_of(node)[2:] == shape[2:] and self._is_pointwise(node, set(MAP_AXES), 4)

    def _flattened(self, node: fx.Node, place: Place, sources: list[fx.Node]) -> Rewritten:
        module = self._module(node) if node.op == "call_module" else None
        source = self.new[sources[0]]
        if isinstance(module, nn.Linear):
            if place.is_raster:
                return self._copy(node), None
            name = self._unused_name(node)
            self.traced.add_submodule(name, RestoringLinear(module) if place.is_input else FoldedLinear(module))
            return self.graph.call_module(name, (source, self._order_node(place.order))), None
        # Features are in secret order: what knows one from the other, by a parameter or a constant for each, may not follow.
        alike = all(math.prod(shape_of(n)) == 1 for n in node.all_input_nodes if n is not sources[0])
        by_feature = isinstance(module, nn.PReLU) and module.num_parameters > 1
        if alike and not by_feature and shape_of(node) == shape_of(sources[0]) and self._is_pointwise(node, {1}, 2):
            return self._copy(node), place
        raise self._unsupported(node, "only pointwise and linear layers may follow a flatten")

    # -- pieces

    def _in_order(self, source: fx.Node, order: str) -> fx.Node:
        """The new node of `source` with its pixels in `order`."""
        place = self.places[source]
        if place is None or place.order == order:
            return self.new[source]
        return self._reordered(source, place.order, order, place.axes)

    def _reordered(
        self, source: fx.Node, from_order: str, order: str, axes: Axes, shape: tuple[int, ...] | None = None
    ) -> fx.Node:
        if from_order == order:
            return self.new[source]
        if (source, order) not in self.moved:
            whole = self.new[source]
            if shape is not None and shape != shape_of(source):
                whole = self.graph.call_method("reshape", (whole, shape))  # with the axes in front that broadcasting would add
            if from_order == RASTER:
                move, index = take_positions_along, self._order_node(order)
            elif order == RASTER:
                move, index = put_positions_along, self._order_node(from_order)
            # Straight from order to order. The frame's changes in every call and is never inverted.
            elif from_order == INPUT:
                inverse = self._table(self.tables.declare_inverse(order))
                move, index = put_positions_along, self.graph.call_function(operator.getitem, (inverse, self.orders[INPUT]))
            elif order == INPUT:
                inverse = self._table(self.tables.declare_inverse(from_order))
                move, index = take_positions_along, self.graph.call_function(operator.getitem, (inverse, self.orders[INPUT]))
            else:
                move, index = take_positions_along, self._table(self.tables.declare_move(from_order, order))
            self.moved[source, order] = self.graph.call_function(move, (whole, index, axes))
        return self.moved[source, order]

    def _order_node(self, order: str) -> fx.Node:
        """The node that yields an order: the frame's is an input of the network, a layer's lies in its table."""
        if order not in self.orders:
            self.orders[order] = self._table(order)
        return self.orders[order]

    def _table(self, name: str) -> fx.Node:
        return self.graph.get_attr(f"{TABLES}.{name}")

    def _place(self, node: fx.Node) -> Place:
        place = self.places[node]
        assert place is not None
        return place

    def _module(self, node: fx.Node) -> nn.Module:
        return self.modules[str(node.target)]

    def _is_norm(self, node: fx.Node) -> bool:
        return isinstance(self._module(node), (nn.LayerNorm, nn.GroupNorm))

    def _argument(self, node: fx.Node, position: int, keyword: str, default: Any) -> Any:
        return node.kwargs.get(keyword, node.args[position] if len(node.args) > position else default)

    def _copy(self, node: fx.Node) -> fx.Node:
        return self.graph.node_copy(node, lambda source: self.new[source])

    def _path(self, node: fx.Node) -> str:
        return str(node.target) if node.op == "call_module" else node.name

    def _unused_name(self, node: fx.Node) -> str:
        """A flat name for the operator of a node; a layer that is called twice gets two operators."""
        name, number = "keyed_" + self._path(node).replace(".", "_"), 1
        while hasattr(self.traced, name if number == 1 else f"{name}_{number}"):
            number += 1
        return name if number == 1 else f"{name}_{number}"

    def _unsupported(self, node: fx.Node, trouble: str) -> UnsupportedLayerError:
        operation = type(self._module(node)).__name__ if node.op == "call_module" else rules.name_of(node)
        return UnsupportedLayerError(self._path(node), operation, f"{trouble}; {_ADVICE}")


_ADVICE = "replace it by known layers, or name it in `pointwise` if it treats every pixel alike and alone"

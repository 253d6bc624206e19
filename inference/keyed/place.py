"""Which order the pixels of a tensor are in, as the converter follows it through the graph."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The order of one tensor of the graph.

    Attributes
    ----------
    order
        "input": the frame's order, known at run time; "raster"; or the path of the buffer that holds a layer's order.
    flattened
        The tensor is (N, C P): a keyed map laid out as features, channel by channel.
    """

    order: str
    flattened: bool = False


INPUT = Place("input")
RASTER = Place("raster")

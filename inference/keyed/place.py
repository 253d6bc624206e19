"""Which order the pixels of a tensor are in and where they lie, as the converter follows them through the graph."""

from dataclasses import dataclass, replace

Axes = tuple[int, ...]
MAP_AXES: Axes = (2, 3)
"""Rows and columns of a feature map (N, C, H, W)."""


@dataclass(frozen=True)
class Place:
    """The order of one tensor of the graph.

    Attributes
    ----------
    order
        "input": the frame's order, known at run time; "raster"; or the name of the table that holds a layer's order.
    axes
        The adjacent axes that the pixels run along, rows first; a single one where they have been merged.
    flattened
        The tensor is (N, C P): a keyed map laid out as features, channel by channel; `axes` is empty.
    """

    order: str
    axes: Axes = MAP_AXES
    flattened: bool = False

    def at(self, axes: Axes) -> "Place":
        """The same order, along other axes."""
        return replace(self, axes=axes)

    @property
    def is_raster(self) -> bool:
        return self.order == RASTER

    @property
    def is_input(self) -> bool:
        return self.order == INPUT


INPUT = "input"
RASTER = "raster"

"""What a network says of one frame: one class for all of it, or one for each pixel, back in its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Network = Callable[["Tensor", "Tensor"], Any]
"""Takes x float32 (1, C, h, w) in emission order and order int64 (1, h * w); returns scores float32 (1, classes), or dense
ones (1, classes, h', w') in the order that its `output_order(order)` says, alone or as "out" among others."""
MOST_CLASSES = 256
"""Of a mask, whose pixels are bytes."""


@dataclass(frozen=True, eq=False)
class ClassAnswer:
    """What a classifier says of a frame.

    Attributes
    ----------
    scores
        float32 (classes,), as the network gives them.
    """

    scores: NDArray[np.float32]

    @property
    def class_index(self) -> int:
        """The class with the highest score."""
        return int(self.scores.argmax())


@dataclass(frozen=True, eq=False)
class MaskAnswer:
    """What a segmentation network says of a frame.

    Attributes
    ----------
    mask
        uint8 (h, w), the class of each pixel in raster order: it shows the scene, as the restored frame does.
    class_shares
        float32 (classes,), the share of the frame's pixels that each class has; they add up to 1.
    """

    mask: NDArray[np.uint8]
    class_shares: NDArray[np.float32]


def answer_of(network: Network, x: "Tensor", order: "Tensor") -> ClassAnswer | MaskAnswer:
    """Run `network` on one frame, and put a dense answer back into the raster.

    Raises
    ------
    ValueError
        An output that is neither scores nor dense scores of one frame, or dense ones of a network that does not say in which
        order they are.
    """
    output = main_answer(network(x, order))
    if output.ndim == 2 and output.shape[0] == 1:
        return ClassAnswer(output[0].float().cpu().numpy().copy())
    if output.ndim == 4 and output.shape[0] == 1 and output.shape[1] <= MOST_CLASSES:
        mask = restored_mask(output, _output_order(network, order))
        counts = np.bincount(mask.reshape(-1), minlength=output.shape[1])
        return MaskAnswer(mask, (counts / mask.size).astype(np.float32))
    allowed = f"(1, classes), or (1, classes, h, w) with up to {MOST_CLASSES} classes"
    raise ValueError(f"network output shape = {tuple(output.shape)}: allowed is {allowed}")


def restored_mask(output: "Tensor", order: "Tensor | None") -> NDArray[np.uint8]:
    """The class of each pixel in raster order, uint8 (h, w), of dense scores (1, classes, h, w) in `order`; None is raster.

    A class is chosen pixel by pixel, so that it is enough to put the chosen ones back.
    """
    emitted = output[0].argmax(0).cpu().numpy().astype(np.uint8)
    if order is None:
        return emitted
    mask = np.empty(emitted.size, np.uint8)
    mask[order.cpu().numpy().reshape(-1)] = emitted.reshape(-1)
    return mask.reshape(emitted.shape)


def _output_order(network: Network, order: "Tensor") -> "Tensor | None":
    output_order = getattr(network, "output_order", None)
    if output_order is None:
        trouble = "its answer is dense and it has no output_order that says where its pixels belong"
        raise ValueError(f"network = {type(network).__name__}: {trouble}; allowed is a network of inference.keyed.convert")
    return main_answer(output_order(order))


def main_answer(output: Any) -> Any:
    """The main answer of torchvision's segmentation networks, which name it "out" beside others; else `output` itself."""
    return output["out"] if isinstance(output, Mapping) and "out" in output else output

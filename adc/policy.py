"""How a frame leaves the array: in which order, how often that order changes, and with or without the mask."""

from dataclasses import dataclass
from typing import Literal, get_args

OrderName = Literal["full", "row-column", "block", "raster"]
RefreshName = Literal["frame", "static"]
ORDER_NAMES: tuple[OrderName, ...] = get_args(OrderName)
REFRESH_NAMES: tuple[RefreshName, ...] = get_args(RefreshName)


@dataclass(frozen=True)
class ReadoutPolicy:
    """What the readout keeps secret.

    Attributes
    ----------
    order
        "full" (any permutation of the array), "row-column" (rows and columns permuted apart), "block" (8x8 blocks
        moved whole) or "raster" (no secret order).
    refresh
        "frame" draws a new order for every frame, "static" keeps one for the epoch. The mask is new in every frame.
    mask
        Whether every sample carries an additive keystream value modulo 2**bits.
    """

    order: OrderName = "full"
    refresh: RefreshName = "frame"
    mask: bool = True

    def __post_init__(self) -> None:
        if self.order not in ORDER_NAMES:
            raise ValueError(f"order = {self.order!r}: allowed is {', '.join(ORDER_NAMES)}")
        if self.refresh not in REFRESH_NAMES:
            raise ValueError(f"refresh = {self.refresh!r}: allowed is {', '.join(REFRESH_NAMES)}")
        if self.mask not in (True, False):
            raise ValueError(f"mask = {self.mask!r}: allowed is True or False")

    @property
    def caution(self) -> str | None:
        """What this policy does not protect, in one sentence, or None where a fresh mask and the full order do."""
        if self.order == "full":
            if self.mask:
                return None
            if self.refresh == "static":
                return "Static order without a mask: some 30 frames are enough to recover the key."
            return "Fresh order without a mask: the layout is hidden, the multiset of values leaks completely."
        if self.mask:
            return f"The {self.order} order is no protection here: the mask alone hides the values."
        if self.order == "raster":
            return "Raster order without a mask: the picture is not protected."
        return f"The {self.order} order without a mask is obfuscation only: much of the scene shows in a single frame."


SECURE = ReadoutPolicy()
PAPER = ReadoutPolicy(order="full", refresh="static", mask=False)
RASTER = ReadoutPolicy(order="raster", refresh="static", mask=False)
POLICIES: dict[str, ReadoutPolicy] = {"secure": SECURE, "paper": PAPER, "raster": RASTER}

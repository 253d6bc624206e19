"""What the array looks like from outside: its size, its sample depth and its colour filters."""

from dataclasses import dataclass
from typing import Literal, get_args

CfaName = Literal["mono", "rgb", "rggb", "bggr", "grbg", "gbrg"]
CFA_NAMES: tuple[CfaName, ...] = get_args(CfaName)
BAYER_NAMES: tuple[CfaName, ...] = CFA_NAMES[2:]


@dataclass(frozen=True)
class Geometry:
    """Size, depth and colour filter array of every frame that a camera sends.

    Attributes
    ----------
    height, width
        Photosites down and across, 1 to 65535 each; both even for a Bayer array.
    bits
        Depth of a sample, 6 to 16.
    cfa
        "mono", "rgb" (three samples at every photosite) or the four letters of the top left 2x2 Bayer cell.
    """

    height: int
    width: int
    bits: int = 12
    cfa: CfaName = "mono"

    def __post_init__(self) -> None:
        for name, side in (("height", self.height), ("width", self.width)):
            if not _is_whole(side) or not 1 <= side <= 65535:
                raise ValueError(f"{name} = {side}: allowed is 1 to 65535")
        if not _is_whole(self.bits) or not 6 <= self.bits <= 16:
            raise ValueError(f"bits = {self.bits!r}: allowed is 6 to 16, an int")
        if self.cfa not in CFA_NAMES:
            raise ValueError(f"cfa = {self.cfa!r}: allowed is {', '.join(CFA_NAMES)}")
        for name, side in (("height", self.height), ("width", self.width)):
            if self.is_bayer and side % 2:
                raise ValueError(f"{name} = {side}: allowed is an even number for the Bayer array {self.cfa}")

    @property
    def channels(self) -> int:
        """Samples at one photosite: 3 for "rgb", else 1."""
        return 3 if self.cfa == "rgb" else 1

    @property
    def pixels(self) -> int:
        """Photosites in the array, height times width."""
        return self.height * self.width

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (H, W, C) of the raster."""
        return self.height, self.width, self.channels

    @property
    def is_bayer(self) -> bool:
        """Whether the array has a 2x2 Bayer cell."""
        return self.cfa in BAYER_NAMES


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)

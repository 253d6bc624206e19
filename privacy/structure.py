"""What is public of a scheme: which parts of a picture it moves, how far, and what else becomes of them; all but its key."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Code = TypeVar("Code", bound=np.integer)


@dataclass(frozen=True)
class Structure:
    """The family of maps that a scheme draws its key from.

    Attributes
    ----------
    block
        Side of the blocks inside which parts move, pixels; 0 where they move over the whole picture.
    halves
        Parts are halves of samples, four bits each; otherwise whole samples.
    same_blocks
        Every block has the same map.
    blocks_move
        Blocks change places as well.
    whole_pixels
        The samples of a pixel stay together.
    recoloured
        Samples may arrive in another channel.
    complemented
        Parts may be complemented: v becomes 2**bits - 1 - v.
    gains
        Parts are multiplied with whole numbers.
    hidden
        False for a scheme that sends pictures as they are.
    """

    block: int
    halves: bool = False
    same_blocks: bool = False
    blocks_move: bool = False
    whole_pixels: bool = False
    recoloured: bool = True
    complemented: bool = True
    gains: bool = False
    hidden: bool = True

    @property
    def turns_open(self) -> bool:
        """Whether frames alone cannot tell a picture from its mirror image or a turned one."""
        return self.hidden and (self.blocks_move or self.block == 0)

    @property
    def top(self) -> int:
        """The highest value of a part."""
        return 15 if self.halves else 255


_ORDER = Structure(block=0, whole_pixels=True, recoloured=False, complemented=False)
"""One order of the pixels; also the most that there is to try where nothing stays."""

STRUCTURES = {
    "le": Structure(block=4, halves=True, same_blocks=True),
    "ele": Structure(block=4, halves=True, blocks_move=True),
    "etc": Structure(block=4, blocks_move=True, whole_pixels=True),
    "pixel-based": Structure(block=1),
    "pixel-based-static": Structure(block=1),
    "privconv": Structure(block=4, same_blocks=True, blocks_move=True),
    "key-nets": Structure(block=0, complemented=False, gains=True),
    "keycam-raster": Structure(block=1, whole_pixels=True, recoloured=False, complemented=False, hidden=False),
    "keycam-paper": _ORDER,
    "keycam-secure": _ORDER,
    "aes-256-gcm": _ORDER,
}


def parts_of(samples: NDArray[Code], structure: Structure) -> NDArray[Code]:
    """Pictures (N, H, W, 3) as parts (N, B, M): M parts in each of B blocks, both row by row.

    Of a sample that is halved, the low half comes first. Raises ValueError for sides that are no multiples of the block's.
    """
    count, height, width, _ = samples.shape
    side = structure.block or max(height, width)
    if structure.block == 0:
        blocks = samples.reshape(count, 1, -1)
    elif height % side or width % side:
        raise ValueError(f"samples = {height} x {width}: allowed is multiples of {side}, the side of a block")
    else:
        blocks = samples.reshape(count, height // side, side, width // side, side, 3).swapaxes(2, 3)
        blocks = blocks.reshape(count, (height // side) * (width // side), -1)
    if structure.halves:
        blocks = np.stack([blocks & 15, blocks >> 4], 3).reshape(*blocks.shape[:2], -1)
    return np.ascontiguousarray(blocks)


def pictures_of(parts: NDArray[np.uint8], structure: Structure, height: int, width: int) -> NDArray[np.uint8]:
    """The pictures (N, H, W, 3) that have these parts (N, B, M): the inverse of `parts_of`."""
    count = len(parts)
    blocks = parts
    if structure.halves:
        halves = parts.reshape(*parts.shape[:2], -1, 2)
        blocks = halves[..., 0] | (halves[..., 1] << np.uint8(4))
    if structure.block == 0:
        return blocks.reshape(count, height, width, 3)
    side = structure.block
    blocks = blocks.reshape(count, height // side, width // side, side, side, 3)
    return np.ascontiguousarray(blocks.swapaxes(2, 3)).reshape(count, height, width, 3)

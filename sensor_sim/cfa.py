"""The colour filter array: which colour each photosite collects."""

from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Cfa: TypeAlias = Literal["mono", "rgb", "rggb", "bggr", "grbg", "gbrg"]
CFA_NAMES: tuple[Cfa, ...] = get_args(Cfa)


def mosaic(electrons: NDArray[np.float32], cfa: Cfa) -> NDArray[np.float32]:
    """What the photosites of an array collect, float32 (H, W, C) in e-, of what each colour would give, (H, W, 3) in e-.

    A Bayer array ("rggb", "bggr", "grbg", "gbrg": the colours of a 2x2 tile, row by row) has C = 1 and one colour a
    photosite; "mono" has C = 1, no filter, and collects all three colours; "rgb" has C = 3 samples at every photosite.
    Raises ValueError for another name or a Bayer array with an odd side. Source: B. E. Bayer, US patent 3,971,065.
    """
    if cfa not in CFA_NAMES:
        raise ValueError(f"cfa = {cfa}: allowed is {', '.join(CFA_NAMES)}")
    if cfa == "rgb":
        return electrons
    if cfa == "mono":
        return electrons.sum(axis=2, keepdims=True, dtype=np.float32)
    height, width = electrons.shape[:2]
    if height % 2 or width % 2:
        raise ValueError(f"electrons = {height} x {width}: allowed is even sides for a Bayer array")
    collected = np.empty((height, width, 1), np.float32)
    for place, colour in enumerate(cfa):
        y, x = divmod(place, 2)
        collected[y::2, x::2, 0] = electrons[y::2, x::2, "rgb".index(colour)]
    return collected

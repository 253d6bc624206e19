"""Sizes of frames as people write them."""

import re

MOST_PX = 4096


def parsed_size(text: str) -> tuple[int, int]:
    """(height, width) of "HxW". Raises `ValueError` for anything else."""
    sides = [int(side) for side in text.split("x")] if re.fullmatch("[0-9]{1,5}x[0-9]{1,5}", text) else []
    if not sides or not all(1 <= side <= MOST_PX for side in sides):
        raise ValueError(f"size = {text!r}: allowed is HxW with sides of 1 to {MOST_PX}, such as 224x224")
    return sides[0], sides[1]

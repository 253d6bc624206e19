"""A scheme's fixed map from scenes that the attacker chooses: every part of them says its own number."""

import numpy as np
from numpy.typing import NDArray

from privacy.attacks.chosen_plaintext import chosen_scenes, order_from_chosen
from privacy.attacks.guessed_map import GuessedMap, map_of
from privacy.seen import Samples, Seen
from privacy.structure import Structure, parts_of, pictures_of

Index = NDArray[np.int64]


def scenes_to_choose(structure: Structure, height: int, width: int) -> NDArray[np.uint8]:
    """The scenes to show, uint8 (F, H, W, 3), as few as say every part's number in its base.

    Where parts may be complemented, digits keep to the lower half of the range, so that a complement shows. Where there are
    gains, the first scene is all ones. Where all blocks have one map and stay in place, each block says another digit.
    """
    if structure.whole_pixels and structure.block == 0:
        return np.asarray(chosen_scenes(height, width, 3), np.uint8)
    blocks, each = _shape(structure, height, width)
    base, digits = _digits(structure, blocks, each)
    if structure.same_blocks and not structure.blocks_move:
        number, frames = np.arange(each), -(-digits // blocks)
        said = number // base ** (np.arange(frames * blocks) % digits)[:, None] % base
        parts = said.reshape(frames, blocks, each)
    else:
        number = np.arange(blocks * each) if structure.blocks_move or structure.block == 0 else np.tile(np.arange(each), blocks)
        parts = (number // base ** np.arange(digits)[:, None] % base).reshape(digits, blocks, each)
    if structure.gains:
        parts = np.concatenate([np.ones_like(parts[:1]), parts])
    return pictures_of(parts.astype(np.uint8), structure, height, width)


def map_from_chosen(sent: Samples, structure: Structure) -> GuessedMap:
    """Read the map off what was sent, (F, H, W, 3), of `scenes_to_choose`. What is no part's number is left unknown.

    Raises ValueError where there are not as many frames as scenes to choose.
    """
    count, height, width, _ = sent.shape
    scenes = len(scenes_to_choose(structure, height, width))
    if count != scenes:
        raise ValueError(f"sent = {count} frames: allowed is {scenes}, those of the chosen scenes")
    if structure.whole_pixels and structure.block == 0:
        order = order_from_chosen(Seen(sent.reshape(count, -1, 3), height, width)).order
        return map_of((3 * order[:, None] + np.arange(3)).ravel(), count, 0)
    blocks, each = _shape(structure, height, width)
    base, digits = _digits(structure, blocks, each)
    parts = parts_of(sent, structure).astype(np.int64)
    gain = np.maximum(parts[0], 1).ravel() if structure.gains else None
    values = parts[1:] // np.maximum(parts[0], 1) if structure.gains else parts
    in_place = structure.same_blocks and not structure.blocks_move
    said = values.reshape(-1, each)[:digits] if in_place else values.reshape(digits, -1)
    against = (said[0] > structure.top // 2) & structure.complemented
    straight = np.where(against, structure.top - said, said)
    number = (straight * base ** np.arange(digits)[:, None]).sum(0)
    if in_place:
        number, against = np.tile(number, blocks), np.tile(against, blocks)
    if not structure.blocks_move and structure.block:
        number = np.where(number < each, number + each * np.repeat(np.arange(blocks), each), -1)
    return map_of(np.where(number < blocks * each, number, -1), count, 0, against, gain)


def _shape(structure: Structure, height: int, width: int) -> tuple[int, int]:
    blocks, each = parts_of(np.zeros((1, height, width, 3), np.uint8), structure).shape[1:]
    return blocks, each


def _digits(structure: Structure, blocks: int, each: int) -> tuple[int, int]:
    """The base in which parts are numbered, and how many digits the greatest number takes."""
    base = (structure.top + 1) // (2 if structure.complemented else 1)
    most = blocks * each if structure.blocks_move or structure.block == 0 else each
    digits = 1
    while base**digits < most:
        digits += 1
    return base, digits

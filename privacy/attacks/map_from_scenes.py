"""A scheme's fixed map from a few known scenes, and the frames they came out as: what is equal belongs together."""

import numpy as np
from numpy.typing import NDArray

from privacy.attacks.guessed_map import GuessedMap, map_of
from privacy.attacks.known_plaintext import order_from_scenes, paired
from privacy.seen import Samples, Seen
from privacy.structure import Structure, parts_of

Index = NDArray[np.int64]


def map_from_scenes(scenes: NDArray[np.uint8], sent: Samples, structure: Structure, seed: int = 0) -> GuessedMap:
    """Match scenes with what was sent of them, both (F, H, W, 3).

    Where blocks move, a block is known by the values in it, whether complemented or not; then each part is by its values, or
    their complements, over all frames, and over all blocks where these have one map. What is equal is matched at random, and so
    is what finds no partner.
    """
    count, height, width, _ = scenes.shape
    if not structure.hidden:
        return map_of(np.arange(3 * height * width), count, seed)
    if structure.whole_pixels and structure.block == 0:
        order = order_from_scenes(scenes, Seen(sent.reshape(count, -1, 3), height, width), seed).order
        return map_of((3 * order[:, None] + np.arange(3)).ravel(), count, seed)
    random = np.random.default_rng(seed)
    known, emitted = (parts_of(samples, structure).astype(np.int64) for samples in (scenes, sent))
    blocks, each = known.shape[1:]
    block_of = _blocks_by_value(known, emitted, structure.top, random) if structure.blocks_move else np.arange(blocks)
    common = np.maximum(np.gcd.reduce(known, axis=0), 1)
    divisor = np.maximum(np.gcd.reduce(emitted, axis=0), 1)
    # A gain multiplies the greatest common divisor as it does all values; what is left is the same on both sides.
    parts, parts_sent = (known // common, emitted // divisor) if structure.gains else (known, emitted)
    parts = parts[:, block_of]
    if structure.same_blocks:
        parts, parts_sent = (every.reshape(-1, 1, each) for every in (parts, parts_sent))
    bottom, against = _one_of_two(parts, structure)
    bottom_sent, against_sent = _one_of_two(parts_sent, structure)
    block = np.repeat(np.arange(parts.shape[1]), each)
    source = _matched(np.vstack([block, bottom]).T, np.vstack([block, bottom_sent]).T, random)
    turned = against[source] != against_sent
    if structure.same_blocks:
        source = (each * np.arange(blocks)[:, None] + source).ravel()
        turned = np.tile(turned, blocks)
    source = each * block_of[source // each] + source % each
    gain = np.maximum(divisor.ravel() // common.ravel()[source], 1) if structure.gains else None
    return map_of(source, count, seed, turned, gain)


def _blocks_by_value(known: Index, emitted: Index, top: int, random: np.random.Generator) -> Index:
    """The block of the scenes, parts (F, B, M), that each emitted block is, int64 (B,): equal values, folded at mid-range."""
    folded = [np.sort(np.minimum(parts, top - parts), axis=2).swapaxes(0, 1) for parts in (known, emitted)]
    scenes, frames = (parts.reshape(len(parts), -1) for parts in folded)
    return _matched(scenes, frames, random)


def _one_of_two(parts: Index, structure: Structure) -> tuple[Index, NDArray[np.bool_]]:
    """Series (F, B, M) or their complements, whichever begin below mid-range, int64 (F, B M), and which were turned for it."""
    series = parts.reshape(len(parts), -1)
    if not structure.complemented:
        return series, np.zeros(series.shape[1], np.bool_)
    against = series[0] > structure.top // 2
    return np.where(against, structure.top - series, series), against


def _matched(known: Index, emitted: Index, random: np.random.Generator) -> Index:
    """The row of `known` (n, values) that each row of `emitted` is, int64 (n,), every one once."""
    group = np.unique(np.concatenate([known, emitted]), axis=0, return_inverse=True)[1].ravel()
    return paired(group[: len(known)], group[len(known) :], random)

"""A scheme's fixed map from frames alone: parts that vary together over time were neighbours in the picture.

Le Roux, Bengio, Lamblin, Joliveau, Kégl, "Learning the 2-D topology of images", NIPS 2007, for pixels in one order. The schemes
on scrambled pictures complement parts, exchange colours and halve samples besides, but do so in every picture alike.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from privacy.attacks.block_layout import places_in_block
from privacy.attacks.blocks import laid_together
from privacy.attacks.ciphertext_only import recover_static_order
from privacy.attacks.complements import complemented
from privacy.attacks.guessed_map import UNKNOWN, GuessedMap, map_of
from privacy.attacks.pixels_in_place import AGAINST, TAKEN, forms_in_place
from privacy.attacks.pixels_of_samples import channels_of, pixels_of
from privacy.seen import Samples, Seen
from privacy.structure import Structure, parts_of

MOST_OBSERVATIONS = 20_000
_LOOKED_AT = 100
"""Frames that are enough to see whether borders fit."""

Index = NDArray[np.int64]


def map_from_frames(sent: Samples, structure: Structure, seed: int = 0) -> GuessedMap:
    """Recover the map that frames (F, H, W, 3) have in common, up to what frames alone cannot tell.

    That is which colour is which, whether the picture is a negative, and, where blocks or pixels moved, the raster's symmetries.
    Low halves of samples look like noise and stay unknown. Where nothing is common to the frames the guess is arbitrary.

    Raises ValueError for fewer than 3 frames where an order of pixels is to be found, and for more than 4096 pixels.
    """
    count, height, width, _ = sent.shape
    if not structure.hidden:
        return map_of(np.arange(3 * height * width), count, seed)
    if structure.block == 1:
        return _in_place(np.asarray(sent, np.uint8), seed)
    if structure.whole_pixels and structure.block == 0:
        pixels = recover_static_order(Seen(sent.reshape(count, -1, 3), height, width), seed).order
        return map_of((3 * pixels[:, None] + np.arange(3)).ravel(), count, seed)
    if structure.whole_pixels:
        return _whole_pixels(np.asarray(sent, np.uint8), structure, seed)
    return _scattered(sent, structure, seed)


def _in_place(sent: NDArray[np.uint8], seed: int) -> GuessedMap:
    form = forms_in_place(sent)
    taken = 3 * np.arange(form.size)[:, None] + TAKEN[form]
    source, against = np.empty(taken.size, np.int64), np.empty(taken.size, np.bool_)
    source[taken] = np.arange(taken.size).reshape(-1, 3)
    against[taken] = AGAINST[form] == 1
    return map_of(source, len(sent), seed, against)


def _whole_pixels(sent: NDArray[np.uint8], structure: Structure, seed: int) -> GuessedMap:
    """Blocks whose pixels stay whole: the means of a block's three channels say its complement and its colours."""
    count, height, width, _ = sent.shape
    parts = parts_of(sent, structure)
    blocks = parts.shape[1]
    pixels = parts.reshape(count, blocks, -1, 3)
    means = pixels.mean(2, dtype=np.float32).reshape(count, -1)
    means -= means.mean(0)
    groups = np.arange(3 * blocks).reshape(blocks, 3)
    against = complemented(means).reshape(blocks, 3).sum(1) > 1
    means *= np.where(np.repeat(against, 3), -1, 1).astype(np.float32)
    channel = channels_of(means, groups, seed).reshape(blocks, 3)
    straight = pixels ^ np.where(against, 255, 0).astype(np.uint8)[:, None, None]
    in_colour = np.take_along_axis(straight, np.argsort(channel, axis=1)[:, None].repeat(pixels.shape[2], 1)[None], axis=3)
    order = recover_static_order(Seen(in_colour.reshape(count, -1, 3), height, width), seed).order
    raster = 3 * order.reshape(blocks, -1, 1) + channel[:, None]
    each = np.repeat(against, parts.shape[2])
    return map_of(part_numbers(structure, height, width)[raster.ravel()], count, seed, each)


def _scattered(sent: Samples, structure: Structure, seed: int) -> GuessedMap:
    """Samples anywhere inside their block, or in the picture; of halves, the high ones."""
    count, height, width, _ = sent.shape
    parts = parts_of(sent, structure)
    blocks, each = parts.shape[1:]
    gain = np.maximum(np.gcd.reduce(parts.astype(np.int64), axis=0), 1) if structure.gains else np.ones((blocks, each), np.int64)
    values = np.minimum(parts // gain, structure.top).astype(np.uint8)
    chosen = _high_halves(values, structure.same_blocks) if structure.halves else np.arange(each)[None].repeat(blocks, 0)
    values = np.take_along_axis(values, chosen[None], axis=2)
    if structure.halves:
        values *= np.uint8(17)
    series = values.reshape(count * blocks, -1) if structure.same_blocks else values.reshape(count, -1)
    groups = np.arange(series.shape[1]).reshape(1 if structure.same_blocks else blocks, -1)
    few = series[_evenly(len(series), MOST_OBSERVATIONS)].astype(np.float32)
    few -= few.mean(0)
    against = complemented(few) if structure.complemented else np.zeros(series.shape[1], np.bool_)
    few *= np.where(against, -1, 1).astype(np.float32)
    straight = series ^ np.where(against, 255, 0).astype(np.uint8)
    if structure.same_blocks:
        place = places_in_block(few, structure.block, seed)
        raster = _blocks_alike(straight, place, sent.shape, structure, seed)
        against = np.tile(against, blocks)
    else:
        pixels = pixels_of(few, groups, seed)
        order = recover_static_order(Seen(straight[:, pixels], height, width), seed).order
        raster = np.empty(series.shape[1], np.int64)
        raster[pixels] = 3 * order[:, None] + np.arange(3)
    source, turned = np.full(blocks * each, UNKNOWN), np.zeros(blocks * each, np.bool_)
    emitted = (each * np.arange(blocks)[:, None] + chosen).ravel()
    source[emitted] = part_numbers(structure, height, width)[raster.ravel()]
    turned[emitted] = against
    return map_of(source, count, seed, turned, gain.ravel())


def _high_halves(values: NDArray[np.uint8], same_blocks: bool) -> Index:
    """Which half of the parts (F, B, M) of each block are high ones, int64 (B, M / 2): those that go with many others."""
    blocks, each = values.shape[1:]
    chosen = np.empty((blocks, each // 2), np.int64)
    pooled = values.reshape(-1, each)
    for block in range(1 if same_blocks else blocks):
        seen = pooled[_evenly(len(pooled), MOST_OBSERVATIONS)] if same_blocks else values[:, block]
        centred = seen.astype(np.float32) - seen.mean(0, dtype=np.float32)
        centred /= np.linalg.norm(centred, axis=0) + np.float32(1e-6)
        going_along = ((centred.T @ centred) ** 2).sum(0)
        chosen[slice(None) if same_blocks else block] = np.sort(np.argsort(-going_along)[: each // 2])
    return chosen


def _blocks_alike(
    straight: NDArray[np.uint8], place: Index, shape: tuple[int, ...], structure: Structure, seed: int
) -> Index:  # fmt: skip
    """Where in the raster the samples of every block lie, int64 (B, samples), all of them `place` in their block.

    Blocks that stay where they are say by their borders which way round all of them are; others are laid together by them.
    """
    count, height, width, _ = shape
    side, down, across = structure.block, height // structure.block, width // structure.block
    shown = straight.reshape(count, down * across, -1)[_evenly(count, _LOOKED_AT)]
    cells = np.arange(side**2).reshape(side, side)
    ways = [np.rot90(mirrored, turns).ravel() for mirrored in (cells, cells.T) for turns in range(4)]
    if structure.blocks_move:
        # A picture turned as a whole is the same find, but the board's sides must be those of the picture.
        ways = [ways[0], ways[4]] if height != width else ways[:1]
    numbers = np.arange(3 * height * width).reshape(down, side, across, side, 3).swapaxes(1, 2).reshape(down * across, -1)
    tried = []
    for way in ways:
        turned = 3 * way[place // 3] + place % 3
        board = np.arange(down * across)
        if structure.blocks_move:
            pieces = np.empty((down * across, len(place), len(shown)))
            pieces[:, turned] = shown.transpose(1, 2, 0)
            laid = laid_together(pieces.reshape(down * across, side, side, -1), down, across, seed)
            board[laid.ravel()] = np.arange(down * across)
        places = numbers[board][:, turned]
        picture = np.empty((len(shown), 3 * height * width), np.uint8)
        picture[:, places] = shown
        tried.append((_roughness(picture.reshape(-1, height, width, 3)), places))
    return min(tried, key=lambda found: found[0])[1]


def _roughness(pictures: NDArray[np.uint8]) -> float:
    """Mean absolute difference of neighbours."""
    return sum(float(np.abs(np.diff(pictures.astype(np.int16), axis=axis)).mean()) for axis in (1, 2))


def _evenly(count: int, most: int) -> Index:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def part_numbers(structure: Structure, height: int, width: int) -> Index:
    """The number of the part that each sample of the raster is, or whose high half it is: int64 (3 H W,)."""
    samples = np.arange(3 * height * width).reshape(1, height, width, 3)
    number = np.empty(samples.size, np.int64)
    number[parts_of(samples, replace(structure, halves=False)).ravel()] = samples.ravel()
    return 2 * number + 1 if structure.halves else number

"""A static order from a few scenes that the attacker knows, and the frames they came out as."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.seen import Order, Samples, Seen


@dataclass(frozen=True, eq=False)
class MatchedOrder:
    """An order found by matching values.

    Attributes
    ----------
    order
        int64 (P,): emitted[q] = pixel[order[q]]; every position once.
    frames, seed
        Scenes used, and what ties were broken by.
    identified
        Share of positions whose values no other position has in these scenes: these are certain.
    expected
        Expected share of right entries: each group of n equal positions gives one right on average.
    chance
        The expected share without any scene, 1 / P.
    matched
        Share of positions whose values occur among the emitted ones at all: 1 where the frames are these scenes under one
        order; far below it under a mask or a fresh order.
    """

    order: Order
    frames: int
    seed: int
    identified: float
    expected: float
    chance: float
    matched: float


def order_from_scenes(scenes: Samples, seen: Seen, seed: int = 0) -> MatchedOrder:
    """Match the values of every position over all scenes, (F, H, W, C), with those of the emitted frames.

    Positions of equal values are told apart by nothing, so they are matched at random among themselves; so are those that
    find no partner. Raises ValueError where scenes and frames differ in number or size.
    """
    pixels = seen.height * seen.width
    if scenes.shape[:3] != (seen.count, seen.height, seen.width) or scenes.shape[3] != seen.frames.shape[2]:
        allowed = (seen.count, seen.height, seen.width, seen.frames.shape[2])
        raise ValueError(f"scenes = {scenes.shape}: allowed is {allowed}, one for every frame")
    random = np.random.default_rng(seed)
    known = scenes.reshape(seen.count, pixels, -1).transpose(1, 0, 2).reshape(pixels, -1)
    emitted = seen.frames.transpose(1, 0, 2).reshape(pixels, -1)
    group = np.unique(np.concatenate([known, emitted]).astype(np.uint16), axis=0, return_inverse=True)[1].ravel()
    group_of_pixel, group_of_sample = group[:pixels], group[pixels:]
    sizes_known, sizes_seen = (np.bincount(part, minlength=group.max() + 1) for part in (group_of_pixel, group_of_sample))
    order = paired(group_of_pixel, group_of_sample, random)
    shared = np.minimum(sizes_known, sizes_seen)
    # Of n positions in one group and m samples, each of min(n, m) matches is right once in max(n, m).
    right = shared / np.maximum(np.maximum(sizes_known, sizes_seen), 1)
    return MatchedOrder(
        order=order,
        frames=seen.count,
        seed=seed,
        identified=float(np.sum((sizes_known == 1) & (sizes_seen == 1)) / pixels),
        expected=float(right.sum() / pixels),
        chance=1 / pixels,
        matched=float(shared.sum() / pixels),
    )


def paired(group_of_pixel: NDArray[np.int64], group_of_sample: NDArray[np.int64], random: np.random.Generator) -> Order:
    """Samples matched with pixels of their own group at random, the rest with each other: order int64 (P,)."""
    pixel_rank = _by_group(group_of_pixel, random)
    sample_rank = _by_group(group_of_sample, random)
    of_pixel = {key: pixel for pixel, key in enumerate(zip(group_of_pixel.tolist(), pixel_rank.tolist(), strict=True))}
    order = np.full(group_of_sample.size, -1, np.int64)
    for sample, key in enumerate(zip(group_of_sample.tolist(), sample_rank.tolist(), strict=True)):
        order[sample] = of_pixel.pop(key, -1)
    order[order < 0] = random.permutation(np.array(list(of_pixel.values()), np.int64))
    return order


def _by_group(group: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """A number from 0 for every member of a group, in random order: int64 (P,)."""
    shuffled = random.permutation(group.size)
    sorted_ = shuffled[np.argsort(group[shuffled], kind="stable")]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(group[sorted_])) + 1])
    lengths = np.diff(np.append(starts, group.size))
    rank = np.empty(group.size, np.int64)
    rank[sorted_] = np.arange(group.size) - np.repeat(starts, lengths)
    return rank

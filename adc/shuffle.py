"""A uniform permutation from keystream: scatter into random buckets, then Fisher-Yates inside each one.

With one bucket this is Fisher-Yates (Durstenfeld's form). With 256 it is the shuffle of Rao (1961) and Sandelius (1962):
every position falls independently and uniformly into a bucket, and each bucket is permuted uniformly; the buckets one
after the other are then a uniform permutation of the whole. It is as exact, and it stays in the cache.

The kernels run on one core each, without Python's lock: frames have keys of their own, so two keys use two cores.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from adc.keystream import Keystream

MOST_POSITIONS = 65535 * 65535
BUCKETS = 256
BUCKETS_FROM = 1 << 16  # below that many positions one bucket fits the second-level cache
CHUNKS = 16  # pieces of the raster that are scattered side by side; they change the speed and never the result
BUCKETS_AT_ONCE = 16  # words for so many buckets are drawn at once: up to a few megapixels they too stay in the cache


class Shuffle:
    """A permutation in the two steps of which it was drawn; a camera that takes them one by one stays in its cache.

    Attributes
    ----------
    bucket
        uint8 (P,): the bucket that each position falls into.
    first
        uint32 (16, 256): where the positions of each 16th of the raster begin in each bucket.
    edges
        int64 (257,): where each bucket begins and ends.
    within
        uint32 (P,): place q, in the bucket that begins at low, takes what stands at low + within[q].
    """

    def __init__(self, keystream: Keystream, positions: int) -> None:
        self.bucket = keystream.octets(positions)
        self.first, self.edges = _bounds(self.bucket)
        self.within = np.empty(positions, np.uint32)
        _count_up(self.edges, self.within)
        _permute_all(keystream, self.within, self.edges)

    def order(self) -> NDArray[np.uint32]:
        """The whole permutation, uint32 (P,): emitted[q] = pixel[order[q]]."""
        positions = np.empty(self.bucket.size, np.uint32)
        _scatter(self.bucket, self.edges[:-1].astype(np.uint32), positions)
        order = np.empty_like(positions)
        _take_within(positions, self.edges, self.within, order)
        return order

    def wipe(self) -> None:
        """Overwrite the permutation with zeros."""
        for secret in (self.bucket, self.first, self.edges, self.within):
            secret.fill(0)


def shuffled(keystream: Keystream, positions: int, *, buckets: int | None = None) -> NDArray[np.uint32]:
    """Draw a permutation of 0 to positions - 1, exactly uniform, uint32 (positions,).

    Keystream is read as follows. With 256 buckets, one byte for each position names its bucket. Then, for 16 buckets
    after another, one word for each of their places: the word at place i of a bucket draws the number from 0 to i that
    place i is swapped with, from the last place down to 1. A word that would bias its draw is rejected (Lemire, "Fast
    random integer generation in an interval", 2019, algorithm 5) and stops its bucket; every stopped bucket, in rising
    order, then gets the next word in its stead, and so on until none is stopped.

    Raises ValueError for positions outside 1 to 65535**2 and for buckets other than 1, 256 or None (chosen by size).
    """
    if not 1 <= positions <= MOST_POSITIONS:
        raise ValueError(f"positions = {positions}: allowed is 1 to {MOST_POSITIONS}")
    if buckets is None:
        buckets = BUCKETS if in_buckets(positions) else 1
    if buckets == 1:
        order = np.arange(positions, dtype=np.uint32)
        edges = np.array([0, positions], np.int64)
    elif buckets == BUCKETS:
        bucket = keystream.octets(positions)
        _, edges = _bounds(bucket)
        order = np.empty(positions, np.uint32)
        _scatter(bucket, edges[:-1].astype(np.uint32), order)
    else:
        raise ValueError(f"buckets = {buckets}: allowed is 1 or {BUCKETS}")
    _permute_all(keystream, order, edges)
    return order


def in_buckets(positions: int) -> bool:
    """Whether so many positions are shuffled in 256 buckets; fewer fit the cache in one."""
    return positions >= BUCKETS_FROM


def _bounds(bucket: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    counts = np.zeros((CHUNKS, BUCKETS), np.int64)
    for chunk in range(CHUNKS):
        _count(bucket[bucket.size * chunk // CHUNKS : bucket.size * (chunk + 1) // CHUNKS], counts[chunk])
    ends = counts.T.cumsum()  # bucket by bucket, and within a bucket chunk by chunk: the scatter is stable
    first = (ends - counts.T.ravel()).reshape(BUCKETS, CHUNKS).T.astype(np.uint32)
    return first, np.concatenate(([0], ends[CHUNKS - 1 :: CHUNKS]))


def _permute_all(keystream: Keystream, contents: NDArray[np.uint32], edges: NDArray[np.int64]) -> None:
    for first in range(0, edges.size - 1, BUCKETS_AT_ONCE):
        some = edges[first : first + BUCKETS_AT_ONCE + 1]
        _permute_some(keystream, contents[some[0] : some[-1]], some - some[0])


def _permute_some(keystream: Keystream, contents: NDArray[np.uint32], edges: NDArray[np.int64]) -> None:
    words = keystream.words(contents.size)
    place = np.diff(edges) - 1  # where each bucket stands, counting down
    while True:
        _fisher_yates(contents, edges, words, place)
        stopped = np.flatnonzero(place > 0)
        if not stopped.size:
            words.fill(0)
            return
        words[edges[stopped] + place[stopped]] = keystream.words(stopped.size)


@njit(cache=True, nogil=True)
def _count(bucket: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    for chosen in bucket:
        counts[chosen] += 1


@njit(cache=True, nogil=True)
def _count_up(edges: NDArray[np.int64], within: NDArray[np.uint32]) -> None:
    for bucket in range(edges.size - 1):
        for q in range(edges[bucket], edges[bucket + 1]):
            within[q] = q - edges[bucket]


@njit(cache=True, nogil=True)
def _take_within(
    positions: NDArray[np.uint32], edges: NDArray[np.int64], within: NDArray[np.uint32], order: NDArray[np.uint32]
) -> None:
    for bucket in range(edges.size - 1):
        for q in range(edges[bucket], edges[bucket + 1]):
            order[q] = positions[edges[bucket] + within[q]]


# Unsigned places and positions in the two kernels below: Numba then leaves out Python's wrap-around of negative
# indices, which takes 40 % of their time.


@njit(cache=True, nogil=True)
def _scatter(bucket: NDArray[np.uint8], place: NDArray[np.uint32], order: NDArray[np.uint32]) -> None:
    for position in range(np.uint64(bucket.size)):
        chosen = bucket[position]
        at = place[chosen]
        order[at] = position
        place[chosen] = at + np.uint32(1)


@njit(cache=True, nogil=True)
def _fisher_yates(
    contents: NDArray[np.uint32], edges: NDArray[np.int64], words: NDArray[np.uint32], place: NDArray[np.int64]
) -> None:
    for bucket in range(place.size):
        own = contents[edges[bucket] : edges[bucket + 1]]
        own_words = words[edges[bucket] : edges[bucket + 1]]
        i = np.uint64(max(place[bucket], 0))
        while i > np.uint64(0):
            bound = i + np.uint64(1)
            product = np.uint64(own_words[i]) * bound
            fraction = product & np.uint64(0xFFFFFFFF)
            if fraction < bound and fraction < np.uint64(0x100000000) % bound:
                break
            j = product >> np.uint64(32)
            own[i], own[j] = own[j], own[i]
            i -= np.uint64(1)
        place[bucket] = i

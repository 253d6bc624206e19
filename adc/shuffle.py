"""A uniform permutation from keystream: scatter into random buckets, then Fisher-Yates inside each one.

With one bucket this is Fisher-Yates (Durstenfeld's form). With 256 it is the shuffle of Rao (1961) and Sandelius (1962):
every position falls independently and uniformly into a bucket, and each bucket is permuted uniformly; the buckets one
after the other are then a uniform permutation of the whole. It is as exact, and it stays in the cache.

Drawing runs on one core, without Python's lock: frames have keys of their own, so two keys use two cores.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from adc.keystream import Keystream

MOST_POSITIONS = 65535 * 65535
BUCKETS = 256
BUCKETS_FROM = 1 << 16  # below that many positions one bucket fits the second-level cache
CHUNKS = 16  # pieces of the raster that are scattered side by side; they change the speed and never the result
MOST_IN_PAIRS = 1 << 16  # places up to which the bounds of two draws multiply to 32 bits at most
Within = NDArray[np.uint16] | NDArray[np.uint32]
_WORDS_AT_ONCE = 1 << 16  # they stay in the second-level cache until they are used


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
        uint16 (P,), or uint32 where a bucket is too large: place q, in the bucket that begins at low, takes what stands at
        low + within[q].
    """

    def __init__(self, keystream: Keystream, positions: int) -> None:
        self.bucket = keystream.octets(positions)
        self.first, self.edges = _bounds(self.bucket)
        self.within = _permuted(keystream, self.edges)

    def order(self) -> NDArray[np.uint32]:
        """The whole permutation, uint32 (P,): emitted[q] = pixel[order[q]]."""
        positions = np.empty(self.bucket.size, np.uint32)
        _scatter(self.bucket, self.first, positions)
        order = np.empty_like(positions)
        _take_within(positions, self.edges, self.within, order)
        return order

    def wipe(self) -> None:
        """Overwrite the permutation with zeros."""
        for secret in (self.bucket, self.first, self.edges, self.within):
            secret.fill(0)


def shuffled(keystream: Keystream, positions: int, *, buckets: int | None = None) -> NDArray[np.uint32]:
    """Draw a permutation of 0 to positions - 1, exactly uniform, uint32 (positions,).

    Keystream is read as follows. With 256 buckets, one byte for each position names its bucket. Then come 32-bit words for
    one bucket after the other, in which place i of n, from 1 up, draws j from 0 to i: what stands at j moves to place i,
    and i takes its place. In a bucket of up to 65,536 places one word x serves two draws, i and i + 1 (the last one alone
    where they are odd in number): j = x (i + 1) div 2**32, and with r = x (i + 1) mod 2**32 the next j = r (i + 2) div
    2**32. A word that would bias its draws, r (i + 2) mod 2**32 < 2**32 mod (i + 1)(i + 2), is skipped. (Brackett-Rozinsky
    and Lemire, "Batched ranged random integer generation", 2024; for single draws Lemire, "Fast random integer generation
    in an interval", 2019.)

    Raises ValueError for positions outside 1 to 65535**2 and for buckets other than 1, 256 or None (chosen by size).
    """
    if not 1 <= positions <= MOST_POSITIONS:
        raise ValueError(f"positions = {positions}: allowed is 1 to {MOST_POSITIONS}")
    if buckets is None:
        buckets = BUCKETS if in_buckets(positions) else 1
    if buckets == 1:
        return _permuted(keystream, np.array([0, positions], np.int64)).astype(np.uint32)
    if buckets == BUCKETS:
        return Shuffle(keystream, positions).order()
    raise ValueError(f"buckets = {buckets}: allowed is 1 or {BUCKETS}")


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


def _permuted(keystream: Keystream, edges: NDArray[np.int64]) -> Within:
    sizes = np.diff(edges)
    within = np.empty(edges[-1], np.uint16 if sizes.max() <= MOST_IN_PAIRS else np.uint32)
    # The fewest words that can do: what is asked for is always used, so that the next reader of the stream begins right
    # behind the last word.
    needed = int(np.where(sizes <= MOST_IN_PAIRS, sizes // 2, np.maximum(sizes - 1, 0)).sum())
    buffer = np.empty(min(needed, _WORDS_AT_ONCE), np.uint32)
    at = np.array([0, 1], np.int64)
    while True:
        needed -= _fisher_yates(edges, keystream.fill(buffer[:needed]), at, within)
        if at[0] == sizes.size:
            buffer.fill(0)
            return within


@njit(cache=True, nogil=True)
def _count(bucket: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    for chosen in bucket:
        counts[chosen] += 1


@njit(cache=True, nogil=True, parallel=True)
def _take_within(positions: NDArray[np.uint32], edges: NDArray[np.int64], within: Within, order: NDArray[np.uint32]) -> None:
    for bucket in prange(edges.size - 1):
        own_positions, own_within = positions[edges[bucket] : edges[bucket + 1]], within[edges[bucket] : edges[bucket + 1]]
        own_order = order[edges[bucket] : edges[bucket + 1]]
        for q in range(own_within.size):
            own_order[q] = own_positions[own_within[q]]


# Unsigned places and positions in the two kernels below: Numba then leaves out Python's wrap-around of negative
# indices, which takes 40 % of their time.


@njit(cache=True, nogil=True, parallel=True)
def _scatter(bucket: NDArray[np.uint8], first: NDArray[np.uint32], order: NDArray[np.uint32]) -> None:
    chunks = first.shape[0]
    for chunk in prange(chunks):
        place = first[chunk].copy()
        for position in range(np.uint64(bucket.size * chunk // chunks), np.uint64(bucket.size * (chunk + 1) // chunks)):
            chosen = bucket[position]
            at = place[chosen]
            order[at] = position
            place[chosen] = at + np.uint32(1)


@njit(cache=True, nogil=True)
def _fisher_yates(edges: NDArray[np.int64], words: NDArray[np.uint32], at: NDArray[np.int64], within: Within) -> int:
    """Go on with place at[1] of bucket at[0] until all is done or no word is left; say how many words were not skipped."""
    one, two, low = np.uint64(1), np.uint64(2), np.uint64(0xFFFFFFFF)
    used = taken = np.uint64(0)
    bucket, i = at[0], np.uint64(at[1])
    while bucket < edges.size - 1:
        own = within[edges[bucket] : edges[bucket + 1]]
        places = np.uint64(own.size)
        if i == one and places:
            own[0] = 0
        while i < places:
            if used == np.uint64(words.size):
                at[0], at[1] = bucket, i
                return int(taken)
            product = np.uint64(words[used]) * (i + one)
            used += one
            if i + one < places and places <= np.uint64(MOST_IN_PAIRS):
                bound = (i + one) * (i + two)
                second = (product & low) * (i + two)
                fraction = second & low
                if fraction < bound and fraction < np.uint64(0x100000000) % bound:
                    continue
                j, k = product >> np.uint64(32), second >> np.uint64(32)
                own[i], own[j] = own[j], i
                own[i + one], own[k] = own[k], i + one
                i += two
            else:
                fraction = product & low
                if fraction < i + one and fraction < np.uint64(0x100000000) % (i + one):
                    continue
                j = product >> np.uint64(32)
                own[i], own[j] = own[j], i
                i += one
            taken += one
        bucket, i = bucket + 1, one
    at[0], at[1] = bucket, one
    return int(taken)

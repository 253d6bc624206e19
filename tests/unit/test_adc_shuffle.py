"""The shuffle against its plain-Python twin, and against the uniform distribution."""

import itertools
import math
import struct
from collections import Counter

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from adc.keystream import Keystream
from adc.shuffle import BUCKETS, BUCKETS_FROM, MOST_IN_PAIRS, Shuffle, shuffled
from tests.oracle.key_schedule_page import shuffle

KEY = bytes(range(32))


class PlainStream:
    """The keystream without arrays: ChaCha20 over zeros, little-endian words."""

    def __init__(self, key: bytes, nonce: int) -> None:
        self.encryptor = Cipher(ChaCha20(key, struct.pack("<QQ", 0, nonce)), mode=None).encryptor()

    def octets(self, count: int) -> bytes:
        return self.encryptor.update(bytes(count))

    def words(self, count: int) -> list[int]:
        return list(struct.unpack(f"<{count}I", self.octets(4 * count)))


class WrittenStream:
    """A stream that says what it is told, to meet words that chance meets once in four thousand million."""

    def __init__(self, words: list[int]) -> None:
        self.left = words

    def fill(self, drawn: np.ndarray) -> np.ndarray:
        drawn[:], self.left = self.left[: drawn.size], self.left[drawn.size :]
        return drawn


@pytest.mark.parametrize(("positions", "buckets"), [(1, 1), (2, 1), (1000, 1), (1, 256), (300, 256), (20_000, 256)])
def test_shuffle_equals_the_plain_one(positions: int, buckets: int) -> None:
    expected = shuffle(PlainStream(KEY, 7), positions, buckets)
    assert shuffled(Keystream(KEY, 7), positions, buckets=buckets).tolist() == expected


def test_large_shuffle_uses_buckets_and_equals_the_plain_one() -> None:
    expected = shuffle(PlainStream(KEY, 8), BUCKETS_FROM, BUCKETS)
    assert shuffled(Keystream(KEY, 8), BUCKETS_FROM).tolist() == expected


@pytest.mark.parametrize("positions", [300, 100_001])
def test_shuffle_in_steps_is_the_same_permutation(positions: int) -> None:
    steps = Shuffle(Keystream(KEY, 8), positions)
    assert np.array_equal(steps.order(), shuffled(Keystream(KEY, 8), positions, buckets=BUCKETS))
    steps.wipe()
    assert not steps.within.any()
    assert not steps.bucket.any()


def test_large_single_bucket_meets_rejected_words_and_equals_the_plain_one() -> None:
    # The word for a draw from i + 1 numbers is rejected with probability (2**32 mod (i + 1)) / 2**32, on average
    # (i + 1) / 2**33; over 300,000 draws that is 300,000**2 / 2**34 = 5.2 rejected words, none in exp(-5.2) = 0.5 % of keys.
    positions = 300_000
    words = PlainStream(KEY, 9).words(positions)
    assert any(word * (i + 1) % 2**32 < 2**32 % (i + 1) for i, word in enumerate(words, start=1))
    expected = shuffle(PlainStream(KEY, 9), positions, 1)
    assert shuffled(Keystream(KEY, 9), positions, buckets=1).tolist() == expected


def test_draws_in_pairs_meet_rejected_words_and_equal_the_plain_one() -> None:
    # A word for draws from i + 1 and i + 2 numbers is rejected with probability near (i + 1)(i + 2) / 2**33, so the 10,000
    # words of 20,000 places meet about 20,000**3 / 6 / 2**33 = 155 of those.
    positions = 20_000
    expected = shuffle(PlainStream(KEY, 9), positions, 1)
    stream = Keystream(KEY, 9)
    assert shuffled(stream, positions, buckets=1).tolist() == expected
    unread = PlainStream(KEY, 9).words(20_000)
    skipped = unread.index(int(stream.words(1)[0])) - positions // 2
    assert 50 < skipped < 300


@pytest.mark.parametrize("places", [MOST_IN_PAIRS - 1, MOST_IN_PAIRS, MOST_IN_PAIRS + 1])
def test_shuffles_at_the_edge_between_pairs_and_single_draws_equal_the_plain_one(places: int) -> None:
    expected = shuffle(PlainStream(KEY, 5), places, 1)
    assert shuffled(Keystream(KEY, 5), places, buckets=1).tolist() == expected


def test_word_that_would_bias_its_draws_is_skipped() -> None:
    # Three places draw from 2 x 3 = 6 outcomes, and 2**32 mod 6 = 4 words are too many. Word 0 is one of them, as the
    # fraction that it leaves, 0, is below 4.
    word_of = {(j, k): -(-(j * 3 + k) * 2**32 // 6) + 1 for j in range(2) for k in range(3)}
    for (j, k), word in word_of.items():
        within = [0, 1, 2]
        within[1], within[j] = within[j], 1
        within[2], within[k] = within[k], 2
        assert shuffled(WrittenStream([word]), 3).tolist() == within
        assert shuffled(WrittenStream([0, word]), 3).tolist() == within


@pytest.mark.parametrize("buckets", [1, 256])
def test_every_order_of_four_is_equally_likely(buckets: int) -> None:
    keys = 12_000
    seen = Counter(tuple(shuffled(Keystream(KEY, nonce), 4, buckets=buckets).tolist()) for nonce in range(keys))
    expected = keys / math.factorial(4)
    chi_square = sum((seen[order] - expected) ** 2 / expected for order in itertools.permutations(range(4)))
    # 23 degrees of freedom: mean 23, standard deviation sqrt(2 * 23) = 6.8. A true shuffle exceeds 58 for 7 keys in 100,000.
    assert chi_square < 58


@pytest.mark.parametrize("buckets", [1, 256])
def test_every_place_gets_every_pixel_equally_often(buckets: int) -> None:
    positions, keys = 24, 6000
    counts = np.zeros((positions, positions))
    for nonce in range(keys):
        counts[np.arange(positions), shuffled(Keystream(KEY, nonce), positions, buckets=buckets)] += 1
    statistic = ((counts - keys / positions) ** 2 / (keys / positions)).sum() * (positions - 1) / positions
    # Counts of random permutation matrices have (n - 1)**2 = 529 free cells, and the covariance of those is n/(n - 1) times
    # that of a multinomial table with the same sums: scaled back, the statistic is chi-square with 529 degrees of freedom, mean
    # 529 and standard deviation sqrt(2 * 529) = 32.5. 4 of them on each side.
    assert abs(statistic - 529) < 4 * 32.5


@pytest.mark.parametrize("positions", [0, -1, 2**32])
def test_impossible_number_of_positions_is_refused_by_name(positions: int) -> None:
    with pytest.raises(ValueError, match="positions"):
        shuffled(Keystream(KEY, 0), positions)


def test_other_numbers_of_buckets_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="buckets = 7"):
        shuffled(Keystream(KEY, 0), 100, buckets=7)


def test_keystream_is_the_one_of_rfc_8439() -> None:
    # RFC 8439, appendix A.1, test vector 1: key, nonce and block counter all zero.
    block = bytes.fromhex("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7")
    assert Keystream(bytes(32), 0).octets(32).tobytes() == block


def test_keystream_goes_on_where_it_stopped_whatever_the_pieces() -> None:
    whole = Keystream(KEY, 3).octets(1_000_000)
    pieces = Keystream(KEY, 3)
    drawn = [pieces.octets(3), pieces.half_words(5), pieces.words(100_000), pieces.octets(1_000_000 - 400_013)]
    assert b"".join(piece.tobytes() for piece in drawn) == whole.tobytes()


@pytest.mark.parametrize(("key", "nonce", "named"), [(bytes(31), 0, "key"), (KEY, -1, "nonce"), (KEY, 2**64, "nonce")])
def test_impossible_keystream_is_refused_by_name(key: bytes, nonce: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Keystream(key, nonce)

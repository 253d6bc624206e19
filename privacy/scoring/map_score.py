"""How much of a scheme's map an attack found."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from privacy.attacks.guessed_map import UNKNOWN, GuessedMap, map_of
from privacy.schemes.scheme import Scheme
from privacy.scoring.alike import Pictures, alike
from privacy.scoring.chance import SIGNIFICANCE, share_limit
from privacy.structure import Structure, parts_of, pictures_of

_PROBES = 4
"""Pictures of noise: a wrong entry is right in all of them by chance with 16**-4 at most."""
_DRAWS = 20


@dataclass(frozen=True)
class MapScore:
    """Shares from 0 to 1.

    Attributes
    ----------
    entries
        Entries of the key that are right, an entry for every part (sample or half of one), with what cannot be told from frames
        turned for the best. Of a scheme with a key for each image: of the keys of later images.
    chance, limit
        What guesses out of the same family score on average (found by drawing), and what they exceed once in a thousand.
    """

    entries: float
    chance: float
    limit: float


def score_map(guess: GuessedMap, scheme: Scheme, structure: Structure, first: int, seed: int) -> MapScore:
    """Score a guess by what it makes of pictures of noise that whoever holds the key encrypts, number `first` and on."""
    height, width = scheme.shape
    random = np.random.default_rng(seed)
    probes = _noise(scheme, random)
    drawn = [random_map(structure, height, width, random) for _ in range(_DRAWS)]
    found, *by_chance = _shares([guess, *drawn], probes, scheme, structure, first)
    blocks, each = parts_of(np.zeros((1, height, width, 3), np.uint8), structure).shape[1:]
    chance = float(np.mean(by_chance))
    trials = each if structure.same_blocks else blocks * each
    ways = sum(1 for _ in alike(np.zeros((1, height, width, 3), np.uint8), structure))
    # The best of several ways to turn it exceeds a limit at most so many times as often as one of them.
    return MapScore(found, chance, share_limit(chance, trials, SIGNIFICANCE / ways))


def entries_right(
    guesses: Iterable[GuessedMap], scheme: Scheme, structure: Structure, first: int, seed: int
) -> list[float]:  # fmt: skip
    """The share of right entries of each guess, as `score_map` says it."""
    return _shares(guesses, _noise(scheme, np.random.default_rng(seed)), scheme, structure, first)


def score_block(guess: GuessedMap, truth: GuessedMap, structure: Structure, seed: int) -> MapScore:
    """Score what a guess says of the inside of a block, whichever way round the block is, and wherever it lies.

    Both maps are of whole pictures in which all blocks have one map, so that the first block says it.
    """
    side, random = structure.block, np.random.default_rng(seed)
    probes = random.integers(0, 256, (_PROBES, side, side, 3), np.uint8)
    parts = parts_of(probes, structure)
    found, true = _of_first_block(guess, parts.shape[2]), _of_first_block(truth, parts.shape[2])
    moved = parts[:, :, true.source]
    emitted = np.where(true.complemented, structure.top - moved, moved).astype(np.uint8)
    sent = pictures_of(emitted, structure, side, side)
    drawn = [random_map(structure, side, side, random) for _ in range(_DRAWS)]
    share, *by_chance = (_share(tried.undone(sent, structure), probes, structure, True) for tried in (found, *drawn))
    chance, ways = float(np.mean(by_chance)), sum(1 for _ in alike(probes, structure))
    return MapScore(share, chance, share_limit(chance, parts.shape[2], SIGNIFICANCE / ways))


def _of_first_block(whole: GuessedMap, each: int) -> GuessedMap:
    source = whole.source[:each]
    inside = np.where(source == UNKNOWN, UNKNOWN, source % each)
    return map_of(inside, whole.frames, whole.seed, whole.complemented[:each])


def random_map(structure: Structure, height: int, width: int, random: np.random.Generator) -> GuessedMap:
    """A map out of the scheme's family, or a larger one: what someone guesses who knows the scheme and has seen nothing."""
    blocks, each = parts_of(np.zeros((1, height, width, 3), np.uint8), structure).shape[1:]
    if not structure.hidden:
        return map_of(np.arange(blocks * each), 0, 0)
    together = 3 if structure.whole_pixels else 1
    places = np.arange(blocks * each).reshape(blocks, each // together, together)
    if structure.blocks_move:
        places = random.permutation(places)
    inside = random.permuted(np.tile(np.arange(each // together), (blocks, 1)), axis=1)
    if structure.same_blocks:
        inside[:] = inside[0]
    places = np.take_along_axis(places, inside[:, :, None], axis=1)
    if structure.whole_pixels and structure.recoloured:
        places = random.permuted(places, axis=2)
    turned = random.integers(0, 2, blocks * each) == 1 if structure.complemented else None
    gain = random.integers(1, 258, blocks * each) if structure.gains else None
    return map_of(places.ravel(), 0, 0, turned, gain)


def _noise(scheme: Scheme, random: np.random.Generator) -> Pictures:
    return random.integers(0, 256, (_PROBES, *scheme.shape, 3), np.uint8)


def _shares(
    guesses: Iterable[GuessedMap], probes: Pictures, scheme: Scheme, structure: Structure, first: int
) -> list[float]:  # fmt: skip
    sent = scheme.encrypt(probes, first).samples
    one_key = scheme.key_scope != "image"
    return [_share(guess.undone(sent, structure), probes, structure, one_key) for guess in guesses]


def _share(pictures: Pictures, probes: Pictures, structure: Structure, one_key: bool) -> float:
    """The share of parts that are right, in all probes where these have one key."""
    shares = []
    for found in alike(pictures, structure):
        unlike = found ^ probes
        right = np.stack([unlike & 15, unlike >> 4]) == 0 if structure.halves else unlike[None] == 0
        shares.append(float(right.all(1).mean() if one_key else right.mean()))
    return max(shares)

"""Maps of the peers' schemes: from frames alone, from known scenes, from chosen ones; and nothing where there is none."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.datasets import load_cifar10
from privacy.attacks.block_layout import places_in_block
from privacy.attacks.complements import complemented
from privacy.attacks.guessed_map import UNKNOWN, GuessedMap, map_of
from privacy.attacks.invariants import invariants
from privacy.attacks.map_from_chosen import map_from_chosen, scenes_to_choose
from privacy.attacks.map_from_frames import map_from_frames, part_numbers
from privacy.attacks.map_from_scenes import map_from_scenes
from privacy.attacks.pixels_in_place import AGAINST, TAKEN, form_of, in_form, pictures_in_place
from privacy.attacks.pixels_of_samples import pixels_of
from privacy.schemes import SCHEMES, Scheme, make_scheme
from privacy.scoring.alike import alike, anywhere, nearest_alike, score_recovered
from privacy.scoring.map_score import random_map, score_block, score_map
from privacy.structure import STRUCTURES, parts_of, pictures_of
from tests.privacy_scenes import crops

SIDE = 16
STATIC = ("le", "ele", "etc", "pixel-based-static", "privconv", "key-nets", "keycam-paper")
FRESH = ("pixel-based", "keycam-secure", "aes-256-gcm")


def scheme_of(name: str, seed: int = 0, shape: tuple[int, int] = (SIDE, SIDE)) -> Scheme:
    return make_scheme(name, np.random.default_rng(seed), shape)


def entries(guess: GuessedMap, name: str, seed: int = 0) -> float:
    return score_map(guess, scheme_of(name, seed), STRUCTURES[name], first=1000, seed=5).entries


def noise(count: int, height: int = SIDE, width: int = SIDE) -> NDArray[np.uint8]:
    return np.random.default_rng(count).integers(0, 256, (count, height, width, 3), np.uint8)


def test_every_scheme_has_a_structure() -> None:
    assert list(STRUCTURES) == list(SCHEMES)


@pytest.mark.parametrize("name", STRUCTURES)
def test_parts_make_up_the_picture(name: str) -> None:
    structure, pictures = STRUCTURES[name], noise(2, 8, 12)
    parts = parts_of(pictures, structure)
    assert parts.max() <= structure.top
    assert parts[0].size == pictures[0].size * (2 if structure.halves else 1)
    assert np.array_equal(pictures_of(parts, structure, 8, 12), pictures)
    numbers = part_numbers(structure, 8, 12)
    whole = pictures.reshape(2, -1)
    assert np.array_equal(parts.reshape(2, -1)[:, numbers], whole >> 4 if structure.halves else whole)


def test_parts_of_cut_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="samples = 8 x 10: allowed is multiples of 4"):
        parts_of(noise(1, 8, 10), STRUCTURES["le"])


def test_what_is_unknown_becomes_mid_range() -> None:
    pictures, structure = noise(1, 4, 4), STRUCTURES["le"]
    source = np.arange(96)
    source[::2] = UNKNOWN  # all low halves
    assert np.array_equal(map_of(source, 0, 0).undone(pictures, structure), pictures & 240 | 8)


def test_a_guess_is_read_as_it_was_written() -> None:
    guess = random_map(STRUCTURES["key-nets"], 4, 4, np.random.default_rng(0))
    written = {name: np.asarray(getattr(guess, name)) for name in ("source", "complemented", "gain", "frames", "seed")}
    again = GuessedMap.read(written)
    assert all(np.array_equal(getattr(again, name), value) for name, value in written.items())


@pytest.mark.parametrize("name", STATIC)
def test_chosen_scenes_give_the_whole_map(name: str) -> None:
    scenes = scenes_to_choose(STRUCTURES[name], SIDE, SIDE)
    # Parts by their number: 96 halves in base 8 are 3 digits, said by 16 blocks of one scene; 1536 halves take 4; 768 samples in
    # base 128 take 2, 3 samples 1, and in base 256 2 and the scene of ones; 256 pixels of three samples take 1.
    expected = {"le": 1, "ele": 4, "etc": 2, "pixel-based-static": 1, "privconv": 2, "key-nets": 3, "keycam-paper": 1}
    assert len(scenes) == expected[name]
    guess = map_from_chosen(scheme_of(name).encrypt(scenes).samples, STRUCTURES[name])
    assert entries(guess, name) == 1
    pictures = crops(2, SIDE, seed=3)
    assert np.array_equal(guess.undone(scheme_of(name).encrypt(pictures, 50).samples, STRUCTURES[name]), pictures)
    with pytest.raises(ValueError, match=rf"sent = {len(scenes) + 1} frames: allowed is {len(scenes)}"):
        map_from_chosen(scheme_of(name).encrypt(noise(len(scenes) + 1)).samples, STRUCTURES[name])


@pytest.mark.parametrize("name", STATIC)
def test_known_scenes_give_the_map(name: str) -> None:
    scenes = crops(13, SIDE, seed=0)
    guess = map_from_scenes(scenes, scheme_of(name).encrypt(scenes).samples, STRUCTURES[name])
    assert entries(guess, name) >= 0.99
    other = map_from_scenes(scenes, scheme_of(name, 1).encrypt(scenes).samples, STRUCTURES[name])
    assert entries(other, name) < 0.2  # another key's map is no map for this one; in place 1 of 6 forms of a sample is right


@pytest.mark.parametrize("name", FRESH)
@pytest.mark.parametrize("attack", ["frames", "scenes", "chosen"])
def test_a_key_for_each_image_leaves_only_chance(name: str, attack: str) -> None:
    structure, scenes = STRUCTURES[name], crops(13, SIDE, seed=0)
    if attack == "frames":
        guess = map_from_frames(scheme_of(name).encrypt(scenes).samples, structure)
    elif attack == "scenes":
        guess = map_from_scenes(scenes, scheme_of(name).encrypt(scenes).samples, structure)
    else:
        guess = map_from_chosen(scheme_of(name).encrypt(scenes_to_choose(structure, SIDE, SIDE)).samples, structure)
    score = score_map(guess, scheme_of(name), structure, first=1000, seed=5)
    assert score.entries <= score.limit


def test_a_picture_in_clear_needs_no_attack() -> None:
    scenes = crops(3, SIDE, seed=0)
    sent = scheme_of("keycam-raster").encrypt(scenes).samples
    for guess in (map_from_frames(sent, STRUCTURES["keycam-raster"]), map_from_scenes(scenes, sent, STRUCTURES["keycam-raster"])):
        assert np.array_equal(guess.undone(sent, STRUCTURES["keycam-raster"]), scenes)


@pytest.mark.parametrize(
    ("name", "frames", "least"),
    [pytest.param("le", 40, 0.49, marks=pytest.mark.slow), ("etc", 100, 0.6),
     ("pixel-based-static", 12, 0.95), ("privconv", 40, 0.95), ("keycam-paper", 150, 0.95)],
)  # fmt: skip
def test_frames_alone_give_the_map(name: str, frames: int, least: float) -> None:
    scenes, structure = crops(frames, SIDE, seed=0), STRUCTURES[name]
    sent = scheme_of(name).encrypt(scenes).samples
    guess = map_from_frames(sent, structure, seed=1)
    assert entries(guess, name) >= least  # of halves the low ones, one in two, stay unknown
    found = score_recovered(guess.undone(sent[:8], structure), scenes[:8], structure, one_key=True)
    assert np.median(found.ssim) > 0.8
    assert entries(guess, name, seed=1) < 0.25  # for another key it is a guess; in place 1 of 6 forms of a sample is right


@pytest.fixture(scope="module")
def middles(test_data: Path) -> NDArray[np.uint8]:
    """The middles, 16x16, of 200 pictures of CIFAR-10: the five photographs have too few colours to tell channels apart."""
    return load_cifar10("test", test_data / "cifar10").images[:200, 8:24, 8:24]


@pytest.mark.parametrize(("name", "least"), [("ele", 0.45), ("key-nets", 0.9)])
def test_frames_alone_put_scattered_samples_together(name: str, least: float, middles: NDArray[np.uint8]) -> None:
    structure, sent = STRUCTURES[name], scheme_of(name).encrypt(middles).samples
    guess = map_from_frames(sent, structure, seed=1)
    assert entries(guess, name) >= least  # of halves the low ones, one in two, stay unknown
    found = score_recovered(guess.undone(sent[:8], structure), middles[:8], structure, one_key=True)
    assert np.median(found.ssim) > 0.9
    assert entries(guess, name, seed=1) < 0.05


def test_the_same_seed_finds_the_same_map() -> None:
    sent = scheme_of("key-nets").encrypt(crops(30, SIDE, seed=0)).samples
    first, second = (map_from_frames(sent, STRUCTURES["key-nets"], seed=2) for _ in range(2))
    assert np.array_equal(first.source, second.source)


@pytest.mark.parametrize("name", ["le", "privconv"])
def test_one_large_frame_says_the_inside_of_blocks_where_all_have_one_map(name: str) -> None:
    scene = crops(1, 96, seed=1)
    structure, scheme = STRUCTURES[name], scheme_of(name, 0, (96, 96))
    sent = scheme.encrypt(scene).samples
    guess = map_from_frames(sent, structure)
    truth = map_from_chosen(scheme.encrypt(scenes_to_choose(structure, 96, 96)).samples, structure)
    inside = score_block(guess, truth, structure, seed=0)
    assert inside.entries >= 0.45 if structure.halves else inside.entries == 1  # of halves the low ones stay unknown
    assert inside.limit < 0.4
    if not structure.blocks_move:
        assert score_recovered(guess.undone(sent, structure), scene, structure, one_key=True).ssim[0] > 0.8


@pytest.mark.parametrize("name", ["le", "privconv"])
def test_the_inside_of_a_block_is_all_right_for_the_truth_and_chance_for_a_random_map(name: str) -> None:
    structure, scheme = STRUCTURES[name], scheme_of(name)
    truth = map_from_chosen(scheme.encrypt(scenes_to_choose(structure, SIDE, SIDE)).samples, structure)
    assert score_block(truth, truth, structure, seed=0).entries == 1
    random = np.random.default_rng(1)
    guessed = [score_block(random_map(structure, SIDE, SIDE, random), truth, structure, seed=seed) for seed in range(12)]
    assert sum(score.entries > score.limit for score in guessed) <= 1  # once in a thousand each
    # Means of 12 and of 240 draws of the same thing: nearer than 4 standard errors of the smaller set.
    shares = [score.entries for score in guessed]
    assert np.mean(shares) == pytest.approx(np.mean([score.chance for score in guessed]), abs=4 * np.std(shares) / 12**0.5 + 1e-3)


def test_pixels_in_place_come_out_of_one_frame_more_like_the_scene() -> None:
    scenes = crops(6, 24, seed=2)
    sent = scheme_of("pixel-based", 0, (24, 24)).encrypt(scenes).samples
    structure = STRUCTURES["pixel-based"]
    found, link = (
        score_recovered(pictures, scenes, structure, one_key=False) for pictures in (pictures_in_place(sent).pictures, sent)
    )
    assert np.median(found.ssim) > np.median(link.ssim) + 0.2


def test_a_form_has_a_number() -> None:
    numbers = np.arange(48)
    assert np.array_equal(form_of(TAKEN, AGAINST), numbers)
    samples = noise(1, 6, 8).reshape(1, 48, 3)
    formed = in_form(samples, numbers)
    for pixel in range(48):
        taken = samples[0, pixel, TAKEN[pixel]].astype(int)
        assert formed[0, pixel].tolist() == np.where(AGAINST[pixel] == 1, 255 - taken, taken).tolist()


def test_complemented_series_are_told_from_the_others() -> None:
    series = crops(200, 12, seed=0).reshape(200, -1).astype(np.float32)
    series -= series.mean(0)
    turned = np.random.default_rng(0).integers(0, 2, series.shape[1]) == 1
    found = complemented(np.where(turned, -series, series))
    assert (found == turned).all() or (found == ~turned).all()


def test_samples_of_one_pixel_are_found(middles: NDArray[np.uint8]) -> None:
    series = middles[:, :12, :12].reshape(len(middles), -1).astype(np.float32)
    series -= series.mean(0)
    where = np.random.default_rng(0).permutation(series.shape[1])
    pixels = where[pixels_of(series[:, where], np.arange(where.size)[None], seed=0)]
    # A pixel is right where its three samples are of one pixel; 1 of 10,000 is by chance.
    assert np.mean((pixels // 3 == pixels[:, :1] // 3).all(1)) > 0.9


def test_the_samples_of_a_block_are_laid_in_their_places() -> None:
    blocks = parts_of(crops(40, SIDE, seed=0), STRUCTURES["privconv"]).reshape(-1, 48).astype(np.float32)
    where = np.random.default_rng(0).permutation(48)
    place = places_in_block(blocks[:, where] - blocks[:, where].mean(0), 4, seed=0)
    assert np.array_equal(np.sort(place), np.arange(48))
    structure = STRUCTURES["etc"]  # whose pictures may be turned and recoloured, as a block's layout is found
    laid = np.empty(48, np.uint8)
    laid[place] = where
    assert any(np.array_equal(found.ravel(), np.arange(48)) for found in alike(laid.reshape(1, 4, 4, 3), structure))


@pytest.mark.parametrize("name", sorted(set(STRUCTURES) - {"key-nets", "keycam-secure", "aes-256-gcm"}))
def test_what_no_key_changes_is_the_same_under_two_keys(name: str) -> None:
    scenes = crops(5, SIDE, seed=0)
    first, second = (invariants(scheme_of(name, seed).encrypt(scenes).samples, STRUCTURES[name]) for seed in (0, 1))
    assert np.allclose(first, second, atol=1e-5)
    apart = np.abs(first[:, None] - first[None]).max(2) + np.eye(5)
    assert apart.min() > 0.01  # and differs from scene to scene


@pytest.mark.parametrize("name", ["keycam-secure", "aes-256-gcm"])
def test_nothing_of_a_masked_frame_is_the_same_under_two_keys(name: str) -> None:
    scenes = crops(5, SIDE, seed=0)
    first, second = (invariants(scheme_of(name, seed).encrypt(scenes).samples, STRUCTURES[name]) for seed in (0, 1))
    with_itself = np.linalg.norm(first - second, axis=1)
    with_others = np.linalg.norm(first[:, None] - second[None], axis=2)
    assert with_itself.mean() > 0.9 * with_others.mean()


@pytest.mark.parametrize(
    ("name", "size", "ways"),
    [("keycam-raster", (8, 8), 1), ("le", (8, 8), 12), ("etc", (8, 8), 96), ("privconv", (8, 12), 48), ("key-nets", (8, 8), 48),
     ("keycam-paper", (8, 12), 4)],
)  # fmt: skip
def test_what_frames_cannot_tell_counts_as_found(name: str, size: tuple[int, int], ways: int) -> None:
    scene = noise(1, *size)
    turned = list(alike(scene, STRUCTURES[name]))
    assert len({picture.tobytes() for picture in turned}) == len(turned) == ways
    for picture in turned:
        assert np.array_equal(nearest_alike(picture, scene, STRUCTURES[name], one_key=True), scene)


def test_pictures_of_one_key_are_turned_alike() -> None:
    scenes = noise(2)
    one_turned = np.stack([scenes[0], scenes[1, ::-1]])
    structure = STRUCTURES["etc"]
    assert np.array_equal(nearest_alike(one_turned, scenes, structure, one_key=False), scenes)
    assert not np.array_equal(nearest_alike(one_turned, scenes, structure, one_key=True), scenes)


def test_pixels_anywhere_are_the_same_pixels() -> None:
    scenes = crops(2, SIDE, seed=0)
    moved = anywhere(scenes, seed=0)
    assert not np.array_equal(moved, scenes)
    for picture, scene in zip(moved, scenes, strict=True):
        assert sorted(map(tuple, picture.reshape(-1, 3))) == sorted(map(tuple, scene.reshape(-1, 3)))


@pytest.mark.parametrize("name", STATIC)
def test_random_maps_score_the_chance_that_is_stated(name: str) -> None:
    structure, random = STRUCTURES[name], np.random.default_rng(7)
    scores = [
        score_map(random_map(structure, 8, 8, random), scheme_of(name, 0, (8, 8)), structure, 0, seed) for seed in range(12)
    ]
    # Both are means of the same thing, over 12 and over 240 draws: they differ by less than 4 standard errors of the smaller set.
    error = np.std([score.entries for score in scores]) / 12**0.5
    assert np.mean([score.entries for score in scores]) == pytest.approx(
        np.mean([score.chance for score in scores]), abs=4 * error + 1e-3
    )
    assert sum(score.entries > score.limit for score in scores) <= 1

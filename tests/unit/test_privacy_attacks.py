"""Attacks on small footage: what they find where there is something to find, and nothing where there is not."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
import torch
from torch import nn

import privacy.attacks
from adc import PAPER, SECURE, KeySchedule, ReadoutPolicy
from inference.keyed import convert
from inference.keyed.positions import invert
from inference.keyed.reference import Window, keyed_offsets
from keycam.audit.emission import emission_of
from keycam.audit.plaintext import chosen_plaintext
from privacy.attacks.blocks import recover_blocks
from privacy.attacks.chosen_plaintext import chosen_scenes, order_from_chosen, scenes_needed
from privacy.attacks.ciphertext_only import recover_static_order
from privacy.attacks.histogram import identify
from privacy.attacks.histogram_classes import classify
from privacy.attacks.known_plaintext import order_from_scenes
from privacy.attacks.row_column import recover_rows_and_columns
from privacy.attacks.tables import orders_from_offsets, orders_in_tables
from privacy.footage import emit, restored, true_orders
from privacy.scenes_again import captured_again
from privacy.scoring.key_score import adjacent_by_chance, adjacent_share, exact_share
from privacy.scoring.picture_score import score_picture
from privacy.seen import Seen
from tests.privacy_scenes import crops

FRESH = ReadoutPolicy("full", "frame", False)


def schedule(number: int, policy: ReadoutPolicy) -> KeySchedule:
    return KeySchedule(np.random.default_rng(number).bytes(32), policy=policy)


def test_no_attack_takes_or_imports_anything_of_a_key() -> None:
    for found in pkgutil.iter_modules(privacy.attacks.__path__):
        module = importlib.import_module(f"privacy.attacks.{found.name}")
        source = inspect.getsource(module)
        assert "from adc" not in source and "import adc" not in source and "privacy.scoring" not in source
        assert "true_orders" not in source
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                taken = set(inspect.signature(function).parameters)
                assert not taken & {"schedule", "frame_key", "master", "key"}, name


def test_a_static_order_is_recovered_from_frames_alone() -> None:
    scenes = crops(150, 16, seed=0)
    key = schedule(0, PAPER)
    guess = recover_static_order(emit(scenes, key), seed=1, rounds=12)
    assert exact_share(guess.order, true_orders(scenes[:1], key)[0], 16, 16) >= 0.99
    assert guess.frames == 150 and guess.fitness > 0.9


def test_the_same_seed_recovers_the_same_order() -> None:
    seen = emit(crops(4, 12, seed=0), schedule(0, PAPER))
    first, second = (recover_static_order(seen, seed=3, starts=4, finalists=2, rounds=4) for _ in range(2))
    assert np.array_equal(first.order, second.order)


def test_a_static_mask_does_not_hide_a_static_order() -> None:
    scenes = crops(150, 12, seed=1)
    key = schedule(0, PAPER)
    seen = emit(scenes, key)
    mask = np.random.default_rng(5).integers(256, size=seen.frames.shape[1:])
    masked = Seen(((seen.frames + mask) % 256).astype(np.uint8), 12, 12)
    guess = recover_static_order(masked, statistic="circular", rounds=12)
    assert adjacent_share(guess.order, true_orders(scenes[:1], key)[0], 12, 12) >= 0.9


@pytest.mark.parametrize("policy", [FRESH, SECURE, ReadoutPolicy("full", "static", True)])
def test_fresh_orders_and_masks_leave_only_chance(policy: ReadoutPolicy) -> None:
    shares = []
    for number in range(5):
        scenes = crops(40, 12, seed=number)
        guess = recover_static_order(emit(scenes, schedule(number, policy)), seed=number, starts=4, finalists=2, rounds=4)
        order = true_orders(scenes[:1], schedule(number, policy))[0]
        shares.append(adjacent_share(guess.order, order, 12, 12))
    chance = adjacent_by_chance(12, 12)
    # 5 x 264 pairs, each right with the chance of 2.6 %: standard error .0044; 4 of them.
    assert abs(np.mean(shares) - chance) < 0.018


def test_known_scenes_give_the_order() -> None:
    scenes = crops(3, 24, seed=0)
    key = schedule(0, PAPER)
    guess = order_from_scenes(scenes, emit(scenes, key))
    right = np.mean(guess.order == true_orders(scenes[:1], key)[0])
    assert right >= 0.99 and guess.matched == 1
    assert guess.identified <= guess.expected == pytest.approx(right, abs=0.01)


def test_equal_pixels_are_guessed_and_the_expectation_says_so() -> None:
    scenes = (np.arange(400).reshape(1, 20, 20, 1) // 8).astype(np.uint8)
    order = true_orders(scenes, schedule(0, PAPER))[0]
    rights = []
    for seed in range(40):
        guess = order_from_scenes(scenes, emit(scenes, schedule(0, PAPER)), seed)
        rights.append(np.mean(guess.order == order))
    assert guess.identified == 0 and guess.expected == pytest.approx(1 / 8)
    # Each of 50 groups of 8 has 1 fixed point on average with variance 1: standard error sqrt(50 / 40) / 400 = .0028; 4 of them.
    assert np.mean(rights) == pytest.approx(1 / 8, abs=0.0112)


def test_known_scenes_say_nothing_under_a_mask() -> None:
    scenes = crops(3, 24, seed=0)
    guess = order_from_scenes(scenes, emit(scenes, schedule(0, SECURE)))
    assert guess.matched < 0.01
    # 576 entries, each right with 1 / 576: more than 6 has a probability below 1e-4.
    assert np.sum(guess.order == true_orders(scenes[:1], schedule(0, SECURE))[0]) <= 6


@pytest.mark.parametrize(
    ("channels", "bits", "levels", "frames"), [(3, 8, None, 1), (1, 8, None, 2), (1, 12, 4, 6), (3, 8, 8, 2)]
)
def test_chosen_scenes_give_the_order(channels: int, bits: int, levels: int | None, frames: int) -> None:
    scenes = chosen_scenes(48, 64, channels, bits, levels)
    assert len(scenes) == frames == scenes_needed(48, 64, channels, bits, levels)
    key = schedule(0, PAPER)
    read = order_from_chosen(emit(scenes, key, bits), levels)
    assert np.array_equal(read.order, true_orders(scenes[:1], key, bits)[0]) and read.positions_once == 1
    masked = order_from_chosen(emit(scenes, schedule(1, SECURE), bits), levels)
    assert masked.positions_once < 0.5


def test_one_colour_frame_is_enough_at_480x360() -> None:
    assert scenes_needed(360, 480, 3) == 1 and scenes_needed(360, 480, 1) == 3
    scenes, key = chosen_scenes(360, 480, 3), schedule(0, PAPER)
    assert np.array_equal(order_from_chosen(emit(scenes, key)).order, true_orders(scenes, key)[0])


def test_an_order_that_is_fresh_in_every_frame_opens_no_other_frame() -> None:
    scenes = chosen_scenes(24, 32, 3)
    for policy, opens in ((PAPER, True), (FRESH, False)):
        key = schedule(0, policy)
        emission, next_order = emission_of(scenes, key), true_orders(scenes, key, first_counter=1)[0]
        read = order_from_chosen(emission.seen)
        found = {"order": read.order, "positions_once": np.array(read.positions_once), "chance": np.array(read.chance)}
        figures = chosen_plaintext(emission, next_order).score(found).figures
        following = figures["next_frame_entries_recovered"]
        assert figures["key_entries_recovered"].value == 1
        assert following.value == 1 if opens else following.value <= following.limit


def test_fewer_levels_read_the_order_through_noise() -> None:
    scenes = chosen_scenes(48, 64, 3, levels=16)
    read = order_from_chosen(emit(captured_again(scenes, seed=0), schedule(0, PAPER)), levels=16)
    assert np.mean(read.order == true_orders(scenes[:1], schedule(0, PAPER))[0]) > 0.99


def test_a_scene_is_found_again_by_its_values_and_not_under_a_mask() -> None:
    scenes = crops(200, 16, seed=0)
    first, second = captured_again(scenes, seed=1), captured_again(scenes, seed=2)
    for policy, least, most in ((FRESH, 0.9, 1.0), (SECURE, 0.0, 0.03)):
        found = identify(emit(second, schedule(1, policy)), emit(first, schedule(2, policy)))
        # By chance 1 of 200 is found; more than 6 has a probability below 1e-4.
        assert least <= np.mean(found.found == np.arange(200)) <= most


def test_a_histogram_tells_the_photograph_and_not_under_a_mask() -> None:
    examples, asked = crops(500, 16, seed=0), crops(200, 16, seed=1)
    for policy, least, most in ((FRESH, 0.6, 1.0), (SECURE, 0.0, 0.32)):
        guess = classify(emit(asked, schedule(1, policy)), emit(examples, schedule(2, policy)), np.arange(500) % 5, epochs=8)
        # By chance .2 of 200, standard error .028; 4 of them.
        assert least <= np.mean(guess.classes == np.arange(200) % 5) <= most
    assert guess.chance == 0.2 and guess.frames == 500


def test_rows_and_columns_are_sorted_from_one_frame() -> None:
    scenes = crops(1, 96, seed=0)
    key = schedule(0, ReadoutPolicy("row-column", "frame", False))
    seen = emit(scenes, key)
    guess = recover_rows_and_columns(seen)
    assert adjacent_share(guess.order, true_orders(scenes, key)[0], 96, 96) > 0.95
    assert score_picture(restored(seen, guess.order)[0], scenes[0], 0).ssim > 0.9


def test_blocks_are_laid_together_from_one_frame() -> None:
    scenes = crops(1, 100, seed=3)
    key = schedule(0, ReadoutPolicy("block", "frame", False))
    order = true_orders(scenes, key)[0]
    guess = recover_blocks(emit(scenes, key))
    assert np.array_equal(np.sort(guess.order), np.arange(10_000))
    untouched = adjacent_share(np.arange(10_000), order, 100, 100)
    assert adjacent_share(guess.order, order, 100, 100) > untouched + 0.03


@pytest.mark.parametrize("policy", [ReadoutPolicy("row-column"), ReadoutPolicy("block")])
def test_a_mask_hides_rows_columns_and_blocks(policy: ReadoutPolicy) -> None:
    scenes = crops(1, 96, seed=0)
    attack = recover_rows_and_columns if policy.order == "row-column" else recover_blocks
    seen = emit(scenes, schedule(0, policy))
    assert score_picture(restored(seen, attack(seen).order)[0], scenes[0], 0).ssim < 0.05


@pytest.mark.parametrize(
    ("size", "window", "size_out"),
    [
        ((8, 10), Window((3, 3), (1, 1), (1, 1), (1, 1)), (8, 10)),
        ((9, 7), Window((3, 3), (2, 2), (1, 1), (1, 1)), (5, 4)),
        ((6, 6), Window((2, 2), (1, 1), (0, 0), (1, 1)), (5, 5)),
    ],
)
def test_offset_tables_are_the_key(size: tuple[int, int], window: Window, size_out: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    order, order_out = (torch.randperm(h * w, generator=generator) for h, w in (size, size_out))
    offsets = keyed_offsets(invert(order), order_out, window, size, size_out)[0].numpy()
    found = orders_from_offsets(offsets, window, *size)
    assert np.array_equal(found.order_in, order.numpy()) and np.array_equal(found.order_out, order_out.numpy())


def test_the_orders_of_a_keyed_networks_layers_lie_in_its_tables() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, stride=2, padding=1)).eval()
    generator = torch.Generator().manual_seed(0)
    frames, order = torch.rand(1, 3, 8, 10, generator=generator), torch.randperm(80, generator=generator)
    keyed = convert(network, frames, layer_orders=schedule(0, SECURE).layer_orders())
    found = orders_in_tables(keyed)
    assert found
    scrambled = frames.flatten(2)[:, :, order].reshape(1, 3, 8, 10)
    output_order = keyed.output_order(order)
    assert any(np.array_equal(table, output_order.numpy()) for table in found.values() if table.size == output_order.numel())
    # With what lies in the tables, whoever sees the scrambled answer puts it back.
    with torch.inference_mode():
        emitted, plain = keyed(scrambled, order).flatten(2), network(frames).flatten(2)
    restored_by = [table for table in found.values() if table.size == plain.shape[2]]
    errors = [float((plain[:, :, torch.from_numpy(table)] - emitted).abs().max()) for table in restored_by]
    assert min(errors) < 1e-5
    for table in found.values():
        assert table.dtype == np.int64 and np.array_equal(np.sort(table), np.arange(table.size))


def test_other_layer_orders_lie_in_the_tables_of_another_key() -> None:
    network = nn.Conv2d(1, 2, 3, padding=1).eval()
    found = [
        orders_in_tables(convert(network, torch.zeros(1, 1, 6, 6), layer_orders=schedule(key, SECURE).layer_orders()))
        for key in (0, 0, 1)
    ]
    assert found[0].keys() == found[1].keys() == found[2].keys()
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])
    assert not any(np.array_equal(found[0][name], found[2][name]) for name in found[0])


def test_a_plain_network_has_no_tables() -> None:
    with pytest.raises(ValueError, match="network = Conv2d: allowed is a KeyedNetwork"):
        orders_in_tables(nn.Conv2d(3, 3, 1))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((np.zeros((2, 12, 1)), 3, 4), "frames = float64"),
        ((np.zeros((2, 12, 1), np.uint8), 3, 5), "height x width = 3 x 5"),
        ((np.full((2, 12, 1), 4096, np.uint16), 3, 4, 12), "bits = 12"),
    ],
)
def test_frames_that_do_not_fit_their_header_are_refused(arguments: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Seen(*arguments)

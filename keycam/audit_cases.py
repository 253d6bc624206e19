"""What an audit tries: for each attack what the attacker is given, and how its guess is scored by whoever holds the key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from adc import Geometry, KeySchedule, ReadoutPolicy
from inference.datasets import LabelledImages
from inference.keyed.positions import invert
from inference.keyed.reference import Window, keyed_offsets
from keycam.audit_footage import Footage
from privacy.attacks.chosen_plaintext import chosen_scenes
from privacy.footage import emit, restored, true_orders
from privacy.scenes_again import captured_again
from privacy.scoring.answers import accuracy
from privacy.scoring.key_score import adjacent_share, score_key
from privacy.scoring.picture_score import score_picture
from privacy.scoring.symmetry import symmetric_cells
from privacy.seen import Seen

Arrays = dict[str, NDArray[Any]]
BITS = 8
KNOWN_SCENES = 3
MOST_PICTURES_SCORED = 16
MOST_ASKED = 1000
SINGLE_FRAME_PX = (360, 480)
FIRST_LAYER = Window((3, 3), (1, 1), (1, 1), (1, 1))


@dataclass(frozen=True, eq=False)
class Case:
    """One attack on one key.

    Attributes
    ----------
    section
        Where its figures belong in the audit's result.
    attack
        A name in `privacy.attacker.ATTACKS`.
    given
        All that the attacker gets: arrays without a key.
    score
        From what the attacker found to the figures of the section; it holds the truth.
    """

    section: str
    attack: str
    given: Arrays
    score: Callable[[Arrays], dict[str, Any]]


def cases(
    footage: Footage, training: LabelledImages | None, policy: ReadoutPolicy, keys: int, network: nn.Module | None, seed: int
) -> Iterator[Case]:
    """All attacks on `footage` under `policy`, with throw-away keys out of `seed`; `network` reads what is recovered."""
    random = np.random.default_rng(seed)

    def schedule() -> KeySchedule:
        return KeySchedule(random.bytes(32), device="audited", policy=policy)

    for _ in range(keys):
        yield _ciphertext_only(footage, schedule(), network, seed)
    yield _known_plaintext(footage, schedule(), seed)
    yield _chosen_plaintext(footage, schedule())
    yield _identification(footage, schedule(), schedule(), seed)
    if footage.labels is not None and training is not None:
        yield _classification(footage, training, schedule(), schedule())
    for order in ("row-column", "block"):
        single = ReadoutPolicy(order, policy.refresh, policy.mask)
        yield _single_frame(footage.still, KeySchedule(random.bytes(32), device="audited", policy=single), seed)
    yield _tables(footage, schedule())


def _ciphertext_only(footage: Footage, schedule: KeySchedule, network: nn.Module | None, seed: int) -> Case:
    scenes = footage.scenes
    seen, order = emit(scenes, schedule), true_orders(scenes[:1], schedule)[0]

    def score(found: Arrays) -> dict[str, Any]:
        guess = found["order"]
        height, width = seen.height, seen.width
        key = score_key(guess, order, height, width, seen.count, seed)
        pictures, link = restored(seen, guess), seen.frames.reshape(scenes.shape)
        chosen = np.linspace(0, seen.count - 1, min(seen.count, MOST_PICTURES_SCORED)).round().astype(int)
        scores = [score_picture(pictures[n], scenes[n], seed) for n in chosen]
        scrambled = [score_picture(link[n], scenes[n], seed).ssim for n in chosen]
        figures: dict[str, Any] = {
            "frames": seen.count,
            "key_entries_recovered": key.exact,
            "neighbours_recovered": key.adjacent,
            "ssim": float(np.median([score.ssim for score in scores])),
            "psnr_db": float(np.median([min(score.psnr_db, 99.0) for score in scores])),
            "scrambled_ssim": float(np.median(scrambled)),
            "wall_s": float(found["wall_s"]),
            "chance": {
                "key_entries_recovered": key.chance_exact,
                "neighbours_recovered": key.chance_adjacent,
                "ssim": float(np.median([score.chance for score in scores])),
            },
            "seed": seed,
        }
        if network is not None and footage.labels is not None:
            turned = _upright(pictures, guess, order, height, width)
            figures["accuracy_recovered"] = accuracy(network, turned, footage.labels)
            figures["accuracy_plain"] = accuracy(network, scenes, footage.labels)
        return figures

    return Case("ciphertext_only", "ciphertext_only", _given(seen), score)


def _known_plaintext(footage: Footage, schedule: KeySchedule, seed: int) -> Case:
    scenes = footage.scenes[:KNOWN_SCENES]
    seen, order = emit(scenes, schedule), true_orders(scenes[:1], schedule)[0]

    def score(found: Arrays) -> dict[str, Any]:
        return {
            "frames": seen.count,
            "key_entries_recovered": float(np.mean(found["order"] == order)),
            "values_matched": float(found["matched"]),
            "chance": float(found["chance"]),
            "seed": seed,
        }

    return Case("known_plaintext", "known_plaintext", {**_given(seen), "scenes": scenes}, score)


def _chosen_plaintext(footage: Footage, schedule: KeySchedule) -> Case:
    _, height, width, channels = footage.scenes.shape
    scenes = chosen_scenes(height, width, channels)
    seen, order = emit(scenes, schedule), true_orders(scenes[:1], schedule)[0]

    def score(found: Arrays) -> dict[str, Any]:
        return {
            "frames": seen.count,
            "key_entries_recovered": float(np.mean(found["order"] == order)),
            "positions_read_once": float(found["positions_once"]),
            "chance": float(found["chance"]),
            "seed": None,
        }

    return Case("chosen_plaintext", "chosen_plaintext", _given(seen), score)


def _identification(footage: Footage, now: KeySchedule, before: KeySchedule, seed: int) -> Case:
    scenes = footage.many
    asked = np.random.default_rng(seed).permutation(len(scenes))[:MOST_ASKED]
    earlier = emit(captured_again(scenes, seed), before)
    new = emit(captured_again(scenes[asked], seed + 1), now)

    def score(found: Arrays) -> dict[str, Any]:
        share = float(np.mean(found["found"] == asked))
        return {"frames": len(asked), "among": len(scenes), "recaptured_found": share, "chance": 1 / len(scenes), "seed": seed}

    return Case("histogram", "identification", {**_given(new), "earlier": earlier.frames}, score)


def _classification(footage: Footage, training: LabelledImages, now: KeySchedule, theirs: KeySchedule) -> Case:
    scenes, truth = footage.many, footage.many_labels
    assert truth is not None
    asked, examples = emit(captured_again(scenes, 0), now), emit(training.images, theirs)

    def score(found: Arrays) -> dict[str, Any]:
        share = float(np.mean(found["classes"] == truth))
        return {
            "classified": len(truth),
            "examples": len(training),
            "classifier_accuracy": share,
            "classifier_chance": float(found["chance"]),
        }

    return Case("histogram", "classification", {**_given(asked), "examples": examples.frames, "labels": training.labels}, score)


def _single_frame(still: NDArray[np.uint8], schedule: KeySchedule, seed: int) -> Case:
    name = schedule.policy.order
    scenes = still[None]
    seen, order = emit(scenes, schedule), true_orders(scenes, schedule)[0]

    def score(found: Arrays) -> dict[str, Any]:
        height, width = seen.height, seen.width
        key = score_key(found["order"], order, height, width, 1, seed)
        picture = score_picture(restored(seen, found["order"])[0], still, seed)
        return {
            name: {
                "frames": 1,
                "neighbours_recovered": key.adjacent,
                "neighbours_on_the_link": adjacent_share(np.arange(order.size), order, height, width),
                "ssim": picture.ssim,
                "chance": {"neighbours_recovered": key.chance_adjacent, "ssim": picture.chance},
                "seed": seed,
            }
        }

    return Case("single_frame", name, _given(seen), score)


def _tables(footage: Footage, schedule: KeySchedule) -> Case:
    height, width = footage.scenes.shape[1:3]
    order = schedule.frame_key(0, Geometry(height, width, BITS, "rgb")).order.astype(np.int64)
    order_out = schedule.layer_orders().order("first", height * width).astype(np.int64)
    offsets = keyed_offsets(
        invert(torch.from_numpy(order)), torch.from_numpy(order_out), FIRST_LAYER, (height, width), (height, width)
    )[0].numpy()
    window = np.array([FIRST_LAYER.kernel, FIRST_LAYER.stride, FIRST_LAYER.padding, FIRST_LAYER.dilation])

    def score(found: Arrays) -> dict[str, Any]:
        return {
            "frames": 0,
            "key_entries_recovered": float(np.mean(found["order_in"] == order)),
            "layer_order_recovered": float(np.mean(found["order_out"] == order_out)),
            "says": "whoever holds the first layer's tables holds the key",
            "chance": float(found["chance"]),
            "seed": None,
        }

    shape = np.array([height, width, BITS])
    return Case("tables", "tables", {"offsets": offsets, "window": window, "shape": shape}, score)


def _given(seen: Seen) -> Arrays:
    return {"frames": seen.frames, "shape": np.array([seen.height, seen.width, seen.bits])}


def _upright(pictures: NDArray[Any], guess: NDArray[Any], order: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Recovered pictures turned as the scene is: which of the symmetries it was, a look at one of them would tell."""
    cells = max(symmetric_cells(height, width), key=lambda cells: float(np.mean(cells[guess] == order)))
    return restored(Seen(pictures.reshape(len(pictures), height * width, -1), height, width), cells)

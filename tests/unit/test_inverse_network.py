"""The inverse-network attack: what it learns from, that it can be stopped anywhere, and how it is scored."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inference.datasets import LabelledImages
from inference.training import CheckpointError
from keycam import inverse_attack
from keycam.inverse_attack import FIRST_TEST_IMAGE, AttackRequest, run_inverse_attack
from privacy.schemes import make_scheme
from privacy.transformation import InversePlan, Pairs, UNet, inverse_network, invert
from privacy.transformation.inverse_network import psnr_db, squared_errors, transformed
from privacy.transformation.pairs import EpochPairs, as_pictures, mirrored_scenes

SCENES = np.random.default_rng(0).integers(0, 256, (60, 1, 1, 3), np.uint8).repeat(8, 1).repeat(8, 2)
NEGATIVES = Pairs(SCENES, 255 - SCENES, 255 - mirrored_scenes(SCENES))
PHOTOGRAPHS = LabelledImages(
    np.random.default_rng(1).integers(0, 256, (20, 8, 8, 3), np.uint8), np.arange(20, dtype=np.int64) % 10, tuple("abcdefghij")
)


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def unet() -> UNet:
    torch.manual_seed(0)
    return UNet(2)


def test_the_inverse_network_learns_to_undo_and_resumes_with_its_best_weights(tmp_path: Path) -> None:
    plan = InversePlan(width=4, epochs=10, batch_size=8)
    torch.manual_seed(0)
    network = UNet(4)
    *_, last = invert(network, plan, NEGATIVES, tmp_path)
    assert last.epoch == 10
    errors = squared_errors(network, NEGATIVES.seen, SCENES)
    # Who answers with the mean colour always has the colours' variance as error; ten epochs were seen to leave 0.67 of it.
    assert errors.mean() < 0.8 * (SCENES / 255).var((0, 1, 2)).mean()
    again = UNet(4)
    list(invert(again, plan, NEGATIVES, tmp_path))  # it was at its end: the same network comes back
    assert same(again, network)


@pytest.mark.parametrize(
    ("scenes", "seen", "mirrored"),
    [
        (SCENES[:19],) * 3,
        (SCENES, SCENES[:, :4], SCENES),
        (SCENES, SCENES, SCENES[:59]),
        (SCENES, SCENES, SCENES.astype(np.uint16)),
        (SCENES, SCENES / 255, SCENES / 255),
        (SCENES.astype(np.uint16), SCENES, SCENES),
    ],
)
def test_too_few_pairs_and_those_of_another_kind_are_refused(scenes: np.ndarray, seen: np.ndarray, mirrored: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"pairs = .*: allowed is 20 scenes or more, uint8, and what is sent of each"):
        Pairs(scenes, seen, mirrored)


def test_an_epoch_holds_each_scene_once_as_it_was_sent_or_as_its_mirror_image_was_sent() -> None:
    # Arbitrary codes: nothing that was sent is the mirror image of anything else.
    rng = np.random.default_rng(2)
    scenes, seen, mirrored = (rng.integers(0, 256, (20, 2, 3, 3), np.uint8) for _ in range(3))
    pairs, chosen = Pairs(scenes, seen, mirrored), np.arange(4, 20)
    batches = EpochPairs(pairs, chosen, 5, np.random.default_rng(3))
    given = [(sent, scene) for batch in batches for sent, scene in zip(*batch, strict=True)]
    assert len(batches) == 3
    assert len(given) == 15  # of the 16, one alone is left out
    whole = [list(zip(as_pictures(a), as_pictures(b), strict=True)) for a, b in ((seen, scenes), (mirrored, scenes[:, :, ::-1]))]
    found = [
        (kind, int(number))
        for pair in given
        for kind, real in enumerate(whole)
        for number in chosen
        if torch.equal(pair[0], real[number][0]) and torch.equal(pair[1], real[number][1])
    ]
    assert len({number for _, number in found}) == len(found) == 15
    assert {kind for kind, _ in found} == {0, 1}


class Losses:
    """Validation losses by epoch, whatever the network does; the same weights always have the same one."""

    def __init__(self, by_epoch: list[float]) -> None:
        self._left, self._known = list(by_epoch), dict[float, float]()
        self.stop_at = 0

    def __call__(self, network: nn.Module, *_: object) -> Tensor:
        weight = float(next(network.parameters()).detach().double().sum())
        if weight not in self._known:
            self._known[weight] = self._left.pop(0)
        self.stop_at -= 1
        if self.stop_at == 0:
            raise KeyboardInterrupt
        return torch.tensor([self._known[weight]])


def test_a_stop_between_checkpoint_and_validation_leaves_no_epoch_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    losses, plan = Losses([3.0, 1.0, 2.0, float("nan")]), InversePlan(width=2, epochs=4, batch_size=20)
    monkeypatch.setattr(inverse_network, "squared_errors", losses)
    whole = unet()
    list(invert(whole, plan, NEGATIVES, tmp_path / "whole"))
    for stop in range(1, 5):
        folder = tmp_path / str(stop)
        losses.stop_at = stop
        with pytest.raises(KeyboardInterrupt):
            list(invert(unet(), plan, NEGATIVES, folder))
        resumed = unet()
        list(invert(resumed, plan, NEGATIVES, folder))
        assert same(resumed, whole), stop


def test_the_best_weights_of_a_training_that_was_deleted_are_not_taken_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = InversePlan(width=2, epochs=1, batch_size=20)
    monkeypatch.setattr(inverse_network, "squared_errors", lambda *_: torch.tensor([0.1]))
    list(invert(unet(), plan, NEGATIVES, tmp_path))
    (tmp_path / "inverse.checkpoint").unlink()

    def stop(*_: object) -> Tensor:
        raise KeyboardInterrupt

    monkeypatch.setattr(inverse_network, "squared_errors", stop)
    other = Pairs(SCENES, SCENES, mirrored_scenes(SCENES))
    with pytest.raises(KeyboardInterrupt):
        list(invert(unet(), plan, other, tmp_path))
    monkeypatch.setattr(inverse_network, "squared_errors", lambda *_: torch.tensor([0.2]))
    network, whole = unet(), unet()
    list(invert(network, plan, other, tmp_path))
    list(invert(whole, plan, other, tmp_path / "whole"))
    assert same(network, whole)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-100]),
        lambda file: file.write_bytes(b""),
        lambda file: inverse_network.BestWeights(file).consider(UNet(1), 0.0),
    ],
)
def test_damaged_best_weights_are_refused(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    plan = InversePlan(width=2, epochs=1, batch_size=20)
    list(invert(unet(), plan, NEGATIVES, tmp_path))
    damage(tmp_path / "best.safetensors")
    with pytest.raises(CheckpointError, match=r"checkpoint = .*best\.safetensors: it is damaged, .*; allowed is to delete it"):
        list(invert(unet(), plan, NEGATIVES, tmp_path))


def test_best_weights_are_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "best.safetensors"
    best = inverse_network.BestWeights(file)
    best.consider(unet(), 0.5)
    before, write = file.read_bytes(), Path.write_bytes

    def killed(path: Path, content: bytes) -> int:
        write(path, content[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", killed)
    with pytest.raises(KeyboardInterrupt):
        best.consider(UNet(2), 0.4)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("scheme", ["keycam-paper", "keycam-secure", "key-nets"])
def test_an_attack_is_handed_what_travels_of_scenes_and_of_their_mirror_images_and_scored_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str
) -> None:
    handed: list[Pairs] = []
    calls: list[str] = []

    def watched_invert(network: nn.Module, plan: InversePlan, pairs: Pairs, folder: Path) -> object:
        handed.append(pairs)
        return invert(network, plan, pairs, folder)

    def watched_errors(network: nn.Module, seen: np.ndarray, scenes: np.ndarray) -> Tensor:
        calls.append("errors")
        handed.append(Pairs(scenes, seen, seen))
        return squared_errors(network, seen, scenes)

    def watched_cpu(network: UNet) -> UNet:
        calls.append("cpu")
        return network

    monkeypatch.setattr(inverse_attack, "load_cifar10", lambda split, folder: PHOTOGRAPHS)
    monkeypatch.setattr(inverse_attack, "invert", watched_invert)
    monkeypatch.setattr(inverse_attack, "squared_errors", watched_errors)
    monkeypatch.setattr(UNet, "cpu", watched_cpu)
    plan = InversePlan(width=2, epochs=1, batch_size=20)
    run_inverse_attack(AttackRequest(tmp_path, tmp_path / "out", plan, scheme=scheme))
    made, scenes = make_scheme(scheme, np.random.default_rng(plan.seed), (8, 8)), PHOTOGRAPHS.images
    training, test = handed
    # Nothing is rounded, and no number, so no fresh key, is used twice.
    assert training.seen.dtype == (np.uint16 if scheme == "key-nets" else np.uint8)
    for sent, first, of in ((training.seen, 0, scenes), (training.mirrored, 20, scenes[:, :, ::-1]), (test.seen, 2**40, scenes)):
        assert np.array_equal(sent, made.encrypt(np.ascontiguousarray(of), first).samples)
    assert FIRST_TEST_IMAGE == 2**40
    assert calls == ["cpu", "errors"]


def test_sixteen_bits_reach_the_network_as_they_are() -> None:
    codes = np.array([0, 1, 257, 65535], np.uint16).reshape(1, 2, 2, 1).repeat(3, 3)
    # 257 / 65535 is 1 / 255; single precision is exact to 2^-24.
    assert as_pictures(codes)[0, 0].flatten().tolist() == pytest.approx([0, 1 / 65535, 1 / 255, 1], rel=1e-6)
    assert torch.equal(as_pictures(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)).flatten(), torch.arange(256) / 255)


def test_psnr_is_that_of_its_definition() -> None:
    # 10 log10(1 / mse): an error of 0.1 everywhere has 20 dB.
    assert psnr_db(torch.tensor([0.01, 1.0, 0.0])) == pytest.approx([20.0, 0.0, 100.0], abs=1e-5)


def test_what_is_sent_has_eight_bits_and_the_size_of_the_picture() -> None:
    sent = transformed(UNet(2), SCENES)
    assert sent.dtype == np.uint8
    assert sent.shape == SCENES.shape

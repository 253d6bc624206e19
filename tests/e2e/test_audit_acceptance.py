"""What the audit must find on real footage, and must not: minutes of work, so run with -m slow."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ATTACK_S = 20
"""Seconds of all cores that the attack on 100 frames may take: by the clock it takes no more where nothing else runs."""


@pytest.fixture
def audit(command, test_data: Path):
    """An audit of CIFAR-10 by the command line."""

    def run(*options: object) -> dict:
        result: dict = command("audit", "--source", "cifar10", "--data", test_data / "cifar10", *options, "--json").json()
        return result

    return run


@pytest.mark.parametrize("seed", [0, 1])
def test_the_papers_policy_falls_to_frames_alone(audit, seed: int) -> None:
    result = audit("--policy", "paper", "--frames", 100, "--sweep", "--seed", seed)
    alone = result["ciphertext_only"]
    assert alone["key_entries_recovered"] >= 0.99
    assert alone["cpu_s"] < ATTACK_S
    of_50 = next(part for part in alone["sweep"] if part["frames"] == 50)
    assert of_50["key_entries_recovered"] >= 0.5
    assert alone["accuracy_recovered"] >= alone["accuracy_plain"] - 0.05
    assert result["known_plaintext"]["frames"] == 3 and result["known_plaintext"]["key_entries_recovered"] >= 0.99
    assert result["chosen_plaintext"]["frames"] == 1 and result["chosen_plaintext"]["key_entries_recovered"] == 1
    assert result["tables"]["key_entries_recovered"] == 1


def test_the_secure_policy_gives_nothing_away_on_five_keys(audit) -> None:
    result = audit("--policy", "secure", "--frames", 100, "--keys", 5)
    alone = result["ciphertext_only"]
    for figure in ("neighbours_recovered", "best_partner_is_neighbour", "key_entries_recovered"):
        over, chance = alone["over_keys"]["figures"][figure], alone["chance"][figure]
        assert over["low"] <= chance
        assert max(over["each"]) <= alone["chance_limit"][figure]
    assert alone["ssim"] < 0.05 and alone["accuracy_recovered"] <= alone["chance_limit"]["accuracy_recovered"]
    values = result["histogram"]
    assert values["classifier_accuracy"] == pytest.approx(0.10, abs=0.02)
    assert values["recaptured_found"] <= values["chance_limit"]["recaptured_found"]
    assert values["link_chi_square_per_dof"] <= values["chance_limit"]["link_chi_square_per_dof"]
    for attack in ("known_plaintext", "chosen_plaintext"):
        assert result[attack]["key_entries_recovered"] <= result[attack]["chance_limit"]["key_entries_recovered"]


def test_fresh_orders_without_a_mask_leak_the_histogram(audit) -> None:
    result = audit("--refresh", "frame", "--no-mask", "--frames", 100)
    assert result["histogram"]["classifier_accuracy"] >= 0.40
    assert result["histogram"]["recaptured_found"] >= 0.9
    alone = result["ciphertext_only"]
    assert alone["neighbours_recovered"] <= alone["chance_limit"]["neighbours_recovered"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_streets_are_readable_again(command, test_data: Path, split: str) -> None:
    line = ("audit", "--policy", "paper", "--source", test_data / "camvid" / split, "--size", "36x48", "--keys", 5)
    alone = command(*line, "--frames", 100, "--json").json()["ciphertext_only"]
    assert alone["ssim"] >= 0.40
    assert alone["scrambled_ssim"] < 0.05

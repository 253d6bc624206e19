"""`keycam audit`: what an eavesdropper finds under each policy, told by a process that has frames and no key."""

import ast
from pathlib import Path

import pytest

SECTIONS = ("ciphertext_only", "known_plaintext", "chosen_plaintext", "histogram", "single_frame", "tables", "partial_key")
SMALL = ("audit", "--frames", 60, "--size", "16x24", "--json")


@pytest.fixture(scope="module")
def audits(process) -> dict[str, dict]:
    return {policy: process(*SMALL, "--policy", policy).json() for policy in ("paper", "secure")}


def test_every_attack_has_its_figures_its_chance_and_its_seed(audits: dict[str, dict]) -> None:
    for result in audits.values():
        assert set(result) == {"source", "policy", *SECTIONS}
        parts = [result[name] for name in SECTIONS if name != "single_frame"] + list(result["single_frame"].values())
        for part in parts:
            assert {"frames", "chance", "seed"} <= set(part)


def test_a_static_order_falls_and_a_fresh_mask_does_not(audits: dict[str, dict]) -> None:
    paper, secure = audits["paper"], audits["secure"]
    assert paper["ciphertext_only"]["neighbours_recovered"] > 0.5
    chance = secure["ciphertext_only"]["chance"]["neighbours_recovered"]
    assert secure["ciphertext_only"]["neighbours_recovered"] < 4 * chance
    assert secure["ciphertext_only"]["ssim"] < 0.2
    for attack in ("known_plaintext", "chosen_plaintext"):
        assert paper[attack]["key_entries_recovered"] > 0.9
        assert secure[attack]["key_entries_recovered"] < 0.05
    assert paper["histogram"]["recaptured_found"] > 0.5
    assert secure["histogram"]["recaptured_found"] < 0.2
    assert paper["single_frame"]["row-column"]["neighbours_recovered"] > 0.99
    assert secure["single_frame"]["row-column"]["neighbours_recovered"] < 0.05
    for result in audits.values():  # tables are the key, whatever the policy
        assert result["tables"]["key_entries_recovered"] == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("audit --policy nonsense", "policy = 'nonsense': allowed is secure, paper, raster"),
        ("audit --order nonsense", "order = 'nonsense': allowed is full, row-column, block, raster"),
        ("audit --source cifar10", "data = None: allowed is the folder of CIFAR-10"),
        ("audit --size 5", "size = '5': allowed is HxW"),
        ("audit --source nothing.mp4", "nothing.mp4"),
        ("audit --frames 2", "frames = 2: allowed is 3 or more"),
    ],
)
def test_refusals(command, line: str, says: str) -> None:
    run = command(*line.split())
    assert run.code in (2, 3)
    assert says in run.err


def test_the_attacker_imports_nothing_that_holds_a_key() -> None:
    import privacy.attacker

    folder = Path(privacy.attacker.__file__).parent
    for file in (folder / "attacker.py", folder / "seen.py", *(folder / "attacks").glob("*.py")):
        imported = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))]
        names = {
            name
            for node in imported
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        assert not {name for name in names if name and name.split(".")[0] in ("adc", "keycam", "firmware_model")}

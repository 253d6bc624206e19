"""What an audit's figures come to in words: the verdict, the rows of the table, the line that repeats it."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from keycam.audit.explained import EXPLAINED, figure_text
from keycam.audit.figure_rows import figure_rows
from keycam.audit.plan import AuditPlan
from keycam.audit.report import command_line
from keycam.audit.sweep import frames_to_break
from keycam.audit.verdict import verdict


def part(frames: int = 100, **figures: float) -> dict[str, Any]:
    """Figures with a chance level of .01 and a limit of .05."""
    return {"frames": frames, **figures, "chance": dict.fromkeys(figures, 0.01), "chance_limit": dict.fromkeys(figures, 0.05)}


def result(alone: float = 0.0, known: float = 0.0, found_again: float = 0.0, block: float = 0.0, order: str = "full") -> dict:
    return {
        "policy": {"order": order, "refresh": "frame", "mask": True},
        "ciphertext_only": part(key_entries_recovered=alone, ssim=0.04),
        "known_plaintext": part(key_entries_recovered=known),
        "chosen_plaintext": part(key_entries_recovered=0.0),
        "histogram": part(recaptured_found=found_again, scene_chi_square_per_dof=900.0),
        "single_frame": {"block": part(neighbours_recovered=block)},
        "tables": part(key_entries_recovered=1.0),
        "partial_key": {"frames": 5, "ssim_by_share": {"0": 0.1, "0.98": 0.9}, "chance": {"ssim_by_share": 0.1}},
    }


@pytest.mark.parametrize(
    ("figures", "level", "leaks"),
    [
        ({}, "nothing found", 0),  # tables and the scene's own histogram are no leak of the frames
        ({"alone": 0.05}, "nothing found", 0),
        ({"alone": 0.06}, "leaks", 1),
        ({"known": 0.9, "found_again": 0.06}, "leaks", 2),
        ({"alone": 0.5}, "broken", 1),
        ({"block": 0.9}, "nothing found", 0),  # another order than the audited one
        ({"block": 0.9, "order": "block"}, "leaks", 1),
    ],
)
def test_the_verdict_follows_from_what_is_beyond_chance(figures: dict, level: str, leaks: int) -> None:
    found = verdict(result(**figures))
    assert (found.level, len(found.leaks)) == (level, leaks)


def test_a_verdict_says_how_many_frames_are_enough() -> None:
    broken = result(alone=0.995)
    broken["ciphertext_only"]["frames_to_break"] = {"0.5": 20, "0.99": 30}
    assert verdict(broken).sentence.startswith("100 frames alone give 99.5 % of the key's entries")
    assert "20 are enough for half of the key" in verdict(broken).sentence


def test_frames_to_break_are_the_first_that_reach_a_share() -> None:
    sweep = [part(frames, key_entries_recovered=share) for frames, share in ((10, 0.1), (20, 0.7), (30, 0.4), (50, 0.98))]
    assert frames_to_break(sweep) == {"0.5": 20, "0.99": None}


def test_every_figure_has_a_row_and_those_beyond_chance_are_marked() -> None:
    audited = result(alone=0.3, block=0.9)
    audited["ciphertext_only"]["sweep"] = [part(10, key_entries_recovered=0.2)]
    audited["ciphertext_only"]["frames_to_break"] = {"0.5": None}
    audited["known_plaintext"]["over_keys"] = {"figures": {"key_entries_recovered": {"low": 0.1, "high": 0.25}}}
    sections = {section.name: section for section in figure_rows(audited)}
    assert list(sections) == [name.replace("_", " ") if name != "single_frame" else "single frame, block" for name in EXPLAINED]
    alone = {row.label: row for row in sections["ciphertext only"].rows}
    row = alone["key entries recovered"]
    assert (row.value, row.chance, row.limit, row.beyond) == ("30 %", "1 %", "5 %", True)
    assert not alone["SSIM"].beyond
    assert alone["key entries recovered from 10 frames"].value == "20 %"
    assert alone["frames to 50 % of the key"].value == "more than 100"
    assert sections["known plaintext"].rows[0].interval == "10 % to 25 %"
    assert [(row.label, row.value, row.chance) for row in sections["partial key"].rows] == [
        ("SSIM with 0 % of the key", "0.100", "0.100"),
        ("SSIM with 98 % of the key", "0.900", "0.100"),
    ]
    scene = next(row for row in sections["histogram"].rows if row.label == "chi-square of the scene")
    assert (scene.value, scene.beyond) == ("900.00", False)


def test_what_does_not_apply_is_said() -> None:
    audited = result()
    audited["single_frame"] = {"frames": 0, "says": "does not apply", "chance": {}}
    section = next(section for section in figure_rows(audited) if section.name == "single frame")
    assert [row.label for row in section.rows] == ["does not apply"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("psnr_db", 31.26, "31.3 dB"),
        ("wall_s", 2.04, "2.0 s"),
        ("key_entries_recovered", 0.00123, "0.123 %"),
        ("ssim", 0.5, "0.500"),
    ],
)
def test_figures_have_their_units(name: str, value: float, text: str) -> None:
    assert figure_text(name, value) == text


def test_the_line_that_repeats_an_audit_can_be_typed() -> None:
    plan = AuditPlan(source="my street", frames=50, policy="paper", mask=False, size=(16, 24), keys=2, sweep=True, seed=7)
    line = shlex.split(command_line(plan))
    assert line[:4] == ["keycam", "audit", "--source", "my street"]
    assert line[4:] == "--frames 50 --policy paper --keys 2 --seed 7 --size 16x24 --no-mask --sweep".split()
    recorded = AuditPlan(source="door.keycam", key=Path("door.key"))
    assert command_line(recorded) == "keycam audit --source door.keycam --key door.key --frames 100 --keys 1 --seed 0"

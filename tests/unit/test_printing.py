"""Tables show names as they are: no markup in them is obeyed, and nothing that a terminal would obey."""

from typing import Any

import pytest

from keycam.printing import print_calibration, print_comparison, print_profile
from keycam.refusal import say
from keycam.table import Table, show

NAME = "s[/b] [red]:key: \x1b[2J\udcff"
SHOWN = "s[/b] [red]:key: \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"
"""What a person sees of it."""


def calibration() -> dict[str, Any]:
    known = {"value": 2.5, "unit": NAME, "interval": [2.0, 3.0]}
    measured = {
        "noise_e": {**known, "note": "upper bound: quantisation hides it"},
        "gain": known,
        "doubling": {"value": None, "unit": "K", "interval": None, "note": f"no chamber {NAME}"},
    }
    plane = {"measured": measured, "defects": {"hot": 3}}
    return {"camera": {"device": NAME}, "planes": {NAME: plane}, "converters": None, "files": [f"{NAME}/a", "out/b"]}


def compared() -> dict[str, Any]:
    row = {
        "plane": NAME,
        "figure": NAME,
        "unit": NAME,
        "a": 1.0,
        "b": 2.0,
        "difference_percent": 100.0,
        "agree": False,
        "note": "",
    }
    return {
        "a": NAME,
        "b": NAME,
        "conditions": {NAME: {"a": NAME, "b": 2.0}},
        "rows": [row, {**row, "note": NAME}],
        "differ": 1,
        "not_compared": 0,
    }


def test_a_table_shows_titles_headings_and_cells_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(NAME, title=f"title {NAME}")
    table.add_row(f"cell {NAME}")
    table.add_row(["first", f"second\n{NAME}"])
    show(table)
    shown = capsys.readouterr().out
    assert shown.count(SHOWN) == 4
    assert f"title {SHOWN}" in shown
    assert f"cell {SHOWN}" in shown
    assert f"second\N{REPLACEMENT CHARACTER}{SHOWN}" in shown
    first = next(number for number, line in enumerate(shown.splitlines()) if "first" in line)
    assert "second" in shown.splitlines()[first + 1]


def test_a_calibration_is_printed_with_any_names_and_with_a_line_for_each_note(capsys: pytest.CaptureFixture[str]) -> None:
    print_calibration(calibration())
    shown = capsys.readouterr().out
    assert f"{SHOWN}, {SHOWN}" in shown
    assert f"{SHOWN}/a" in shown
    assert "\x1b" not in shown
    lines = shown.splitlines()
    below = lines[lines.index("noise_e: upper bound: quantisation hides it") :]
    assert below[1] == f"doubling: no chamber {SHOWN}"
    assert all("2.5" not in line for line in below)


def test_a_comparison_and_a_profile_are_printed_with_any_names(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(compared())
    assert capsys.readouterr().out.count(SHOWN) == 11
    print_profile({"name": NAME, "cfa": "mono", "derived": {"limited_by": NAME}})
    shown = capsys.readouterr().out
    assert shown.count(SHOWN) == 2
    assert "\x1b" not in shown


def test_a_refusal_orders_no_terminal_about(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"bench = lamp: it refused ({NAME}\nand more)")
    assert capsys.readouterr().err == f"keycam: bench = lamp: it refused ({SHOWN} and more)\n"

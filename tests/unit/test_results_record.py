"""Records of results: what is written is read again, and what is damaged is refused; stages are done once."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from experiments.published import PublishedRow, PublishedTable
from experiments.record import Record, RecordError, read, write
from experiments.results_page import ENTRIES, PAGE, Entry, page, section
from experiments.side_by_side import cells
from experiments.stage import stage

TABLE = PublishedTable("t", "A table", "a paper", (PublishedRow("plain", "plain", 94.1), PublishedRow("other", "other")))
RECORD = Record(
    experiment="t-net", command="python -m experiments.t", figures={"paper": {"plain": 92.0, "other": 3}}, seed=0,
    data={"name": "noise", "pictures": 7, "sha256": "ab" * 32}, wall_s=61.0, commit="c" * 40, hardware="an abacus",
    versions={"torch": "2"}, remarks={"plain": "by heart"},
)  # fmt: skip


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read("t-net", tmp_path) is None
    write(RECORD, tmp_path)
    assert read("t-net", tmp_path) == RECORD


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"figures": 1}', json.dumps({**asdict(RECORD), "more": 1})])
def test_a_damaged_record_is_refused_and_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "t-net.json").write_text(text)
    with pytest.raises(RecordError, match=r"record = .*t-net.json: .*; allowed is a record as its experiment wrote it"):
        read("t-net", tmp_path)


def test_a_figure_that_is_no_number_is_refused() -> None:
    for value in (float("nan"), "92"):
        with pytest.raises(RecordError, match=r"figures\[paper\]\[plain\] = .*: allowed is a finite number"):
            replace(RECORD, figures={"paper": {"plain": value}})


def test_figures_stand_beside_the_published_ones() -> None:
    assert cells(TABLE, RECORD) == [["plain", "94.10", "92.00", "-2.10"], ["other", "-", "3", "-"]]
    assert cells(TABLE, replace(RECORD, figures={"paper": {}}))[0] == ["plain", "94.10", "not measured", "-"]


def test_the_page_says_what_is_missing_and_how_to_measure_it() -> None:
    entry = Entry(TABLE, "t-net", "net", "python -m experiments.t", why="It is another one.")
    assert "Not measured yet, command: `python -m experiments.t`\n\nIt is another one.\n\n|" in section(entry, None)
    whole = section(entry, RECORD)
    assert "| plain | 94.10 | 92.00 | -2.10 |" in whole
    assert "- It is another one.\n- plain: by heart\n- 7 pictures of noise" in whole
    assert "not measured" not in whole
    part = section(entry, replace(RECORD, figures={"paper": {"plain": 92.0}}))
    assert "- not measured yet: other; command: `python -m experiments.t`" in part


def test_the_page_of_the_documentation_is_what_the_records_give() -> None:
    assert PAGE.read_text() == page()
    assert len({entry.experiment for entry in ENTRIES}) == len(ENTRIES)


def test_a_stage_is_done_once_for_the_same_settings(tmp_path: Path) -> None:
    calls: list[int] = []

    def found() -> dict[str, int]:
        calls.append(1)
        return {"figure": len(calls)}

    file = tmp_path / "stage.json"
    first = stage(file, {"seed": 0}, found)
    assert first["figure"] == 1
    assert first["wall_s"] >= 0
    assert stage(file, {"seed": 0}, found) == first
    assert stage(file, {"seed": 1}, found)["figure"] == 2
    file.write_text("{")
    assert stage(file, {"seed": 1}, found)["figure"] == 3

"""The output folder of a batch: counters are claimed once, units appear whole, and sweeping keeps what is wanted."""

from pathlib import Path

import pytest

from keycam.atomic_file import OutputError
from keycam.batch.folder import CountersTaken, OutputFolder, UnitFolder, write_json


@pytest.fixture
def output(tmp_path: Path) -> OutputFolder:
    with OutputFolder(tmp_path / "out") as held:
        held.begin(set())
        yield held


def test_counters_are_claimed_once_whatever_became_of_the_first_claim(output: OutputFolder) -> None:
    first = UnitFolder(output.path, "a", 7)
    first.claim()
    first.drop()
    for uid in ("a", "b"):
        with pytest.raises(CountersTaken):
            UnitFolder(output.path, uid, 7).claim()
    UnitFolder(output.path, "a", 8).claim()


def test_a_unit_is_there_at_once_and_the_first_to_finish_it_stays(output: OutputFolder) -> None:
    one, two = (UnitFolder(output.path, "a", counter) for counter in (0, 10))
    for unit in (one, two):
        unit.claim()
        (unit.path / "rows").write_text(unit.path.name)
        assert not unit.is_done
    one.finish({"first_counter": 0})
    two.finish({"first_counter": 10})
    assert two.is_done
    assert (two.done / "rows").read_text() == "a.0"
    assert not two.path.exists()


def test_sweeping_keeps_finished_units_that_are_wanted_and_nothing_else(output: OutputFolder) -> None:
    for name in ("a", "b", "a.5", "w.whole", "w.replaced", "x.whole"):
        (output.unfinished / name).mkdir()
    (output.unfinished / "stray").touch()
    output.begin({"a", "w"})
    assert {entry.name for entry in output.unfinished.iterdir()} == {"a", "w.whole", "claims"}
    (output.unfinished / "a.9").mkdir()
    output.end(keep_units=True)
    assert {entry.name for entry in output.unfinished.iterdir()} == {"a", "w.whole"}
    output.end(keep_units=False)
    assert list(output.path.iterdir()) == []


def test_one_batch_at_a_time(output: OutputFolder) -> None:
    with pytest.raises(OutputError, match=r"another batch is at work there; allowed is one batch at a time"):
        OutputFolder(output.path)


def test_results_count_only_as_long_as_they_are_as_they_were_written(output: OutputFolder) -> None:
    folder = output.path / "clip.mp4"
    folder.mkdir()
    (folder / "rows.jsonl").write_text("1234")
    write_json(folder / "units.json", {"uid": "u", "digest": "d", "source": "s", "bytes": {"rows.jsonl": 4}})
    assert output.ledger("clip.mp4") is not None
    (folder / "rows.jsonl").write_text("123")
    assert output.ledger("clip.mp4") is None
    assert output.ledger("other.mp4") is None


def test_results_of_something_else_are_never_replaced(output: OutputFolder) -> None:
    folder = output.path / "clip.mp4"
    folder.mkdir()
    output.refuse_others("clip.mp4", Path("here"), "d")
    write_json(folder / "units.json", {"digest": "d", "source": "there"})
    output.refuse_others("clip.mp4", Path("here"), "d")
    output.refuse_others("clip.mp4", Path("there"), "e")
    with pytest.raises(OutputError, match=r"it holds the results of there; allowed is another folder for those of here"):
        output.refuse_others("clip.mp4", Path("here"), "e")
    (folder / "units.json").unlink()
    (folder / "thesis.txt").touch()
    with pytest.raises(OutputError, match="something else"):
        output.refuse_others("clip.mp4", Path("here"), "d")

"""How an experiment runs: what its record says of its line, and which stages of an earlier run it takes up."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments import provenance, stage
from experiments.command import DOCS, line_of_this_run, places
from experiments.record import RESULTS
from experiments.trained import training_epochs


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--data sets/cifar", "--data DIR"),
        ("--out=runs/x --data=sets/cifar --epochs 5 --quick", "--data DIR --epochs 5 --quick"),
        ("--weights runs/w.safetensors --alpha 0.005 --alpha=0.01 --out runs", "--weights FILE --alpha 0.005 --alpha=0.01"),
        ("", ""),
    ],
)
def test_a_record_tells_the_line_it_was_made_with_and_no_place_on_a_machine(
    monkeypatch: pytest.MonkeyPatch, line: str, told: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["keycam/experiments/table1.py", *line.split()])
    assert line_of_this_run() == f"python -m experiments.table1 {told}".rstrip()


def test_a_quick_check_has_a_folder_of_its_own_for_everything(tmp_path: Path) -> None:
    real, quick = places(tmp_path / "out", False, "resnet20"), places(tmp_path / "out", True, "resnet20")
    assert (real.stages, real.record, real.figures) == (tmp_path / "out" / "resnet20", RESULTS, DOCS)
    assert quick.stages.is_dir() and quick.stages != real.stages
    assert quick.record == quick.figures == quick.stages.parent == tmp_path / "out" / "quick"


def test_a_stage_is_taken_up_with_the_same_settings_at_the_same_commit_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs = iter(range(9))

    def found() -> dict[str, Any]:
        return {"run": next(runs)}

    def run_of(**settings: Any) -> int:
        number: int = stage.stage(tmp_path / "stage.json", settings, found)["run"]
        return number

    assert (run_of(seed=0), run_of(seed=0), run_of(seed=1), run_of(seed=1)) == (0, 0, 1, 1)
    assert stage.kept(tmp_path / "stage.json", {"seed": 0}) is None
    monkeypatch.setattr(stage, "commit", lambda: "another")
    assert (run_of(seed=1), run_of(seed=1)) == (2, 2)
    monkeypatch.setattr(stage, "hardware", lambda: "another")
    assert run_of(seed=1) == 3
    (tmp_path / "stage.json").write_text("{")
    assert run_of(seed=1) == 4


def test_a_commit_tells_edits_from_each_other_and_leaves_out_what_experiments_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(provenance, "_REPOSITORY", tmp_path)
    git("init")
    for name in ("code.py", "docs/page.md", "experiments/results/a.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1\n")
    git("add", ".")
    git("commit", "-m", "first")
    clean = provenance.commit()
    assert len(clean) == 40
    (tmp_path / "docs" / "page.md").write_text("2\n")
    (tmp_path / "experiments" / "results" / "a.json").write_text("2\n")
    assert provenance.commit() == clean
    found = []
    for edit in ("2\n", "3\n"):
        (tmp_path / "code.py").write_text(edit)
        found.append(provenance.commit())
    assert found[0] != found[1]
    assert all(each.startswith(f"{clean}-modified-") for each in found)
    assert provenance.shortened(found[0]) == clean[:12] + found[0][40:]
    assert provenance.shortened("unknown") == "unknown"


def test_epochs_are_refused_where_nothing_is_trained() -> None:
    assert training_epochs(None, 100, "resnet20", None) == 100
    assert training_epochs(7, 100, "vgg16", None) == 7
    with pytest.raises(ValueError, match="allowed where the network is trained, and keycam comes with the weights of resnet20"):
        training_epochs(7, 100, "resnet20", None)
    with pytest.raises(ValueError, match=r"epochs = 7: allowed where .* and --weights gives the weights of vgg16"):
        training_epochs(7, 100, "vgg16", Path("w.safetensors"))

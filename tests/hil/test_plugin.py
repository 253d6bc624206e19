"""The plugin in runs of its own: silent where it is not used, failures apart from errors, skips with reasons, refusals."""

import os
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = Path(__file__).parent / "outside"


@dataclass(frozen=True)
class PytestRun:
    """One run of pytest in a folder of its own."""

    code: int
    out: str

    @property
    def outcomes(self) -> dict[str, str]:
        """What became of each test, by name."""
        words = (line.split() for line in self.out.splitlines() if "::" in line)
        return {line[0].rpartition("::")[2]: line[1] for line in words if len(line) > 1 and line[1].isupper()}


def installed(folder: Path) -> Path:
    """A folder that stands for an installed keycam: the entry points that pyproject.toml declares, and the package."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    info = folder / "keycam_as_installed-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keycam-as-installed\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[pytest11]\n" + "".join(f"{name} = {what}\n" for name, what in entries.items()))
    return folder


def pytest_run(folder: Path, *arguments: object, site: Path | None = None) -> PytestRun:
    paths = [str(ROOT)] if site is None else [str(site), str(ROOT)]
    # Neither this run's options nor its plugins are to be seen by the other.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    line = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *map(str, arguments)]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return PytestRun(done.returncode, done.stdout + done.stderr)


def project(folder: Path, tests: str) -> Path:
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    (folder / "test_it.py").write_text(tests)
    return folder


def test_a_project_of_somebody_else_tests_a_camera_in_ten_lines(tmp_path: Path) -> None:
    for file in OUTSIDE.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    site = tmp_path / "site"
    site.mkdir()
    run = pytest_run(tmp_path, "--hil-log-dir", tmp_path / "logs", site=installed(site))
    assert run.outcomes == {"test_exposure_is_kept_and_frames_are_verified": "PASSED"}, run.out
    left = {file.name for file in (tmp_path / "logs").rglob("*") if file.is_file()}
    assert left == {"link.pcapng", "packets.log", "faults.jsonl", "statistics.json"}
    body = (OUTSIDE / "test_my_camera.py").read_text()
    assert sum(bool(line.strip()) for line in body.partition("def ")[2].splitlines()) <= 10
    assert body.strip() in (ROOT / "docs" / "hil.md").read_text(), "the page shows another example"


def test_runs_that_do_not_use_it_import_nothing_for_it(tmp_path: Path) -> None:
    tests = """
import sys

def test_nothing_is_there(tmp_path):
    assert not {"numpy", "link", "adc", "keycam", "hil.board", "serial"} & set(sys.modules)
"""
    site = tmp_path / "site"
    site.mkdir()
    run = pytest_run(project(tmp_path, tests), site=installed(site))
    assert run.outcomes == {"test_nothing_is_there": "PASSED"}, run.out
    assert (
        "hil"
        not in run.out.partition("test session starts")[2]
        .partition("collected")[0]
        .replace(str(tmp_path), "")
        .split("plugins")[0]
    )


MIXED = """
import pytest
from link.transport import LinkLost, PortError

def test_passes(dut):
    assert dut.read("state") == "idle"

def test_fails(dut):
    assert dut.read("state") == "streaming"

def test_loses_its_link(dut):
    raise LinkLost("link = here: the cable was pulled; allowed is a cable")

def test_has_no_port(board):
    try:
        raise PortError("port = there: it is gone; allowed is a port")
    except PortError as error:
        raise RuntimeError("what the driver made of it") from error

def test_is_an_ordinary_failure_that_names_a_link():
    raise LinkLost("no fixture of the harness is used here")

@pytest.mark.hil_feature("lamp")
def test_needs_a_lamp(dut):
    raise AssertionError("it must not run")

@pytest.mark.hil_feature("kill")
def test_needs_a_process(board):
    raise AssertionError("it must not run")

@pytest.mark.hil_destructive
def test_may_destroy_a_model(board):
    pass
"""


def test_failures_errors_and_skips_are_kept_apart_and_the_target_is_named(tmp_path: Path) -> None:
    run = pytest_run(project(tmp_path, MIXED), "-p", "hil.plugin", "-rs", "--junitxml", tmp_path / "junit.xml", "--hil-seed", 7)
    assert run.code == 1
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    found = {
        case.get("name"): [child.tag for child in case if child.tag not in ("properties", "system-out")]
        for case in suite.iter("testcase")
    }
    assert found == {
        "test_passes": [],
        "test_fails": ["failure"],
        "test_loses_its_link": ["error"],
        "test_has_no_port": ["error"],
        "test_is_an_ordinary_failure_that_names_a_link": ["failure"],
        "test_needs_a_lamp": ["skipped"],
        "test_needs_a_process": ["skipped"],
        "test_may_destroy_a_model": [],
    }
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("2", "2", "2")
    said = {each.get("name"): each.get("value") for each in suite.findall("properties/property")}
    assert (said["hil_target"], said["hil_seed"]) == ("sim", "7")
    assert len(said["hil_firmware"] or "") == 64
    assert "lamp: the target sim has none (features in --hil-env)" in run.out


NEEDY = """
import pytest

@pytest.mark.hil_destructive
def test_destroys(board):
    raise AssertionError("it must not run")

@pytest.mark.hil_feature("owner")
def test_is_the_owners(board):
    raise AssertionError("it must not run")

@pytest.mark.hil_feature("power", "lamp")
def test_needs_power(board):
    raise AssertionError("it must not run")

def test_meets_nobody(dut):
    raise AssertionError("it must not run")
"""


def test_a_board_that_is_not_there_is_an_error_and_what_it_lacks_is_skipped_before(tmp_path: Path) -> None:
    folder = project(tmp_path, NEEDY)
    (tmp_path / "bench.toml").write_text('target = "serial"\nport = "no-such-port"\nfeatures = ["lamp"]\n')
    run = pytest_run(folder, "-p", "hil.plugin", "-rs", "--hil-env", tmp_path / "bench.toml")
    assert run.outcomes == {
        "test_destroys": "SKIPPED", "test_is_the_owners": "SKIPPED", "test_needs_power": "SKIPPED", "test_meets_nobody": "ERROR",
    }, run.out  # fmt: skip
    for reason in ("--hil-allow-destructive", "--hil-key", "side_door"):
        assert reason in run.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--hil-target", "board"), "target = 'board': allowed is sim, pty, tcp, serial"),
        (("--hil-target", "serial"), "port: there is none; allowed for the target serial is a serial port or a URL"),
        (("--hil-faults", "nonsense"), "faults = 'nonsense': allowed is none, light"),
        (("--hil-seed", "-1"), "seed = -1: allowed is 0 to 4294967295"),
        (("--hil-env", "nowhere.toml"), "env = nowhere.toml: it cannot be read (No such file or directory)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence_before_anything_runs(tmp_path: Path, arguments: tuple, sentence: str) -> None:
    run = pytest_run(project(tmp_path, "def test_nothing(): pass\n"), "-p", "hil.plugin", *arguments)
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {sentence}" in run.out
    assert "Traceback" not in run.out

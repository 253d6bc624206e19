"""One run of the contract: the tests in this process, what became of them, and the files that are left."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import hil
from hil.board import Board
from hil.features import features_of
from hil.options import HilOptions
from hil.outcome import Outcome, OutcomeKeeper
from hil.targets import open_target
from keycam.atomic_file import whole_file
from keycam.refusal import BAD_FILE, INCOMPLETE

JUNIT, TESTS = "junit.xml", "tests"
CONTRACT = Path(hil.__file__).parent / "contract"
MODULES: tuple[str, ...] = tuple(sorted(file.stem.removeprefix("test_") for file in CONTRACT.glob("test_*.py")))
_INI = "[pytest]\njunit_family = xunit2\njunit_suite_name = keycam hil\n"


@dataclass(frozen=True)
class HilPlan:
    """What `keycam hil` is asked to run.

    Attributes
    ----------
    options
        which board, and how.
    only
        modules of the contract by name, such as registers; all where there are none.

    Raises ValueError for a module that is not there.
    """

    options: HilOptions
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.only:
            if name not in MODULES:
                raise ValueError(f"only = {name}: allowed is {', '.join(MODULES)}")


@dataclass(frozen=True)
class HilRun:
    """What a run found.

    Attributes
    ----------
    outcomes
        of the tests, in order.
    about
        target, link, device, firmware hash, faults and seed.
    duration_s
        how long all of it took.
    """

    outcomes: list[Outcome]
    about: dict[str, Any]
    duration_s: float

    @property
    def has_failed(self) -> bool:
        """Whether a test failed, or the set-up did."""
        return self.exit_code != 0

    @property
    def exit_code(self) -> int:
        """What the process ends with: 1 where the board failed a test, 3 where nothing but the set-up did, else 0."""
        results = {outcome.result for outcome in self.outcomes}
        return INCOMPLETE if "failed" in results else BAD_FILE if "error" in results else 0

    def as_json(self) -> dict[str, Any]:
        """What `keycam hil --json` prints."""
        of = {result: [each for each in self.outcomes if each.result == result] for result in ("failed", "error", "skipped")}
        figures = {name: value for outcome in self.outcomes for name, value in outcome.figures.items()}
        return {
            **self.about,
            "passed": sum(outcome.result == "passed" for outcome in self.outcomes),
            "failed": len(of["failed"]),
            "errors": len(of["error"]),
            "skipped": [{"test": each.test, "reason": each.message} for each in of["skipped"]],
            "failures": [
                {"test": each.test, "kind": each.result, "message": each.message} for each in of["failed"] + of["error"]
            ],
            "figures": {**figures, "duration_s": round(self.duration_s, 3)},
        }


def run_contract(plan: HilPlan, folder: Path, told: Callable[[int], None]) -> HilRun:
    """Run the contract on a board; its files go into `folder`, those of the tests into TESTS in it.

    `told` is called with the number of tests, and then with 0 after each.

    Raises what the target, its key and its link refuse before any test runs, and KeyboardInterrupt.
    """
    options = replace(plan.options, log_dir=folder / TESTS)
    began_s = time.monotonic()
    (folder / JUNIT).unlink(missing_ok=True)
    with open_target(options) as target:
        board = Board(target, options, features_of(options))
        keeper = OutcomeKeeper(board, told)
        with tempfile.TemporaryDirectory(prefix="keycam-hil-") as apart, _without_other_plugins():
            ini = Path(apart) / "pytest.ini"
            ini.write_text(_INI)
            junit = Path(apart) / JUNIT
            code = pytest.main([*_line(plan, ini, junit)], plugins=[keeper])
            if code == pytest.ExitCode.INTERRUPTED and not keeper.collection_errors:
                raise KeyboardInterrupt  # and no file says that the tests until then were all
            with whole_file(folder / JUNIT, "out") as file:
                file.write_bytes(junit.read_bytes())
    if keeper.collection_errors or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"the tests could not be run: {keeper.collection_errors or code}")
    about = {
        "target": board.name, "link": board.url, "device": board.identity.device,
        "firmware": board.identity.firmware_hash.hex(), "faults": options.faults, "seed": options.seed,
    }  # fmt: skip
    return HilRun(keeper.outcomes, about, time.monotonic() - began_s)


def _line(plan: HilPlan, ini: Path, junit: Path) -> Iterator[str]:
    files = [CONTRACT / f"test_{name}.py" for name in plan.only or MODULES]
    yield from map(str, files)
    yield from ("-p", "hil.plugin", "-p", "no:terminal", "-p", "no:cacheprovider", "--import-mode=importlib")
    yield from ("-c", str(ini), "--rootdir", str(CONTRACT.parents[1]), "--confcutdir", str(CONTRACT))
    yield from ("--junitxml", str(junit))


@contextmanager
def _without_other_plugins() -> Iterator[None]:
    """Whatever plugins are installed here, the contract runs as it was written."""
    name = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before

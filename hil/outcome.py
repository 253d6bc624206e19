"""What became of each test: a plugin of one pytest run that keeps outcomes, reasons and figures, and tells how far it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from hil.board import Board

Result = Literal["passed", "failed", "error", "skipped"]
_GRAVITY: tuple[Result, ...] = ("passed", "skipped", "failed", "error")


@dataclass
class Outcome:
    """One test: how it ended, why, and what it measured.

    Attributes
    ----------
    test
        `module::name`.
    result, message
        passed, failed, error (the set-up) or skipped; one line of why.
    details
        the traceback and what was printed, where it did not pass.
    duration_s
        of all of its phases.
    folder
        where its artefacts are, or empty.
    figures
        what it measured, by name.
    """

    test: str
    result: Result = "passed"
    message: str = ""
    details: str = ""
    duration_s: float = 0.0
    folder: str = ""
    figures: dict[str, float] = field(default_factory=dict)


class OutcomeKeeper:
    """Registered with `pytest.main`; see `outcomes` afterwards.

    Parameters
    ----------
    board
        which the tests use.
    told
        is called with the number of tests once they are collected, and with 0 for each that is over.
    """

    def __init__(self, board: "Board", told: Callable[[int], None]) -> None:
        self._board, self._told = board, told
        self._outcomes: dict[str, Outcome] = {}
        self.collection_errors: list[str] = []

    @property
    def outcomes(self) -> list[Outcome]:
        """One for each test, in the order in which they ran."""
        return list(self._outcomes.values())

    def pytest_configure(self, config: pytest.Config) -> None:
        from hil.plugin import BOARD

        config.stash[BOARD] = self._board

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._told(len(session.items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collection_errors.append(f"{report.nodeid}: {report.longreprtext.splitlines()[-1:]}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.rpartition("/")[2].replace(".py::", "::")
        outcome = self._outcomes.setdefault(test, Outcome(test))
        outcome.duration_s += report.duration
        result = _result_of(report)
        if _GRAVITY.index(result) > _GRAVITY.index(outcome.result):
            outcome.result, outcome.message, outcome.details = result, _message_of(report), _details_of(report, result)
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name == "hil_artefacts":
                    outcome.folder = str(value)
                elif isinstance(value, int | float):
                    outcome.figures[name] = float(value)
            self._told(0)


def _result_of(report: pytest.TestReport) -> Result:
    if report.skipped:
        return "skipped"
    if report.passed:
        return "passed"
    return "failed" if report.when == "call" else "error"


def _message_of(report: pytest.TestReport) -> str:
    longrepr: Any = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(longrepr, "reprcrash", None)
    text = crash.message if crash is not None else report.longreprtext
    return str(text).strip().split("\n")[0]


def _details_of(report: pytest.TestReport, result: Result) -> str:
    if result == "skipped":
        return ""
    return "\n".join([report.longreprtext, *(f"--- {name}\n{text}" for name, text in report.sections)])

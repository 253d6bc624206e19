"""docs/host.md names every count of a link, and says of it what the program says."""

from pathlib import Path
from typing import get_args

from inference.receiver import Cause
from link.host import FAULTS, OUTCOMES, VERDICTS

PAGE = Path(__file__).parents[2] / "docs" / "host.md"


def test_the_page_s_tables_are_those_of_the_program() -> None:
    table = PAGE.read_text().split("<!-- statistics -->")[1].split("<!-- end of statistics -->")[0]
    rows = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in table.splitlines() if line.startswith("| `")]
    assert dict(rows) == {f"`{cause}`": meaning for cause, meaning in (OUTCOMES | FAULTS).items()}
    assert len(rows) == len(OUTCOMES) + len(FAULTS)


def test_the_receiver_s_verdicts_are_the_last_of_the_faults() -> None:
    assert get_args(Cause) == VERDICTS == tuple(FAULTS)[-len(VERDICTS) :]

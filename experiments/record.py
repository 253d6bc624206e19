"""A measured result as JSON: what a script found, and all that is needed to find it again."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from keycam.atomic_file import whole_file

RESULTS = Path(__file__).parent / "results"


class RecordError(ValueError):
    """A record that is damaged. The message names the file and what is allowed."""


@dataclass(frozen=True)
class Record:
    """What one run of an experiment found.

    Attributes
    ----------
    experiment
        Its name, which is its file's too.
    command
        What to run for it.
    figures
        By column and row, in the unit of the published table.
    remarks
        How a figure came about, by row: recipe, epochs, hours.
    predictions
        The classes that were answered, one digit a picture, by what answered; what a test compares with.
    seed, data, wall_s, commit, hardware, versions
        Where they came from. `wall_s` counts all stages, of one that was resumed what it took since.
    """

    experiment: str
    command: str
    figures: Mapping[str, Mapping[str, float]]
    seed: int
    data: Mapping[str, Any]
    wall_s: float
    commit: str
    hardware: str
    versions: Mapping[str, str]
    remarks: Mapping[str, str] = field(default_factory=dict)
    predictions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column, rows in self.figures.items():
            for row, value in rows.items():
                if not isinstance(value, int | float) or not math.isfinite(value):
                    raise RecordError(f"figures[{column}][{row}] = {value!r}: allowed is a finite number")


def write(record: Record, folder: Path = RESULTS) -> Path:
    """Write the record into `folder`, whole, and say where it is. Raises `OutputError`."""
    file = folder / f"{record.experiment}.json"
    with whole_file(file, "results") as unfinished:
        unfinished.write_text(json.dumps(asdict(record), indent=2) + "\n")
    return file


def read(experiment: str, folder: Path = RESULTS) -> Record | None:
    """The record of `experiment`, or None where it was not measured yet. Raises `RecordError` for a damaged one."""
    file = folder / f"{experiment}.json"
    if not file.exists():
        return None
    try:
        stored = json.loads(file.read_text())
        if set(stored) != {f.name for f in fields(Record)}:
            raise RecordError(f"it has the fields {', '.join(stored)}")
        return Record(**stored)
    except (ValueError, TypeError, AttributeError) as error:
        raise RecordError(f"record = {file}: {error}; allowed is a record as its experiment wrote it") from error

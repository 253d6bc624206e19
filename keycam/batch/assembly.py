"""Puts the results of a footage together from those of its units, and puts them in place all at once."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from keycam.batch.folder import LEDGER, RESULT, OutputFolder, sync, write_json
from keycam.batch.seeing import ANNOTATED, MASKS, RECORDING, ROWS
from keycam.batch.units import Job
from keycam.batch.video import join


def assemble(output: OutputFolder, job: Job) -> None:
    """Make the folder of a job's results, whose units are all done. Raises OSError.

    Killed at any moment, it can be done again: the recordings, too large to be copied, are moved one by one to where they are
    looked for too, and all else is made anew from the units, which are dropped last.
    """
    units = [output.unfinished / uid for uid in job.uids()]
    whole = output.unfinished / f"{job.uid}.whole"
    whole.mkdir(exist_ok=True)
    with (whole / ROWS).open("wb") as rows:
        for unit in units:
            with (unit / ROWS).open("rb") as part:
                shutil.copyfileobj(part, rows)
    for video in (ANNOTATED, MASKS):
        if (units[0] / video).exists():
            join([unit / video for unit in units], whole / video)
    told = [_result(unit) for unit in units]
    _move_recordings(units, [int(unit["first"]) for unit in told], whole)
    sizes = {str(file.relative_to(whole)): file.stat().st_size for file in _files(whole)}
    said = {"source": str(job.footage.path), "digest": job.digest, "uid": job.uid, "frames": job.frames}
    shape = {"height": job.survey.height, "width": job.survey.width}
    write_json(whole / LEDGER, {**said, **shape, "recipe": job.recipe.as_json(), "units": told, "bytes": sizes})
    for file in (*whole.rglob("*"), whole):
        sync(file)
    place, replaced = output.path / job.name, output.unfinished / f"{job.uid}.replaced"
    if place.exists():
        place.rename(replaced)
    whole.rename(place)
    sync(output.path)
    for folder in (*units, replaced):
        shutil.rmtree(folder, ignore_errors=True)


def recording_name(first: int) -> str:
    """The folder of the recording that begins with frame `first`."""
    return f"{first:09d}.keycam"


def _move_recordings(units: Sequence[Path], firsts: Sequence[int], whole: Path) -> None:
    for unit, first in zip(units, firsts, strict=True):
        if (unit / RECORDING).exists():
            (whole / RECORDING).mkdir(exist_ok=True)
            (unit / RECORDING).rename(whole / RECORDING / recording_name(first))


def _result(unit: Path) -> dict[str, int | str]:
    import json

    told: dict[str, int | str] = json.loads((unit / RESULT).read_text())
    return told


def _files(whole: Path) -> list[Path]:
    return sorted(file for file in whole.rglob("*") if file.is_file() and file.name != LEDGER)

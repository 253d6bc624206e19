"""`keycam batch`: footage through camera and keyed network, unit by unit, resumable at any moment."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keycam.atomic_file import OutputError
from keycam.batch.assembly import assemble
from keycam.batch.dispatch import Dispatch, TakeCounters
from keycam.batch.engine import Engine
from keycam.batch.fitting import fitted
from keycam.batch.folder import OutputFolder, write_json
from keycam.batch.footage import Footage
from keycam.batch.plan import BatchPlan, named_shuffle, picture_size
from keycam.batch.progress import BatchProgress
from keycam.batch.recipe import Recipe, key_id
from keycam.batch.sheet import SHEET, draw_sheet
from keycam.batch.sources import footage_of, not_searched
from keycam.batch.summary import SUMMARY, summarised
from keycam.batch.units import Job, Unit
from keycam.camera_key import counters_of, open_camera_key
from keycam.key import Key, KeyFileError
from keycam.key_guard import Plain
from keycam.keyfile import read_card
from keycam.policy import caution, described, named_policy
from keycam.progress import progress
from keycam.refusal import say
from sensor_sim import DEMO_PROFILE, SensorProfile, load_profile
from sensor_sim.scene import SceneError

if TYPE_CHECKING:
    from keycam.batch.network import ChosenNetwork


def run_batch(plan: BatchPlan) -> dict[str, Any]:
    """Do what is missing of a batch; the result as `--json` prints it.

    `set_aside` says what could not be done, `incomplete` what was done but for what is missing of it.

    Raises
    ------
    SceneError
        Where a source is not there, or none can be read.
    ValueError
        What else is wrong with the plan; its subclasses for keys, weights, profiles and what cannot be written.
    """
    caution(plan.policy)
    began_s = time.perf_counter()
    named = footage_of(plan.sources)
    for sentence in not_searched(plan.sources):
        say(sentence)
    profile = DEMO_PROFILE if plan.profile is None else load_profile(plan.profile)
    if plan.key is not None:
        _refuse_sealed(plan.key, plan)
    from keycam.batch.network import choose_network  # torch: what needs none has been looked at

    chosen = choose_network(plan.model, plan.weights)
    with OutputFolder(plan.out) as output, _counters(plan) as (take, key):
        recipe = _recipe(plan, chosen, profile, key)
        jobs, set_aside = _surveyed(named, recipe, chosen, plan.unit_frames)
        if not jobs:
            raise SceneError(next(iter(set_aside.values())))
        for job in jobs:
            output.refuse_others(job.name, job.footage.path, job.digest)
        done_before = [job for job in jobs if _ledger_of(output, job) is not None]
        missing = [job for job in jobs if job not in done_before]
        try:
            frames = 0
            if missing:
                output.begin({uid for job in missing for uid in (job.uid, *job.uids())})
                frames = _worked(plan, recipe, output, missing, take, set_aside)
            finished = [job for job in jobs if job.name not in set_aside]
            result = _told(plan, output, finished, set_aside, chosen, recipe)
            output.end(keep_units=False)
        except BaseException:
            if output.unfinished.is_dir():
                output.end(keep_units=True)
            raise
    seconds = time.perf_counter() - began_s
    speed = {"seconds": round(seconds, 3), "frames_per_second": round(frames / seconds, 3)}
    return {**result, "done_before": [job.name for job in done_before], "frames_done": frames, **speed}


def _worked(
    plan: BatchPlan, recipe: Recipe, output: OutputFolder, jobs: list[Job], take: TakeCounters, set_aside: dict[str, str]
) -> int:
    """Do the jobs; how many frames that took."""
    shown = BatchProgress(jobs, output.path)
    frames = 0

    def missing_units(job: Job) -> list[Unit]:
        nonlocal frames
        missing = []
        for unit in job.units():
            if (output.unfinished / unit.uid).is_dir():
                shown.skip(unit)
            else:
                missing.append(unit)
                frames += unit.count
        return missing

    with _engine(plan, recipe) as engine, shown.shown():
        dispatch = Dispatch(engine, take, shown)
        coming = [(job, missing_units(job)) for job in jobs]
        try:
            # An earlier run may have been stopped between the last unit of a job and its end.
            for job in itertools.chain((job for job, units in coming if not units), dispatch.run(coming)):
                assemble(output, job)
        except OSError as error:
            raise _not_written(output.path, error) from error
        set_aside |= dispatch.set_aside
    return frames


@contextmanager
def _engine(plan: BatchPlan, recipe: Recipe) -> Iterator[Engine]:
    engine: Engine
    out = plan.out.resolve()
    if plan.cluster is None:
        from keycam.batch.processes import WorkerProcesses

        engine = WorkerProcesses(recipe, out, plan.workers)
    else:
        from keycam.batch.cluster import Cluster

        engine = Cluster(recipe, out, plan.cluster)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def _counters(plan: BatchPlan) -> Iterator[tuple[TakeCounters, Key | None]]:
    """Where the counters of units come from, and the key, which is overwritten at the end."""
    if plan.key is None:
        # Every worker process makes a throw-away key of its own, under which no counter comes twice either.
        numbers = itertools.count()
        yield _in_a_row(lambda: next(numbers)), None
        return
    with open_camera_key(plan.key, plan.passphrase_file) as key:
        client = key.card.client(plan.client)
        with counters_of(plan.key, key, client, reserve=plan.unit_frames) as counters:
            assert counters is not None
            yield _in_a_row(counters.issue), key


def _refuse_sealed(file: Path, plan: BatchPlan) -> None:
    if not isinstance(read_card(file)[1], Plain) and plan.passphrase_file is None:
        trouble = "it is sealed, and worker processes open it too"
        raise KeyFileError(f"key = {file}: {trouble}; allowed is with --passphrase-file")


def _in_a_row(issue: Callable[[], int]) -> TakeCounters:
    def take(count: int) -> int:
        # A store is held by one process, and what it issues to that one follows on each other.
        first = issue()
        for _ in range(count - 1):
            issue()
        return first

    return take


def _recipe(plan: BatchPlan, chosen: "ChosenNetwork", profile: SensorProfile, key: Key | None) -> Recipe:
    recipe = Recipe(
        model=plan.model,
        weights=_absolute(plan.weights),
        digest=chosen.digest,
        size=picture_size(plan.size),
        profile=profile,
        seed=plan.seed,
        policy=plan.policy,
        shuffle=named_shuffle(plan.shuffle),
        key=_absolute(plan.key),
        client=plan.client,
        passphrase_file=_absolute(plan.passphrase_file),
        reveal=plan.reveal,
        video=plan.video,
        record=plan.record and key is not None,
    )
    return recipe if key is None else replace(recipe, key_id=key_id(key, key.card.client(plan.client)))


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.resolve()


def _surveyed(
    named: dict[str, Footage], recipe: Recipe, chosen: "ChosenNetwork", unit_frames: int
) -> tuple[list[Job], dict[str, str]]:
    """What is to be done, and why some footage cannot be."""
    jobs, set_aside = [], {}
    size = chosen.size_for(recipe.size)
    for name, footage in progress(named.items(), "surveying", len(named)):
        try:
            survey = footage.survey()
            frame = (survey.height, survey.width)
            if min(frame) < chosen.least_px:
                trouble = f"its frames are {frame[1]}x{frame[0]} pixels"
                allowed = f"allowed is {chosen.least_px}x{chosen.least_px} or more for {recipe.model}"
                raise SceneError(f"source = {footage.path}: {trouble}; {allowed}")
            fitted(frame, size)
            jobs.append(Job(name, footage, footage.digest(), survey, recipe, unit_frames))
        except SceneError as error:
            set_aside[name] = str(error)
    return jobs, set_aside


def _ledger_of(output: OutputFolder, job: Job) -> dict[str, Any] | None:
    ledger = output.ledger(job.name)
    return ledger if ledger is not None and ledger["uid"] == job.uid else None


def _told(
    plan: BatchPlan, output: OutputFolder, jobs: list[Job], set_aside: dict[str, str], chosen: "ChosenNetwork", recipe: Recipe
) -> dict[str, Any]:
    """Write summary and contact sheet; what the summary says."""
    footage = {}
    for job in jobs:
        ledger = _ledger_of(output, job)
        assert ledger is not None
        footage[job.name] = summarised(output.path / job.name, ledger)
    said = {
        "model": recipe.model,
        "policy": recipe.policy,
        "key": recipe.key_id,
        "reveal": recipe.reveal,
        "frames": sum(one["frames"] for one in footage.values()),
        "footage": footage,
        "set_aside": dict(sorted(set_aside.items())),
        "incomplete": {job.name: job.survey.missing for job in jobs if job.survey.missing is not None},
    }
    try:
        output.unfinished.mkdir(exist_ok=True)
        write_json(output.unfinished / SUMMARY, said)
        (output.unfinished / SUMMARY).replace(output.path / SUMMARY)
        if jobs:
            title = f"keycam batch: {recipe.model}, {described(named_policy(recipe.policy))}"
            folders = [output.path / job.name for job in jobs]
            frames = [job.frames for job in jobs]
            draw_sheet(folders, frames, chosen.classes, title, recipe.reveal, output.unfinished / SHEET)
            (output.unfinished / SHEET).replace(output.path / SHEET)
    except OSError as error:
        raise _not_written(output.path, error) from error
    shown = {"summary": str(plan.out / SUMMARY), **({"contact_sheet": str(plan.out / SHEET)} if jobs else {})}
    return {**said, **shown}


def _not_written(out: Path, error: OSError) -> OutputError:
    trouble = f"it cannot be written ({error.strerror or error})"
    return OutputError(f"out = {out}: {trouble}; allowed is a folder that can be written, on a disk with room")

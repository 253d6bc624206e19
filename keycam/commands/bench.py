"""`keycam bench`."""

from typing import Annotated

import typer

from keycam.commands.options import Json

OF_BATCH = ("batch", "workers")
"""Timed by the application's own parts, which the house's benchmarks do not import."""
KINDS = ("readout", "keys", "sensor", "isp", "inference", "schemes", "link", "recording", *OF_BATCH)


def bench(
    what: Annotated[
        str,
        typer.Argument(help="What to time: readout, keys, sensor, isp, inference, schemes, link, recording, batch or workers."),
    ],
    repeats: Annotated[int, typer.Option(help="Frames or transfers timed for each row.", min=3)] = 30,
    as_json: Json = False,
) -> None:
    """Time a stage beside its plain counterparts, in one run.

    readout: beside AES-256-GCM and memcpy; keys: fresh orders and masks beside AES-256-GCM; schemes: the peers' image encryption
    beside AES-256-GCM; sensor: beside NumPy and the camera of emva1288; isp: beside raster ISPs; inference: keyed networks beside
    the plain ones;
    link: bytes and packets between two processes, unlimited and on simulated serial lines; recording: beside plain files;
    batch: footage from file to file, keyed beside plain; workers: two processes, and two workers of a Dask cluster, beside one.
    """
    from importlib import import_module

    if what not in KINDS:
        raise ValueError(f"what = {what!r}: allowed is {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    from keycam.printing import print_json, print_rows
    from keycam.progress import progress

    module = import_module("keycam.batch.bench" if what in OF_BATCH else f"benchmarks.{what}")
    timed, cases = getattr(module, f"bench_{what}"), module.ENGINES if what == "workers" else module.CASES
    rows = [row for case in progress(cases, "timing", len(cases)) for row in timed([case], repeats=repeats)]
    print_json({"rows": rows}) if as_json else print_rows(what, rows)

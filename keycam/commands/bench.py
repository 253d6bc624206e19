"""`keycam bench`."""

from typing import Annotated

import typer

from keycam.commands.options import Json


def bench(
    what: Annotated[str, typer.Argument(help="What to time: readout, keys, sensor, isp, inference, schemes, link or recording.")],
    repeats: Annotated[int, typer.Option(help="Frames or transfers timed for each row.", min=3)] = 30,
    as_json: Json = False,
) -> None:
    """Time a stage beside its plain counterparts, in one run.

    readout: beside AES-256-GCM and memcpy; keys: fresh orders and masks beside AES-256-GCM; schemes: the peers' image encryption
    beside AES-256-GCM; sensor: beside NumPy and the camera of emva1288; isp: beside raster ISPs; inference: keyed networks beside
    the plain ones;
    link: bytes and packets between two processes, unlimited and on simulated serial lines; recording: beside plain files.
    """
    from importlib import import_module

    if what not in ("readout", "keys", "sensor", "isp", "inference", "schemes", "link", "recording"):
        raise ValueError(f"what = {what!r}: allowed is readout, keys, sensor, isp, inference, schemes, link or recording")
    from keycam.printing import print_json, print_rows
    from keycam.progress import progress

    module = import_module(f"benchmarks.{what}")
    timed = getattr(module, f"bench_{what}")
    rows = [row for case in progress(module.CASES, "timing", len(module.CASES)) for row in timed([case], repeats=repeats)]
    print_json({"rows": rows}) if as_json else print_rows(what, rows)

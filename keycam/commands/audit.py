"""`keycam audit`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.options import Json, Policy, Seed


def audit(
    source: Annotated[
        str,
        typer.Option(help="What the camera looks at: photographs, cifar10 (with --data), an image, a folder, a video, a webcam."),
    ] = "photographs",
    data: Annotated[Path | None, typer.Option(help="Folder with CIFAR-10, for --source cifar10.")] = None,
    frames: Annotated[int, typer.Option(help="Frames that the eavesdropper has.", min=3)] = 100,
    policy: Policy = "secure",
    order: Annotated[str | None, typer.Option(help="Instead of the policy's: full, row-column, block or raster.")] = None,
    refresh: Annotated[str | None, typer.Option(help="Instead of the policy's: frame or static.")] = None,
    mask: Annotated[bool | None, typer.Option("--mask/--no-mask", help="Instead of the policy's.", show_default=False)] = None,
    size: Annotated[str | None, typer.Option(help="Size of the audited frames as HxW; by default 36x48.")] = None,
    keys: Annotated[int, typer.Option(help="Keys on which the ciphertext-only attack is tried.", min=1)] = 1,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Attack the camera's frames as an eavesdropper would, and say what was learnt beside what chance would give.

    The attacker is a process of its own that is handed emitted frames and never a key; with known and chosen scenes, and with
    a layer's tables, it is handed those too.
    """
    from keycam.audit import AuditPlan, run_audit
    from keycam.convert import parsed_size
    from keycam.printing import print_audit, print_json

    plan = AuditPlan(
        source=source, data=data, frames=frames, policy=policy, order=order, refresh=refresh, mask=mask,
        size=None if size is None else parsed_size(size), keys=keys, seed=seed,
    )  # fmt: skip
    result = run_audit(plan)
    print_json(result) if as_json else print_audit(result)

"""`keycam audit`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Json, Seed


def audit(
    source: Annotated[
        str,
        typer.Option(
            help="What the camera looks at: photographs, cifar10 (with --data), an image, a folder, a video, a webcam; or a "
            "recording (with --key), whose own frames are attacked."
        ),
    ] = "photographs",
    data: Annotated[Path | None, typer.Option(help="Folder with CIFAR-10, for --source cifar10.")] = None,
    frames: Annotated[int, typer.Option(help="Frames that the eavesdropper has.", min=3)] = 100,
    key: Annotated[
        Path | None, typer.Option(readable=False, help="Key file of the recording's camera or client; only the scorer reads it.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    policy: Annotated[
        str | None,
        typer.Option(help="What the readout hides: secure, paper or raster; by default secure. A recording has its own."),
    ] = None,
    order: Annotated[str | None, typer.Option(help="Instead of the policy's: full, row-column, block or raster.")] = None,
    refresh: Annotated[str | None, typer.Option(help="Instead of the policy's: frame or static.")] = None,
    mask: Annotated[bool | None, typer.Option("--mask/--no-mask", help="Instead of the policy's.", show_default=False)] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Size of the audited frames, at most 4096 pixels; by default 36x48.")
    ] = None,
    keys: Annotated[
        int, typer.Option(help="Keys that everything is tried on; two or more give confidence intervals.", min=1)
    ] = 1,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Try the attack on frames alone also with fewer of them: 10, 20, 30, 50, 75 ...")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for report.html, contact_sheet.png and audit.json; implies --sweep. Its other files stay."),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="Attack another scheme instead of a policy, or all: le, ele, etc, pixel-based, key-nets, aes-256-gcm ... "
            "Options that say what is done to a picture do not go with it, nor does --out."
        ),
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Attack the camera's frames as an eavesdropper would, and say what was learnt beside what chance would give.

    The attacker is a process of its own that is handed emitted frames and never a key; with known and chosen scenes, and with
    a layer's tables, it is handed those too.
    """
    from keycam.audit.plan import AuditPlan
    from keycam.audit.report import make_report_folder, write_report
    from keycam.audit.run import run_audit
    from keycam.frame_size import parsed_size
    from keycam.printing import print_audit, print_json, print_scheme_audit

    plan = AuditPlan(
        source=source, data=data, key=key, passphrase_file=passphrase_file, frames=frames,
        policy=policy, order=order, refresh=refresh, mask=mask,
        size=None if size is None else parsed_size(size), keys=keys, sweep=sweep or out is not None, seed=seed,
    )  # fmt: skip
    if scheme is not None:
        from keycam.audit.schemes.run import SchemeAuditPlan, run_scheme_audit

        if out is not None:
            raise ValueError(f"out = {out}: allowed is none with --scheme, whose figures are printed")
        result = run_scheme_audit(SchemeAuditPlan(scheme, plan))
        print_json(result) if as_json else print_scheme_audit(result)
        return
    if out is not None:
        make_report_folder(out)
    found = run_audit(plan)
    report = None if out is None else write_report(found, out)
    print_json(found.result) if as_json else print_audit(found.result, report)

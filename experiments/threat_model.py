"""The tables of docs/threat-model.md: `python -m experiments.threat_model DATA` measures their figures and writes them.

Every figure is one that `keycam audit` or `keycam bench` prints. Policies are audited on the bundled photographs; DATA is a
folder with CIFAR-10 for the audit of all schemes, which `experiments.schemes` asks for too. What was printed is kept in the
folder that --kept names, and not asked for again.
"""

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.command import CifarFolder, run
from experiments.scheme_tables import HD, NOTHING
from experiments.schemes import Kept, printed, put_in, scheme_audit
from keycam.progress import progress

PAGE = Path(__file__).parents[1] / "docs" / "threat-model.md"
ORDERS = ("full", "row-column", "block", "raster")
FRAMES = 100
FOOTAGE = ("--size", "24x32", "--frames", str(FRAMES))
"""Small, so that a policy takes seconds: larger keys fall in the same way."""
ALL_SCHEMES = f"keycam audit --scheme all --source cifar10 --data DIR --frames {FRAMES}"

Policy = tuple[str, str, bool]
Json = Mapping[str, Any]

SECURE: Policy = ("full", "frame", True)
PAPER: Policy = ("full", "static", False)
NAMES = {SECURE: "`secure`", PAPER: "`paper`", ("raster", "static", False): "`raster`"}


def policies() -> list[Policy]:
    """Order, refresh and mask of every policy. A mask is always fresh, so that a raster has nothing to refresh."""
    every = itertools.product(ORDERS, ("frame", "static"), (True, False))
    return [policy for policy in every if policy[:2] != ("raster", "frame")]


def audited(policy: Policy) -> list[str]:
    """The command line of one policy's audit."""
    order, refresh, mask = policy
    return ["audit", "--order", order, "--refresh", refresh, "--mask" if mask else "--no-mask", *FOOTAGE]


def table(results: Iterable[tuple[Policy, Json]]) -> str:
    """What `keycam audit` found under each policy, in Markdown; beyond what guessing exceeds once in a thousand, in bold."""
    headings = [
        "order", "fresh order for", "fresh mask", f"order from {FRAMES} frames alone", "picture from them, SSIM",
        "order from 3 known scenes", "next frame's order from 1 chosen scene", f"scene found again among {FRAMES}",
        "one large frame, SSIM",
    ]  # fmt: skip
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    for policy, result in results:
        order, refresh, mask = policy
        name = f" ({NAMES[policy]})" if policy in NAMES else ""
        fresh = NOTHING if order == "raster" else "each frame" if refresh == "frame" else "the epoch"
        alone, single = result["ciphertext_only"], result["single_frame"]
        cells = [
            f"{order}{name}", fresh, "yes" if mask else "no",
            _figure(alone, "key_entries_recovered"), _figure(alone, "ssim"),
            _figure(result["known_plaintext"], "key_entries_recovered"),
            _figure(result["chosen_plaintext"], "next_frame_entries_recovered"),
            _figure(result["histogram"], "recaptured_found"), _figure(single[order], "ssim") if order in single else NOTHING,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def claims(secure: Json, paper: Json, schemes: Json, keys: Json, readout: Json) -> str:
    """The page's other figures, numbered, each with the level of chance and the command that prints it, in Markdown.

    Parameters
    ----------
    secure, paper
        The audits of two policies.
    schemes, keys, readout
        The audit of all schemes, and two benchmarks.
    """
    of_secure, of_paper = (f"keycam {' '.join(audited(policy))}" for policy in (SECURE, PAPER))
    values, known, tables, partly = (
        secure["histogram"], paper["known_plaintext"], secure["tables"], paper["partial_key"],
    )  # fmt: skip
    layers, classes = schemes["schemes"]["keycam-secure"]["feature_maps"], schemes["schemes"]["keycam-paper"]["histogram"]
    fresh = {(row["order"], row["mask"]): row["ratio_to_aes_gcm"] for row in keys["rows"] if _is_hd(row)}
    aes_gcm_ms = next(row["aes_gcm_ms"] for row in keys["rows"] if _is_hd(row) and row["order"] == "full" and row["mask"])
    ratio = {row["policy"]: row["ratio_to_raster"] for row in readout["rows"] if _is_hd(row)}
    rows = [
        ("chi-square per degree of freedom of one frame's samples: on the link; of the scene",
         f"{values['link_chi_square_per_dof']:.2f}; {values['scene_chi_square_per_dof']:,.0f}", "1", of_secure),
        ("key entries from the first layer's tables, no frame", *_entries(tables), of_secure),
        (f"entries of a layer's order from {layers['frames']} of its feature maps, no table; maps for 99 % of it",
         f"{_entries(layers)[0]}; {layers['frames_to_break']}", _entries(layers)[1], ALL_SCHEMES),
        ("`paper`: key entries from 3 known scenes", *_entries(known), of_paper),
        ("class of a CIFAR-10 picture told from its values alone, no mask",
         f"{classes['classifier_accuracy']:.0%}", f"{classes['chance']['classifier_accuracy']:.0%}", ALL_SCHEMES),
        ("SSIM of a picture restored with 0; 50; 90 % of the key",
         "; ".join(f"{partly['ssim_by_share'][share]:.2f}" for share in ("0", "0.5", "0.9")),
         f"{partly['chance']['ssim_by_share']:.2f}", of_paper),
        ("1080p, AES-256-GCM of the frame; as many times as long: a fresh full order; order and mask; mask alone",
         f"{aes_gcm_ms:.2f} ms; {fresh['full', False]:.1f}; {fresh['full', True]:.1f}; {fresh['raster', True]:.1f}",
         NOTHING, "keycam bench keys"),
        ("1080p, readout of `secure`, as many times as long as that of `raster`; AES-256-GCM of the frame added to that",
         f"{ratio['secure']:.1f}; {1 + ratio['aes-256-gcm']:.1f}", NOTHING, "keycam bench readout"),
    ]  # fmt: skip
    lines = ["| no. | figure | found | by chance | command |", "|---|---|---|---|---|"]
    for number, (*cells, command) in enumerate(rows, 1):
        lines.append(f"| F{number} | {' | '.join(cells)} | `{command}` |")
    return "\n".join(lines)


def _is_hd(row: Json) -> bool:
    return (row["height"], row["width"]) == HD


def _entries(section: Json) -> tuple[str, str]:
    """The share of key entries, and that of guessing."""
    return f"{section['key_entries_recovered']:.1%}", f"{section['chance']['key_entries_recovered']:.2%}"


def _figure(section: Json, name: str) -> str:
    value = f"{section[name]:.2f}" if name == "ssim" else f"{section[name]:.1%}"
    return f"**{value}**" if section[name] > section["chance_limit"].get(name, 2.0) else value


def experiment(data: CifarFolder, kept: Kept = None) -> None:
    """Run every command that is not kept yet, and write the tables of docs/threat-model.md."""
    results = {
        policy: printed(kept, "-".join(map(str, policy)), *audited(policy))
        for policy in progress(policies(), "auditing", len(policies()))
    }
    keys, readout = (printed(kept, f"bench-{what}", "bench", what) for what in ("keys", "readout"))
    page = put_in(PAGE.read_text(), "policies", table(results.items()))
    figures = claims(results[SECURE], results[PAPER], scheme_audit(kept, data), keys, readout)
    PAGE.write_text(put_in(page, "figures", figures))


if __name__ == "__main__":
    run(experiment)

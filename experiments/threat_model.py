"""Who learns what under each policy: `python -m experiments.threat_model DATA` writes the table of docs/threat-model.md.

DATA is a folder with CIFAR-10. Every row is one run of `keycam audit`; what those printed is kept in the folder that --kept
names, and not asked for again.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.scheme_tables import NOTHING
from experiments.schemes import printed, put_in

PAGE = Path(__file__).parents[1] / "docs" / "threat-model.md"
ORDERS = ("full", "row-column", "block", "raster")
NAMES = {("full", "frame", True): "`secure`", ("full", "static", False): "`paper`", ("raster", "static", False): "`raster`"}
FRAMES = 100

Policy = tuple[str, str, bool]


def policies() -> list[Policy]:
    """Order, refresh and mask of every policy; a raster that is fresh is the same as one that is not."""
    every = itertools.product(ORDERS, ("frame", "static"), (True, False))
    return [policy for policy in every if policy[:2] != ("raster", "frame")]


def arguments(policy: Policy, data: Path) -> list[str]:
    """The command line of one policy's audit."""
    order, refresh, mask = policy
    of_policy = ["--order", order, "--refresh", refresh, "--mask" if mask else "--no-mask"]
    return ["audit", *of_policy, "--source", "cifar10", "--data", str(data), "--frames", str(FRAMES)]


def table(results: Iterable[tuple[Policy, Mapping[str, Any]]]) -> str:
    """What `keycam audit` found under each policy, in Markdown; beyond what guessing exceeds once in a thousand, in bold."""
    headings = [
        "order", "fresh for", "mask", f"key from {FRAMES} frames alone", "picture from them, SSIM", "key from 3 known scenes",
        "key from 1 chosen scene", "scene found again among 10,000", "class told", "one large frame, SSIM",
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
            *(_figure(result[attack], "key_entries_recovered") for attack in ("known_plaintext", "chosen_plaintext")),
            *(_figure(result["histogram"], figure) for figure in ("recaptured_found", "classifier_accuracy")),
            _figure(single[order], "ssim") if order in single else NOTHING,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _figure(section: Mapping[str, Any], name: str) -> str:
    value = f"{section[name]:.2f}" if name == "ssim" else f"{section[name]:.1%}"
    return f"**{value}**" if section[name] > section["chance_limit"].get(name, 2.0) else value


def main() -> None:
    """Audit every policy that is not kept yet, and write the page's table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("data", type=Path, help="folder with CIFAR-10")
    parser.add_argument("--kept", type=Path, help="folder for the audits' JSON")
    given = parser.parse_args()
    results = []
    for policy in policies():
        file = None if given.kept is None else given.kept / f"{'-'.join(map(str, policy))}.json"
        kept = file if file is not None and file.exists() else None
        result = printed(kept, *arguments(policy, given.data))
        if file is not None and kept is None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(result))
        results.append((policy, result))
        print(policy, file=sys.stderr)
    PAGE.write_text(put_in(PAGE.read_text(), "policies", table(results)))


if __name__ == "__main__":
    main()

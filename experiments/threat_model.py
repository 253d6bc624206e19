"""The tables of docs/threat-model.md: `python -m experiments.threat_model DATA` measures their figures and writes them.

DATA is a folder with CIFAR-10. Every figure is one that `keycam audit` or `keycam bench` prints; what those printed is kept in
the folder that --kept names, and not asked for again: speeds want a machine that does nothing else.
"""

import argparse
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.scheme_tables import HD, NOTHING
from experiments.schemes import printed, put_in
from keycam.progress import progress

PAGE = Path(__file__).parents[1] / "docs" / "threat-model.md"
ORDERS = ("full", "row-column", "block", "raster")
NAMES = {("full", "frame", True): "`secure`", ("full", "static", False): "`paper`", ("raster", "static", False): "`raster`"}
FRAMES = 100

Policy = tuple[str, str, bool]
Json = Mapping[str, Any]


def policies() -> list[Policy]:
    """Order, refresh and mask of every policy. A mask is always fresh, so that a raster has nothing to refresh."""
    every = itertools.product(ORDERS, ("frame", "static"), (True, False))
    return [policy for policy in every if policy[:2] != ("raster", "frame")]


def audited(policy: Policy) -> list[str]:
    """The command line of one policy's audit, without the source."""
    order, refresh, mask = policy
    return ["audit", "--order", order, "--refresh", refresh, "--mask" if mask else "--no-mask"]


COMMANDS = {
    "layers": ["audit", "--scheme", "keycam-secure"],
    "keys": ["bench", "keys"],
    "readout": ["bench", "readout"],
    **{"-".join(map(str, policy)): audited(policy) for policy in policies()},
}
"""What is run, by the name under which it is kept."""


def table(results: Iterable[tuple[Policy, Json]]) -> str:
    """What `keycam audit` found under each policy, in Markdown; beyond what guessing exceeds once in a thousand, in bold."""
    headings = [
        "order", "fresh order for", "fresh mask", f"key from {FRAMES} frames alone", "picture from them, SSIM",
        "key from 3 known scenes", "key from 1 chosen scene", "scene found again among 10,000", "class told", "one large frame, SSIM",
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


def claims(found: Json) -> str:
    """The page's other figures, numbered, each with the level of chance and the command that prints it, in Markdown.

    Parameters
    ----------
    found
        What the commands printed, by the names of COMMANDS.
    """
    secure, paper = (found["-".join(map(str, policy))] for policy in (("full", "frame", True), ("full", "static", False)))
    flat, known = secure["histogram"], paper["known_plaintext"]
    tables, partly, layers = secure["tables"], paper["partial_key"], found["layers"]["schemes"]["keycam-secure"]["feature_maps"]
    speed = {row["policy"]: row for row in found["readout"]["rows"] if _is_hd(row)}
    fresh = {(row["order"], row["mask"]): row for row in found["keys"]["rows"] if _is_hd(row)}
    full, masked, mask = (fresh[kind] for kind in (("full", False), ("full", True), ("raster", True)))
    rows = [
        ("chi-square per degree of freedom of the samples of one frame: on the link, and of the scene",
         f"{flat['link_chi_square_per_dof']:.2f}; {flat['scene_chi_square_per_dof']:.0f}", "1", "full-frame-True"),
        ("key entries from the first layer's offset tables, no frame", _share(tables), _chance(tables), "full-frame-True"),
        (f"entries of a layer's order from {layers['frames_to_break']} of its feature maps, no table",
         _share(layers), _chance(layers), "layers"),
        ("`paper`: key entries from 3 known scenes", _share(known), _chance(known), "full-static-False"),
        ("`paper`, a key of which 0 / 50 / 90 % is right: accuracy of the network",
         *_curve(partly, "accuracy_by_share", "{:.0%}"), "full-static-False"),
        ("the same: SSIM of the picture", *_curve(partly, "ssim_by_share", "{:.2f}"), "full-static-False"),
        ("1080p: AES-256-GCM of the frame; a fresh full order; order and mask; mask alone",
         f"{full['aes_gcm_ms']:.2f} ms; {full['ratio_to_aes_gcm']:.0f}, {masked['ratio_to_aes_gcm']:.0f} and "
         f"{mask['ratio_to_aes_gcm']:.1f} times as long", NOTHING, "keys"),
        ("1080p: frames/s of the readout, `secure` and `raster`",
         f"{speed['secure']['frames_per_second']:.0f}; {speed['raster']['frames_per_second']:.0f}", NOTHING, "readout"),
    ]  # fmt: skip
    lines = ["| no. | figure | found | by chance | `keycam` ... |", "|---|---|---|---|---|"]
    for number, (what, figure, chance, command) in enumerate(rows, 1):
        lines.append(f"| F{number} | {what} | {figure} | {chance} | `{' '.join(_shown(COMMANDS[command]))}` |")
    return "\n".join(lines)


def _shown(command: Sequence[str]) -> list[str]:
    """A command line as the page says it: with the source, where there is one, as the page's text explains it."""
    return [*command, *(["CIFAR"] if command[0] == "audit" else [])]


def _is_hd(row: Json) -> bool:
    return (row["height"], row["width"]) == HD


def _share(section: Json) -> str:
    return f"{section['key_entries_recovered']:.1%}"


def _chance(section: Json) -> str:
    return f"{section['chance']['key_entries_recovered']:.2%}"


def _curve(partly: Json, name: str, form: str) -> tuple[str, str]:
    """A curve's values at some shares of the key, and the level of chance."""
    values = " / ".join(form.format(partly[name][share]) for share in ("0", "0.5", "0.9"))
    return values, form.format(partly["chance"][name])


def _figure(section: Json, name: str) -> str:
    value = f"{section[name]:.2f}" if name == "ssim" else f"{section[name]:.1%}"
    return f"**{value}**" if section[name] > section["chance_limit"].get(name, 2.0) else value


def main() -> None:
    """Run every command that is not kept yet, and write the page's tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("data", type=Path, help="folder with CIFAR-10")
    parser.add_argument("--kept", type=Path, help="folder for what the commands print as JSON")
    given = parser.parse_args()
    footage = ["--source", "cifar10", "--data", str(given.data), "--frames", str(FRAMES)]
    found = {}
    for name, command in progress(COMMANDS.items(), "running", len(COMMANDS)):
        file = None if given.kept is None else given.kept / f"{name}.json"
        kept = file if file is not None and file.exists() else None
        found[name] = printed(kept, *command, *(footage if command[0] == "audit" else []))
        if file is not None and kept is None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(found[name]))
    page = put_in(PAGE.read_text(), "policies", table((policy, found["-".join(map(str, policy))]) for policy in policies()))
    PAGE.write_text(put_in(page, "figures", claims(found)))


if __name__ == "__main__":
    main()

"""The comparison of schemes in docs/schemes.md, from what `keycam audit --scheme all` and `keycam bench` print as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

HD = (1080, 1920)
NOTHING = "-"
"""In a cell that has no figure."""


def comparison(audits: Iterable[Json], speeds: Json) -> str:
    """Leak, key and speed of every scheme in Markdown: a column of SSIM for each of the audits, which differ in their frames.

    Parameters
    ----------
    audits
        Of `keycam audit --scheme all`, with fewer frames first; what needs no such number is taken from the first.
    speeds
        Of `keycam bench schemes`.
    """
    audits = list(audits)
    of_hd = {row["scheme"]: row for row in speeds["rows"] if (row["height"], row["width"]) == HD}
    several = [f"from {audit['frames']:,} frames alone, SSIM (key entries)" for audit in audits]
    headings = [
        "scheme", *several, "known scenes for 99 % of the key", "chosen scenes for all of it", "found again among 10,000",
        "class told", "one frame of 128x96, SSIM", "key bits", "a key for each", "encrypt 1080p, ms",
        "encrypt and decrypt, AES-256-GCM = 1",
    ]  # fmt: skip
    lines = [_line(headings), _line(["---"] * len(headings))]
    for name in audits[0]["schemes"]:
        sections, row = [audit["schemes"][name] for audit in audits], of_hd[name]
        cells = [
            name, *(_alone(section["ciphertext_only"]) for section in sections), _known(sections[0]), _chosen(sections[0]),
            _share(sections[0]["histogram"], "recaptured_found"), _share(sections[0]["histogram"], "classifier_accuracy"),
            _single(sections[0]["single_frame"]), f"{row['key_bits']:,.0f}", row["key_for_each"], f"{row['encrypt_ms']:.2f}",
            f"{row['ratio_to_aes_gcm']:.1f}",
        ]  # fmt: skip
        lines.append(_line(cells))
    return "\n".join(lines)


def handling(speeds: Json) -> str:
    """Who holds what, and what is protected, in Markdown."""
    rows = {row["scheme"]: row for row in speeds["rows"]}
    lines = [_line(["scheme", "who holds what", "what it protects", "notices alterations"]), _line(["---"] * 4)]
    for name, row in rows.items():
        lines.append(_line([name, row["key_handling"], row["protects"], "yes" if row["notices_alterations"] else "no"]))
    return "\n".join(lines)


def fresh_keys(keys: Json) -> str:
    """What fresh orders and masks cost beside AES-256-GCM, in Markdown, of `keycam bench keys`."""
    lines = [_line(["fresh for each frame", "size", "ms", "AES-256-GCM of the frame, ms", "times as long"]), _line(["---"] * 5)]
    for row in keys["rows"]:
        order = {"raster": "mask alone"}.get(row["order"], f"{row['order']} order{' and mask' if row['mask'] else ''}")
        times = [f"{row['key_ms']:.2f}", f"{row['aes_gcm_ms']:.2f}", f"{row['ratio_to_aes_gcm']:.1f}"]
        lines.append(_line([order, f"{row['width']}x{row['height']}", *times]))
    return "\n".join(lines)


def bounds(audit: Json) -> str:
    """What chance gives for each column of the comparison, in a sentence."""
    levels = {column: sorted(set(_levels(audit, *where))) for column, where in _COLUMNS.items()}
    said = ", ".join(f"{column} {_range(values)}" for column, values in levels.items())
    return f"Chance gives: {said}."


_COLUMNS = {
    "SSIM": ("ciphertext_only", "ssim"),
    "key entries": ("ciphertext_only", "key_entries_recovered"),
    "found again": ("histogram", "recaptured_found"),
    "class told": ("histogram", "classifier_accuracy"),
}


def _levels(audit: Json, section: str, figure: str) -> Iterator[float]:
    for sections in audit["schemes"].values():
        if figure in sections[section]["chance"] and sections[section]["chance"][figure] < 1:
            yield sections[section]["chance"][figure]


def _range(values: list[float]) -> str:
    low, high = (f"{value:.2g}" for value in (values[0], values[-1]))
    return low if low == high else f"{low} to {high}"


def _alone(section: Json) -> str:
    entries = f" ({section['key_entries_recovered']:.0%})" if "key_entries_recovered" in section else ""
    each = ", each alone" if section["frames"] == 1 else ""
    return f"{_ssim(section)}{entries}{each}"


def _known(sections: Json) -> str:
    section = sections["known_plaintext"]
    if not section["applies"]:
        return NOTHING
    needed = section["frames_to_break"]
    return f"not from {section['frames_tried'][-1]}" if needed is None else str(needed)


def _chosen(sections: Json) -> str:
    section = sections["chosen_plaintext"]
    if not section["applies"]:
        return NOTHING
    return str(section["frames"]) if section["key_entries_recovered"] >= 0.99 else "none do"


def _single(section: Json) -> str:
    return _ssim(section) if "ssim" in section else NOTHING


def _share(section: Json, figure: str) -> str:
    return f"{section[figure]:.1%}" if figure in section else NOTHING


def _ssim(section: Json) -> str:
    return f"{section['ssim']:.2f} (link {section['scrambled_ssim']:.2f})"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

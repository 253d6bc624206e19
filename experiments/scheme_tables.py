"""The comparison of schemes in docs/schemes.md, from what `keycam audit --scheme all` and `keycam bench` print as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

HD = (1080, 1920)
NOTHING = "-"
"""In a cell that has no figure."""


def comparison(audit: Json, speeds: Json) -> str:
    """Leak, key and speed of every scheme in Markdown, of `keycam audit --scheme all` and `keycam bench schemes`."""
    of_hd = {row["scheme"]: row for row in speeds["rows"] if (row["height"], row["width"]) == HD}
    headings = [
        "scheme", f"from {audit['frames']} frames alone, SSIM (key entries)", "known scenes for 99 % of the key",
        "chosen scenes for all of it", "found again among 10,000", "class told", "one frame of 128x96, SSIM", "key bits",
        "a key for each", "encrypt 1080p, ms", "encrypt and decrypt, AES-256-GCM = 1",
    ]  # fmt: skip
    lines = [_line(headings), _line(["---"] * len(headings))]
    for name, found in audit["schemes"].items():
        row = of_hd[name]
        cells = [
            name, _alone(found["ciphertext_only"]), _known(found["known_plaintext"]), _chosen(found["chosen_plaintext"]),
            _share(found["histogram"], "recaptured_found"), _share(found["histogram"], "classifier_accuracy"),
            _single(found["single_frame"]), f"{row['key_bits']:,.0f}", row["key_for_each"], f"{row['encrypt_ms']:.2f}",
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


def _known(section: Json) -> str:
    if not section["applies"]:
        return NOTHING
    needed = section["frames_to_break"]
    return f"not from {section['frames_tried'][-1]}" if needed is None else str(needed)


def _chosen(section: Json) -> str:
    if not section["applies"]:
        return NOTHING
    return str(section["frames"]) if section["key_entries_recovered"] >= 0.99 else "none do"


def _single(section: Json) -> str:
    inside = section.get("entries_inside_blocks_recovered")
    blocks = "" if inside is None else f", inside of blocks {inside:.0%}"
    return f"{_ssim(section)}{blocks}" if "ssim" in section else NOTHING


def _share(section: Json, figure: str) -> str:
    return f"{section[figure]:.1%}" if figure in section else NOTHING


def _ssim(section: Json) -> str:
    return f"{section['ssim']:.2f} (link {section['scrambled_ssim']:.2f})"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

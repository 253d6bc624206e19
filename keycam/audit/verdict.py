"""What an audit's figures come to, in a few sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keycam.audit.explained import EXPLAINED, figure_label, figure_text

BROKEN_FROM = 0.5
"""Share of the key's entries from which a recovered picture is readable."""
_OF_THE_POLICY = ("ciphertext_only", "known_plaintext", "chosen_plaintext", "histogram")
_OF_THE_SCENE = ("accuracy_plain", "scene_chi_square_per_dof")


@dataclass(frozen=True)
class Verdict:
    """Attributes
    ----------
    level
        "broken": the key falls to frames alone; "leaks": some attack finds more than guessing does; "nothing found".
    sentence
        Why.
    leaks
        The figures that are beyond what guessing reaches, a sentence each.
    """

    level: str
    sentence: str
    leaks: tuple[str, ...]


def verdict(result: dict[str, Any]) -> Verdict:
    """The verdict on the audited policy; attacks on other orders, and tables, which give any key away, do not count."""
    alone = result["ciphertext_only"]
    leaks = tuple(_leaks(result))
    if alone.get("key_entries_recovered", 0) >= BROKEN_FROM:
        entries, likeness = f"{alone['key_entries_recovered']:.0%} of the key's entries", f"SSIM {alone['ssim']:.2f}"
        sentence = f"{alone['frames']} frames alone give {entries} and pictures of {likeness}"
        return Verdict("broken", f"{sentence}{_from_how_many(alone)}.", leaks)
    if leaks:
        return Verdict("leaks", "Frames alone did not give the key, but attacks find more than guessing does.", leaks)
    return Verdict("nothing found", "No attack on the frames finds more than guessing does.", leaks)


def beyond_chance(section: dict[str, Any], name: str) -> bool:
    """Whether a figure of a section is beyond what guessing exceeds once in a thousand audits; those of scenes never are."""
    limit = None if name in _OF_THE_SCENE else section.get("chance_limit", {}).get(name)
    return limit is not None and section[name] > limit


def _leaks(result: dict[str, Any]) -> Iterator[str]:
    sections = {name: result[name] for name in _OF_THE_POLICY if name in result}
    single = result.get("single_frame", {}).get(result["policy"]["order"])
    if single is not None:
        sections["single_frame"] = single
    for name, section in sections.items():
        for figure, chance in section["chance"].items():
            if beyond_chance(section, figure):
                found, guessed = (figure_text(figure, value) for value in (section[figure], chance))
                yield f"{EXPLAINED[name].title}: {figure_label(figure)} {found}, by chance {guessed}"


def _from_how_many(alone: dict[str, Any]) -> str:
    half = alone.get("frames_to_break", {}).get("0.5")
    return "" if half is None else f"; {half} are enough for half of the key"

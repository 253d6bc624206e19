"""How many frames it takes: the attack on frames alone with ever more of them."""

from collections.abc import Sequence
from typing import Any

BROKEN_FROM = (0.5, 0.99)
"""Shares of the key's entries from which a picture is readable, and from which it is the scene."""


def frames_to_break(sweep: Sequence[dict[str, Any]]) -> dict[str, int | None]:
    """The smallest number of frames that gave each share of `BROKEN_FROM`, None where none did; `sweep` has rising `frames`."""
    return {
        f"{share:g}": next((part["frames"] for part in sweep if part["key_entries_recovered"] >= share), None)
        for share in BROKEN_FROM
    }

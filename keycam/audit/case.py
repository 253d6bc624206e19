"""One attack on one key: what the attacker is given, and how whoever holds the key scores what it found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.scoring.picture_score import psnr_db, ssim
from privacy.seen import Samples, Seen

MOST_PSNR_DB = 99.0
"""Stands for the infinite PSNR of a picture without an error, so that medians and JSON have a number."""
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Figure:
    """What an attack reached.

    Attributes
    ----------
    value
        A share from 0 to 1, an SSIM, decibels or seconds.
    chance
        What guessing reaches on average; None where there is nothing to guess.
    limit
        What guessing exceeds at most once in a thousand audits: a value beyond it is a leak. None where that is not known.
    """

    value: float
    chance: float | None = None
    limit: float | None = None


@dataclass(frozen=True, eq=False)
class Row:
    """A frame for the contact sheet: pictures uint8 or uint16 (H, W, C) of `bits` bits, with SSIM and PSNR to the original."""

    name: str
    bits: int
    original: Samples
    link: Samples
    recovered: Samples
    link_ssim: float
    link_psnr_db: float
    ssim: float
    psnr_db: float


def row_of(name: str, original: Samples, link: Samples, recovered: Samples, bits: int) -> Row:
    """A row with its scores; the pictures are taken as they are."""
    scores = [(ssim(picture, original, bits), finite(psnr_db(picture, original, bits))) for picture in (link, recovered)]
    (link_ssim, link_psnr_db), (found_ssim, found_psnr_db) = scores
    return Row(name, bits, original, link, recovered, link_ssim, link_psnr_db, found_ssim, found_psnr_db)


def finite(psnr_db: float) -> float:
    """A PSNR, that of a picture without an error as a number."""
    return min(psnr_db, MOST_PSNR_DB)


@dataclass(frozen=True, eq=False)
class Scored:
    """What came of a case.

    Attributes
    ----------
    frames
        How many frames the attack was about.
    figures
        By name.
    notes
        What else is said: counts, sentences.
    rows
        For the contact sheet.
    """

    frames: int
    figures: dict[str, Figure]
    notes: dict[str, Any] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()

    def joined(self, other: "Scored") -> "Scored":
        """The figures and notes of both, about the frames of this one."""
        rows = self.rows + other.rows
        return Scored(self.frames, {**self.figures, **other.figures}, {**self.notes, **other.notes}, rows)


@dataclass(frozen=True, eq=False)
class Case:
    """One attack on one key.

    Attributes
    ----------
    part
        Where its figures belong in the audit's result, such as ("ciphertext_only",) or ("single_frame", "block").
    attack
        A name in `privacy.attacker.ATTACKS`.
    given
        All that the attacker gets: arrays without a key.
    score
        From what the attacker found to figures; it holds the truth.
    """

    part: tuple[str, ...]
    attack: str
    given: Arrays
    score: Callable[[Arrays], Scored]


Attack = Callable[[], Case]
"""A case yet to be made: what it gives the attacker may be large, so it is there only while it is tried."""


def given_of(seen: Seen) -> Arrays:
    """Frames and clear header as the attacker's process takes them."""
    return {"frames": seen.frames, "shape": np.array([seen.height, seen.width, seen.bits])}

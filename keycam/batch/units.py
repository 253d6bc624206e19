"""Units of work: a stretch of one footage's frames, named by all that its results depend on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keycam.batch.footage import Footage, Survey
from keycam.batch.recipe import Recipe, identity


@dataclass(frozen=True, eq=False)
class Unit:
    """A stretch of frames that one worker goes through.

    Attributes
    ----------
    uid
        Names recipe, footage with its content, and stretch: results under another name are of something else.
    footage
        Where its frames are.
    noise
        Sets the noise of this footage apart from that of others, 32 bits.
    frame
        (height, width) of the footage, px.
    first, count
        The stretch.
    time_s
        float64 (count,), when each frame is shown.
    ticks
        int64 (count,), their time stamps in the file, or None.
    """

    uid: str
    footage: Footage
    noise: int
    frame: tuple[int, int]
    first: int
    time_s: NDArray[np.float64]
    ticks: NDArray[np.int64] | None

    @property
    def count(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, eq=False)
class Job:
    """One footage and all there is to do with it.

    Attributes
    ----------
    name
        Of the folder of its results.
    footage, digest, survey
        What it is, the SHA-256 of its content, and what it holds.
    recipe
        What is to be done.
    unit_frames
        Frames in a unit; the last one has what is left.
    """

    name: str
    footage: Footage
    digest: str
    survey: Survey
    recipe: Recipe
    unit_frames: int

    @property
    def frames(self) -> int:
        return len(self.survey.time_s)

    @property
    def uid(self) -> str:
        """Names everything that its results depend on."""
        return self._identity(0, self.frames)

    def uids(self) -> list[str]:
        """Those of its units."""
        return [self._identity(first, count) for first, count in self._stretches()]

    def units(self) -> Iterator[Unit]:
        """Its units, first frames first."""
        survey = self.survey
        for first, count in self._stretches():
            stretch = slice(first, first + count)
            ticks = None if survey.ticks is None else survey.ticks[stretch]
            yield Unit(
                uid=self._identity(first, count),
                footage=self.footage,
                noise=int(self.digest[:8], 16),
                frame=(survey.height, survey.width),
                first=first,
                time_s=survey.time_s[stretch],
                ticks=ticks,
            )

    def _stretches(self) -> Iterator[tuple[int, int]]:
        for first in range(0, self.frames, self.unit_frames):
            yield first, min(self.unit_frames, self.frames - first)

    def _identity(self, first: int, count: int) -> str:
        # The name too: two files of the same content are two footages, with results in two folders.
        return identity(self.recipe.as_json(), self.name, self.digest, first, count, self.unit_frames)

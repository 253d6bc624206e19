"""What is attacked: a scheme with a throw-away key, the pictures that it encrypts, and what is public of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from keycam.audit.case import Arrays
from keycam.audit.footage import Footage
from privacy.schemes import Scheme, make_scheme
from privacy.seen import Samples
from privacy.structure import STRUCTURES, Structure

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class NotApplied:
    """Why an attack has nothing to work on; a sentence's part that follows "does not apply, because"."""

    because: str


@dataclass(frozen=True, eq=False)
class AuditedScheme:
    """One scheme in the audit.

    Attributes
    ----------
    name
        As in `privacy.schemes.SCHEMES`.
    footage
        The pictures.
    network
        Classifies recovered pictures, where the footage has classes.
    seed
        Fixes keys, noise and what the attacks draw.
    key
        Which of the audit's keys it is, 0 and up.
    """

    name: str
    footage: Footage
    network: nn.Module | None
    seed: int
    key: int = 0

    @property
    def structure(self) -> Structure:
        """What is public of the scheme."""
        return STRUCTURES[self.name]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the footage, pixels."""
        height, width = self.footage.scenes.shape[1:3]
        return height, width

    @property
    def one_key(self) -> bool:
        """Whether all pictures have the same key, or none."""
        return self.keyed(0, (4, 4)).key_scope != "image"

    def keyed(self, number: int, size: tuple[int, int]) -> Scheme:
        """The scheme with a throw-away key, one of several by `number`, for pictures of height and width `size`.

        Raises ValueError for a size that the scheme does not take.
        """
        return make_scheme(self.name, np.random.default_rng((self.seed, self.key, number)), size)

    def sent(self, number: int, pictures: Samples, first: int = 0) -> Samples:
        """What travels of 8-bit pictures (N, H, W, 3), number `first` and on, under the key of this number."""
        size = (pictures.shape[1], pictures.shape[2])
        return self.keyed(number, size).encrypt(np.asarray(pictures, np.uint8), first).samples

    def given(self, **arrays: NDArray[np.generic]) -> Arrays:
        """What the attacker gets: arrays without a key, and the scheme's name."""
        return {**arrays, "scheme": np.array(self.name)}

"""Where a keyed network undoes the order of its pixels; apart from the networks, so that no torch is imported for a name."""

from typing import Literal

Shuffle = Literal["every-layer", "input"]

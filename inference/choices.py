"""What a caller chooses by name, where a command line can be checked before torch is there."""

from typing import Literal

Keep = Literal["latest", "all"]
"""Of frames that come faster than the network answers: the latest one, or all, and the source waits."""

Shuffle = Literal["every-layer", "input"]
"""Where a keyed network undoes the order: nowhere before its output, or at its first spatial operator."""

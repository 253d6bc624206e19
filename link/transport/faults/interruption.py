"""What faults do to a stream besides changing its bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from link.transport.faults.strikes import Strike

Note = Callable[[Strike, bytes, bytes, tuple[int, int] | None], None]
"""How a stage writes down what a strike did: the bytes before and after, and their numbers where there are more."""


@dataclass(frozen=True)
class Interruption:
    """Here the stream pauses, or the port vanishes, for so long."""

    kind: Literal["pause", "vanish"]
    duration_s: float


Passed = list[bytes | Interruption]
"""What comes out of a stage, in order."""

"""The states of the host (docs/protocol.md, "States of the host")."""

from enum import Enum


class HostState(Enum):
    """Where a host stands with its camera."""

    HUNT = "hunt"
    SYNCED = "synced"
    FRAME_OPEN = "frame open"
    COMPLETE = "complete"
    VERIFIED = "verified"

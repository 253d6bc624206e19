"""How long a host waits for what."""

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Patience:
    """Times and numbers after which a host tries again, or gives up.

    Attributes
    ----------
    hello_s
        From one HELLO to the next while no camera answers.
    hunt_s
        How long a camera may leave HELLO unanswered before that is an error.
    command_s, command_tries
        How long an answer may take, and how often a command is sent in all.
    heartbeat_s, silence_s
        From one heartbeat to the next; how long nothing at all may come before the session is given up.
    reconnect_s
        How long the host tries to get back a link or camera that it had.
    resend_s
        The least time between two requests for the same parts of a frame; on a slow line it is longer.
    resend_tries
        How many such requests in a row may bring nothing new before the frame is given up.

    Raises ValueError for what is not above 0 and finite.
    """

    hello_s: float = 0.5
    hunt_s: float = 5.0
    command_s: float = 0.5
    command_tries: int = 6
    heartbeat_s: float = 1.0
    silence_s: float = 3.0
    reconnect_s: float = 30.0
    resend_s: float = 0.25
    resend_tries: int = 5

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0 < value < math.inf:
                raise ValueError(f"{each.name} = {value}: allowed is above 0 and finite")
            if each.name.endswith("_tries") and value != int(value):
                raise ValueError(f"{each.name} = {value}: allowed is a whole number")

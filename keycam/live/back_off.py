"""How long to wait before something lost is tried again."""

FIRST_S = 0.5
MOST_S = 10.0


class BackOff:
    """Pauses of 0.5 s, 1 s, 2 s ... 10 s, from the first one again once it worked."""

    def __init__(self) -> None:
        self._next_s = FIRST_S

    def next_s(self) -> float:
        """The pause before the next try, s."""
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, MOST_S)
        return pause_s

    def worked(self) -> None:
        """What was lost is back."""
        self._next_s = FIRST_S

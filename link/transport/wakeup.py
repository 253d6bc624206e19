"""How one thread gets another out of its wait for a descriptor."""

import os
import select


class Wakeup:
    """A descriptor that is silent until it is rung, and from then on always ready to read."""

    def __init__(self) -> None:
        self._heard, self._bell = os.pipe()
        self._alone = self.poll_with()

    def poll_with(self, descriptor: int | None = None, events: int = 0) -> select.poll:
        """Something to wait on: for `events` of `descriptor`, and for being rung."""
        poll = select.poll()
        poll.register(self._heard, select.POLLIN)
        if descriptor is not None:
            poll.register(descriptor, events)
        return poll

    def sleep(self, duration_s: float) -> None:
        """Wait so long, or until rung. For one thread at a time."""
        wait(self._alone, duration_s)

    def ring(self) -> None:
        os.write(self._bell, b"!")

    def close(self) -> None:
        os.close(self._heard)
        os.close(self._bell)


def wait(poll: select.poll, timeout_s: float) -> bool:
    """Whether anything happened within `timeout_s`."""
    # A day at the most, because poll counts milliseconds in 32 bits.
    return bool(poll.poll(1000 * min(max(timeout_s, 0.0), 86400.0)))

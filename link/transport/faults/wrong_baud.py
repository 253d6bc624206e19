"""What a serial receiver makes of bytes that were sent at another baud than its own."""


class WrongBaudReceiver:
    """A receiver for 8N1 that samples the middle of each bit at its own rate.

    As a Linux terminal does it, a byte without a stop bit is read as 00, and the next one begins at the next falling edge
    after the line has been high.

    Parameters
    ----------
    ratio
        the receiver's baud over the sender's.
    """

    def __init__(self, ratio: float) -> None:
        if not 0.01 <= ratio <= 100:
            raise ValueError(f"ratio = {ratio}: allowed is 0.01 to 100")
        self._bit = 1 / ratio
        self._levels = [1]  # of the sender's bits that the receiver has not passed yet: the line begins idle

    def hear(self, data: bytes) -> bytes:
        """The bytes that have been heard when `data` has been sent. Up to ten bits stay unheard until more is sent."""
        for byte in data:
            self._levels += [0, *(byte >> bit & 1 for bit in range(8)), 1]
        heard = bytearray()
        at = 0
        while (start := self._falling_edge(at)) is not None and start + 9.5 * self._bit < len(self._levels):
            bits = [self._levels[int(start + (1.5 + bit) * self._bit)] for bit in range(9)]
            heard.append(sum(level << bit for bit, level in enumerate(bits[:8])) if bits[8] else 0)
            at = int(start + 9.5 * self._bit)
        del self._levels[:at]
        return bytes(heard)

    def _falling_edge(self, at: int) -> int | None:
        """The first bit from `at` on at which the line is low after having been high."""
        while at < len(self._levels) and not self._levels[at]:
            at += 1
        while at < len(self._levels) and self._levels[at]:
            at += 1
        return at if at < len(self._levels) else None

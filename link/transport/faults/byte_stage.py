"""Faults that strike bytes wherever they are: noise, loss, floods, and a receiver that listens at the wrong baud."""

from collections.abc import Callable

import numpy as np

from link.transport.faults.interruption import Interruption, Note, Passed
from link.transport.faults.plan import Fault
from link.transport.faults.schedule import MOST_SHOWN_BYTES
from link.transport.faults.strikes import Strike, Strikes
from link.transport.faults.wrong_baud import WrongBaudReceiver

WRONG_RATIOS = (0.5, 2.0, 0.125, 1.06, 0.94)
"""How far off a receiver may be: a setting beside the right one, a common default, or a bad clock."""


class ByteStage:
    """One direction of a link, through which bytes pass and are struck. How they are cut into pieces does not matter.

    Parameters
    ----------
    strikes
        by places in bytes.
    note
        is told of each fault when it is over.
    """

    def __init__(self, strikes: Strikes, note: Note) -> None:
        self._strikes, self._note = strikes, note
        self._passed_bytes = 0
        self._asked: list[Strike] = []
        self._run: _Run | None = None

    def ask(self, fault: Fault, draw: int) -> None:
        """Let `fault` strike the next byte."""
        self._asked.append(Strike(0, fault, draw))

    def feed(self, data: bytes) -> Passed:
        """What comes out when `data` goes in."""
        out: Passed = []
        begin, end = self._passed_bytes, self._passed_bytes + len(data)
        at = self._run_on(data, 0, out)
        asked = [Strike(begin + at, strike.fault, strike.draw) for strike in self._asked] if at < len(data) else []
        if asked:
            self._asked.clear()
        for strike in [*asked, *self._strikes.before(end)]:
            start = strike.place - begin
            if start < at:  # inside what another fault has just changed
                continue
            out.append(data[at:start])
            self._run = _Run(strike)
            at = self._run_on(data, start, out)
        out.append(data[at:])
        self._passed_bytes = end
        return [item for item in out if item != b""]

    def end(self) -> None:
        """The link is over: write down the fault that is still going on."""
        if self._run is not None:
            self._run.tell(self._note)
            self._run = None

    def _run_on(self, data: bytes, at: int, out: Passed) -> int:
        """Let the fault that is going on have its bytes of `data` from `at`; return where it ends."""
        run = self._run
        if run is None:
            return at
        had = data[at : at + run.left_bytes]
        out.extend(run.change(had))
        if run.left_bytes == 0:
            run.tell(self._note)
            self._run = None
        return at + len(had)


class _Run:
    """A fault from its first byte to its last, which may come in several pieces."""

    def __init__(self, strike: Strike) -> None:
        self.strike = strike
        self.left_bytes = _LENGTH.get(strike.fault.kind, lambda size: 1)(strike.fault.size_bytes)
        self._shown = bytearray(), bytearray()
        self._sizes = [0, 0]
        self._change = _CHANGE[strike.fault.kind](strike)

    def change(self, had: bytes) -> Passed:
        self.left_bytes -= len(had)
        passed = self._change(had)
        for which, data in enumerate((had, b"".join(item for item in passed if isinstance(item, bytes)))):
            self._sizes[which] += len(data)
            self._shown[which].extend(data[: MOST_SHOWN_BYTES - len(self._shown[which])])
        return passed

    def tell(self, note: Note) -> None:
        before, after = map(bytes, self._shown)
        note(self.strike, before, after, (self._sizes[0], self._sizes[1]))


_Change = Callable[[bytes], Passed]


def _flipped(strike: Strike) -> _Change:
    return lambda had: [bytes([had[0] ^ 1 << strike.draw % 8])]


def _dropped(strike: Strike) -> _Change:
    return lambda had: []


def _inserted(strike: Strike) -> _Change:
    return lambda had: [bytes([strike.draw >> 8 & 0xFF])]


def _duplicated(strike: Strike) -> _Change:
    return lambda had: [had + had]


def _noise(strike: Strike) -> _Change:
    # All of it at once: random bytes drawn piece by piece would depend on the pieces.
    noise = memoryview(np.random.default_rng(strike.draw).bytes(strike.fault.size_bytes))

    def change(had: bytes) -> Passed:
        nonlocal noise
        heard, noise = noise[: len(had)], noise[len(had) :]
        return [bytes(heard)]

    return change


def _flooded(strike: Strike) -> _Change:
    return lambda had: [without_zeros(strike.draw, strike.fault.size_bytes)]


def _misheard(strike: Strike) -> _Change:
    receiver = WrongBaudReceiver(WRONG_RATIOS[strike.draw % len(WRONG_RATIOS)])
    return lambda had: [receiver.hear(had)]


def _paused(strike: Strike) -> _Change:
    return lambda had: [Interruption("pause", strike.fault.duration_s)]


def _vanished(strike: Strike) -> _Change:
    return lambda had: [Interruption("vanish", strike.fault.duration_s)]


def without_zeros(draw: int, size: int) -> bytes:
    """Random bytes with no zero, which ends packets, among them."""
    return np.random.default_rng(draw).integers(1, 256, size, dtype=np.uint8).tobytes()


_CHANGE: dict[str, Callable[[Strike], _Change]] = {
    "bit-flip": _flipped,
    "byte-drop": _dropped,
    "byte-insert": _inserted,
    "byte-duplicate": _duplicated,
    "burst": _noise,
    "overrun": _dropped,
    "flood": _flooded,
    "wrong-baud": _misheard,
    "stall": _paused,
    "vanish": _vanished,
}
_LENGTH: dict[str, Callable[[int], int]] = {
    **dict.fromkeys(("byte-insert", "flood", "stall", "vanish"), lambda size: 0),
    **dict.fromkeys(("burst", "overrun", "wrong-baud"), lambda size: size),
}
"""How many bytes a kind takes away, of those that have not just one."""

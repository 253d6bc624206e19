"""The frames of one session as they come in: put together, asked for again where parts are missing, in the camera's sequence."""

from collections import Counter
from dataclasses import dataclass

from adc import RawFrame
from link.assembly import ASSEMBLY_CAUSES, MOST_OPEN_FRAMES, AssemblyCause, FrameAssembler
from link.host.patience import Patience
from link.host.statistics import LinkStatistics
from link.messages import HelloAck, Resend
from link.packet import Packet

SETTLE_S = 0.06
"""How long a part may be overtaken by later ones before it counts as missing."""
MOST_ASKS = 64
"""Requests for one frame in all."""
PACES = 8
"""A line is quiet when so many times the usual time between two packets has passed."""
MOST_PACE_S = 0.5
_U32 = 1 << 32
_CAUSES: dict[AssemblyCause, str] = {cause: cause for cause in ASSEMBLY_CAUSES} | {
    "session": "stale_session", "oversized": "too_large"
}  # fmt: skip


@dataclass
class _Coming:
    """A frame that is not whole: when it last grew, and how often it was asked for since then and in all."""

    grew_s: float
    is_open: bool = False
    asked_s: float = 0.0
    asks: int = 0
    asks_in_all: int = 0


class Reception:
    """Takes the packets of one session's frames.

    Frames come out by rising frame_id, as the camera made them: a frame that had to wait for a part is not behind later ones,
    whose counters would make it a replay.

    Parameters
    ----------
    ack
        of the session.
    patience, statistics
        when to ask again and when to give up; what happened.

    Attributes
    ----------
    lost
        how many frames of the session were given up.
    last_s
        when the last packet of a frame came, or None.
    """

    def __init__(self, ack: HelloAck, patience: Patience, statistics: LinkStatistics) -> None:
        self._assembler = FrameAssembler(session=ack.session, first_frame_id=ack.first_frame_id)
        self._patience, self._statistics = patience, statistics
        # Every frame from `_next` to before `_end` is coming, whole or lost; those before are over.
        self._next = self._end = ack.first_frame_id
        self._coming: dict[int, _Coming] = {}
        self._whole: dict[int, RawFrame] = {}
        self._lost: set[int] = set()
        self._ready: list[RawFrame] = []
        self._requests: dict[int, int] = {}  # frame_id by the seq of a RESEND
        self._pace_s = self._looked_s = 0.0
        self.lost = 0
        self.last_s: float | None = None

    @property
    def has_open_frames(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return bool(self._coming)

    def take(self, packet: Packet, now_s: float) -> None:
        """Use a packet of the types FRAME_START, DATA and FRAME_END."""
        self._keep_pace(now_s)
        if (packet.frame_id - self._next) % _U32 >= _U32 // 2:  # the assembler forgets in time which frames are over
            self._statistics.count("late")
            return
        raw = self._assembler.take(packet)
        refused = Counter(self._assembler.refused)
        self._assembler.refused.clear()
        for cause, times in refused.items():
            self._statistics.count(_CAUSES[cause], times)
        if raw is not None or not refused or set(refused) == {"displaced"}:
            self._grew(packet.frame_id, now_s)
        if raw is not None:
            self._coming.pop(packet.frame_id, None)
            self._whole[packet.frame_id] = raw
            self._statistics.count("frames_complete")
        elif refused:
            self._find_closed()
        self._advance()

    def ready(self) -> list[RawFrame]:
        """The frames that have become ready since the last call, in sequence."""
        ready, self._ready = self._ready, []
        return ready

    def requests(self, now_s: float) -> list[tuple[int, Resend]]:
        """What is to be asked for now, as frame_id and message; frames that waited for too long are given up."""
        found: list[tuple[int, Resend]] = []
        asleep_s, self._looked_s = now_s - self._looked_s, now_s
        if asleep_s > self._patience.resend_s:  # what this process slept through is not the camera's silence
            for coming in self._coming.values():
                coming.grew_s = now_s
            return found
        pace_s = PACES * self._pace_s
        for frame_id, coming in list(self._coming.items()):
            wanted = self._assembler.wanted(frame_id)
            # Behind the last packet of a frame comes another frame, or nothing.
            is_passed = wanted is None or not wanted.parts & Resend.END or (frame_id + 1) % _U32 != self._end
            patience_s = SETTLE_S if is_passed and not coming.asks else max(self._patience.resend_s, pace_s)
            if now_s - max(coming.grew_s, coming.asked_s) < patience_s:
                continue
            if coming.asks == self._patience.resend_tries or coming.asks_in_all == MOST_ASKS:
                self._give_up(frame_id, "timeout")
                continue
            if not coming.asks_in_all:
                self._statistics.count("gap")
            coming.asked_s, coming.asks, coming.asks_in_all = now_s, coming.asks + 1, coming.asks_in_all + 1
            self._statistics.count("resends_asked")
            found.append((frame_id, wanted or Resend(Resend.START | Resend.END, ())))
        self._advance()
        return found

    def asked(self, frame_id: int, seq: int) -> None:
        """A request went out in the packet `seq`."""
        self._requests[seq] = frame_id
        while len(self._requests) > MOST_ASKS:
            del self._requests[next(iter(self._requests))]

    def request_refused(self, seq: int) -> bool:
        """The camera refused a packet; whether that was a request for a frame, which it no longer has and is given up."""
        frame_id = self._requests.pop(seq, None)
        if frame_id in self._coming:
            self._give_up(frame_id, "gone")
            self._advance()
        return frame_id is not None

    def end(self, *, is_wanted: bool) -> None:
        """The session is over: frames that are not whole are lost, if anybody wanted them, and later ones come out."""
        if not is_wanted:
            self._statistics.count("frames_unused", len(self._coming) + len(self._whole))
            self._coming.clear()
            self._whole.clear()
            return
        for frame_id in list(self._coming):
            self._give_up(frame_id, "cut_off")
        self._advance()

    def _keep_pace(self, now_s: float) -> None:
        if self.last_s is not None:
            self._pace_s += (min(now_s - self.last_s, MOST_PACE_S) - self._pace_s) / 16
        self.last_s = now_s

    def _grew(self, frame_id: int, now_s: float) -> None:
        """A packet of this frame brought something: those before it, of which nothing may have come, are under way too."""
        ahead = (frame_id - self._end) % _U32
        if ahead < _U32 // 2:
            if ahead > MOST_OPEN_FRAMES:
                self._skip_to((frame_id - MOST_OPEN_FRAMES) % _U32)
            while self._end != (frame_id + 1) % _U32:
                self._coming[self._end] = _Coming(now_s)
                self._end = (self._end + 1) % _U32
        if frame_id in self._coming:
            coming = self._coming[frame_id]
            coming.grew_s, coming.asks, coming.is_open = now_s, 0, True

    def _skip_to(self, frame_id: int) -> None:
        """The host was deaf for more frames than it can ask for."""
        for each in list(self._coming):
            self._give_up(each, "displaced")
        self._advance()
        skipped = (frame_id - self._end) % _U32
        self.lost += skipped
        self._statistics.count("frames_lost", skipped)
        self._statistics.count("timeout", skipped)
        self._next = self._end = frame_id

    def _find_closed(self) -> None:
        """Find frames that the assembler closed by itself; it said why."""
        open_ids = self._assembler.open_frame_ids
        for frame_id, coming in list(self._coming.items()):
            if coming.is_open and frame_id not in open_ids:
                self._give_up(frame_id, None)

    def _give_up(self, frame_id: int, cause: str | None) -> None:
        self._assembler.discard(frame_id)
        del self._coming[frame_id]
        self._lost.add(frame_id)
        self.lost += 1
        self._statistics.count("frames_lost")
        if cause is not None:
            self._statistics.count(cause)

    def _advance(self) -> None:
        while self._next in self._whole or self._next in self._lost:
            raw = self._whole.pop(self._next, None)
            self._lost.discard(self._next)
            if raw is not None:
                self._ready.append(raw)
            self._next = (self._next + 1) % _U32

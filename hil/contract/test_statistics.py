"""Every counter of the board rises by exactly what happened, and by nothing else; so do the host's."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from hil.board import Board
from hil.contract.damage import DAMAGE
from hil.dut import Dut
from hil.wire import Wire
from link.messages import Ack, Nack, Read, Resend, Write
from link.packet import Packet, PacketFlags, PacketType
from link.registers import BY_NAME, COUNTERS
from link.session import SessionError

pytestmark = pytest.mark.hil_feature("client", "quiet-line")
EXPOSURE = BY_NAME["exposure_s"]


def stream(link: Wire) -> int:
    link.stream(2, height=32, width=32, test_pattern="ramp", frame_rate_hz=200.0)
    return 2


def resend(link: Wire) -> int:
    stream(link)
    frame_id = link.of_type(PacketType.FRAME_START)[0].frame_id
    link.tell(Resend(Resend.START | Resend.END, ()), frame_id=frame_id)
    assert link.wait(lambda: sum(bool(each.flags & PacketFlags.RESEND) for each in link.heard) >= 2, 5.0)
    return 2


def refused_resend(link: Wire) -> int:
    link.tell(Resend(Resend.END, ()), frame_id=99)
    link.wait(lambda: bool(link.of_type(PacketType.NACK)), 5.0)
    return 1


def damage(cause: str) -> Callable[[Wire], int]:
    def cause_it(link: Wire) -> int:
        link.send_bytes(DAMAGE[cause] * 3)
        return 3

    return cause_it


def writes(link: Wire) -> int:
    for _ in range(3):
        assert link.write("exposure_s", 0.004) == Ack()
    return 3


def repeated(link: Wire) -> int:
    packet = link.packet(Write(EXPOSURE.address, EXPOSURE.encode(0.004)))
    for _ in range(4):
        link.answer(packet)
    return 3


def malformed(link: Wire) -> int:
    link.command(Read(0xA300, 4), sealed=False)
    seq = link.packet(Ack(), sealed=False).seq
    link.answer(Packet(PacketType.READ, b"\1", PacketFlags.ACK_REQ, seq=seq))
    return 1


def in_clear(link: Wire) -> int:
    link.command(Write(EXPOSURE.address, EXPOSURE.encode(0.004)), sealed=False)
    return 1


def forged(link: Wire) -> int:
    for seq in (2_000_000, 2_000_001):
        link.answer(Packet(PacketType.WRITE, bytes(40), PacketFlags.ACK_REQ | PacketFlags.ENC, seq=seq))
    return 2


def stale(link: Wire) -> int:
    late = link.packet(Read(0xA300, 4))
    link.read("state", sealed=True)
    with suppress(SessionError):
        link.answer(late)
    return 1


def bad_values(link: Wire) -> int:
    for address, data in ((EXPOSURE.address, bytes(8)), (0xA001, bytes(4)), (0xA300, bytes(4))):
        assert isinstance(link.command(Write(address, data)), Nack)
    return 3


CAUSES: dict[str, Callable[[Wire], int]] = {
    "frames_exposed": stream,
    "frames_sent": stream,
    "packets_resent": resend,
    "resends_refused": refused_resend,
    **{f"received_{cause}": damage(cause) for cause in DAMAGE},
    "commands_repeated": repeated,
    "refused_malformed": malformed,
    "refused_session": in_clear,
    "refused_auth": forged,
    "refused_stale": stale,
    "refused_value": bad_values,
}
ELSEWHERE = {
    "frames_dropped_credit": "test_streaming.py",
    "frames_dropped_link": "test_link_faults.py",
    "packets_sent": "below",
    "packets_received": "below",
    "commands_done": "below",
    "heartbeats_lost": "test_states.py",
    "key_writes_failed": "test_device_faults.py",
    "key_fallbacks": "test_device_faults.py",
}
"""Where the counters are seen to rise that need more than one line."""
QUIET = ("packets_sent", "packets_received", "commands_done", "frames_dropped_credit")
"""What also rises by reading the counters, or while a stream waits for its credit."""


def test_every_counter_has_its_test() -> None:
    assert {*CAUSES, *ELSEWHERE} == set(COUNTERS)


def counters(link: Wire) -> dict[str, int]:
    first, last = BY_NAME[COUNTERS[0]], BY_NAME[COUNTERS[-1]]
    reply = link.command(Read(first.address, last.end - first.address), sealed=False)
    data = getattr(reply, "data", b"")
    return {name: int.from_bytes(data[8 * n : 8 * n + 8], "big") for n, name in enumerate(COUNTERS)}


TOGETHER = {
    "frames_exposed": ("frames_sent",),
    "frames_sent": ("frames_exposed",),
    "packets_resent": ("frames_sent", "frames_exposed"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_counter_rises_by_what_happened_and_no_other_does(link: Wire, name: str) -> None:
    before = counters(link)
    times = CAUSES[name](link)
    after = counters(link)
    assert after[name] - before[name] == times
    risen = {other for other in COUNTERS if after[other] > before[other]}
    assert risen <= {name, *TOGETHER.get(name, ()), *QUIET}


def test_packets_are_counted_both_ways(link: Wire) -> None:
    link.drain(0.05)
    before, heard = counters(link), len(link.heard)
    for _ in range(5):
        link.command(Read(0xA300, 4), sealed=False)
    link.drain(0.05)
    after = counters(link)
    assert after["packets_received"] - before["packets_received"] == 6
    # The answers, and whatever the board had to say besides.
    assert after["packets_sent"] - before["packets_sent"] == 6 + len(link.heard) - heard
    assert after["commands_done"] - before["commands_done"] == 6


def test_frames_are_counted_alike_at_both_ends(dut: Dut) -> None:
    dut.set(height=64, width=64, test_pattern="ramp", frame_rate_hz=200.0)
    before = dut.link.counters()
    dut.take(8)
    deadline_s = time.monotonic() + dut.board.scaled_s(5.0)
    while dut.read("state") == "streaming" and time.monotonic() < deadline_s:
        time.sleep(0.01)
    after = dut.link.counters()
    outcomes = dut.statistics.outcomes
    sent = int(after["frames_sent"]) - int(before["frames_sent"])
    exposed = int(after["frames_exposed"]) - int(before["frames_exposed"])
    dropped = int(after["frames_dropped_link"]) - int(before["frames_dropped_link"])
    assert outcomes["frames_verified"] == 8
    assert outcomes["frames_complete"] + outcomes["frames_unused"] >= 8
    assert sent >= outcomes["frames_complete"]
    assert sent <= exposed <= sent + dropped + 1  # the last one may be dropped when the stream is stopped in the middle of it
    assert outcomes["frames_lost"] == 0
    assert not set(dut.statistics.faults) - {"command_repeated", "stray"}, "nothing went wrong on a quiet line"


def test_a_reset_begins_the_counters_anew(board: Board, link: Wire) -> None:
    writes(link)
    assert link.write("device_reset", 1) == Ack()
    before = link.ack
    again = link.hello()
    while getattr(again, "boot_id", None) in (None, before and before.boot_id):
        again = link.hello()
    after = counters(link)
    assert after["commands_done"] < 3
    assert after["frames_sent"] == 0

"""Frames as they come in, the camera's numbering, credit and counts: each by itself."""

from dataclasses import replace

import numpy as np
import pytest

from adc import SECURE, FrameHeader, Geometry, RawFrame
from link.host import LinkStatistics, Patience
from link.host.credit import CreditGrant
from link.host.reception import MOST_ASKS, SETTLE_S, Reception
from link.host.sequence_watch import SequenceWatch
from link.messages import HelloAck, Resend, Role, Slot
from link.outgoing import OutgoingFrame
from link.packet import Packet, PacketType

SESSION, FIRST = 3, 2**32 - 2
"""The numbers of frames wrap within a test."""
SMALL = Geometry(8, 100, 8, "mono")
ACK = HelloAck(1, Role.CLIENT, Slot.A, 1024, 1, 1, SESSION, FIRST, bytes(16), bytes(32), "door", 1, bytes(8), bytes(16))


def frame(number: int, geometry: Geometry = SMALL) -> OutgoingFrame:
    header = FrameHeader(
        device="door", client="host", epoch=1, counter=number, policy=SECURE, geometry=geometry, black_level_dn=0.0,
        exposure_s=0.01, analog_gain=1.0, temperature_k=300.0,
    )  # fmt: skip
    raw = RawFrame(header, np.full((geometry.pixels, 1), number, np.uint16), bytes(16))
    return OutgoingFrame.of(raw, session=SESSION, frame_id=(FIRST + number) % 2**32, timestamp_ns=0)


def packets(number: int) -> list[Packet]:
    """START, four DATA, END."""
    return list(frame(number).packets(first_seq=0, payload_bytes=256))


@pytest.fixture
def statistics() -> LinkStatistics:
    return LinkStatistics()


@pytest.fixture
def reception(statistics: LinkStatistics) -> Reception:
    return Reception(ACK, Patience(), statistics)


def take(reception: Reception, *taken: Packet, now_s: float = 1.0) -> list[int]:
    for packet in taken:
        reception.take(packet, now_s)
    return [raw.header.counter for raw in reception.ready()]


def asked(reception: Reception, since_s: float, until_s: float) -> list[tuple[int, Resend]]:
    """What is asked for between two times, by number; the host looks every 10 ms."""
    looks = (reception.requests(time_s) for time_s in np.arange(since_s, until_s, 0.01))
    return [((frame_id - FIRST) % 2**32, wanted) for look in looks for frame_id, wanted in look]


def test_frames_come_out_in_the_camera_s_sequence(reception: Reception, statistics: LinkStatistics) -> None:
    first, second, third = packets(0), packets(1), packets(2)
    assert take(reception, *first[:3], *first[4:]) == []  # a part is missing
    assert take(reception, *second, *third) == []
    assert take(reception, first[3]) == [0, 1, 2]
    assert statistics["frames_complete"] == 3
    assert statistics.faults == {}


def test_a_gap_is_asked_for_when_it_had_time_to_fill_and_then_given_up(reception: Reception, statistics: LinkStatistics) -> None:
    first, second = packets(0), packets(1)
    take(reception, *first[:3], *first[4:], *second, now_s=1.0)
    assert asked(reception, 1.0, 1.0 + SETTLE_S - 0.01) == []
    assert asked(reception, 1.0 + SETTLE_S - 0.01, 1.2) == [(0, Resend(0, ((512, 256),)))]
    # The first request is followed by one each 0.25 s, and by the end another 0.25 s after the fifth, at 2.31 s.
    assert asked(reception, 1.2, 2.25) == 4 * [(0, Resend(0, ((512, 256),)))]
    assert take(reception) == []
    assert asked(reception, 2.25, 2.5) == []
    assert take(reception) == [1]
    assert (statistics["frames_lost"], statistics["timeout"], statistics["gap"]) == (1, 1, 1)
    assert reception.lost == 1


def test_a_frame_of_which_nothing_came_is_asked_for_by_its_ends(reception: Reception) -> None:
    take(reception, *packets(0), now_s=1.0)
    assert take(reception, *packets(2), now_s=1.0) == []
    assert asked(reception, 1.0, 1.2) == [(1, Resend(3, ()))]
    take(reception, packets(1)[0], packets(1)[-1], now_s=1.2)
    assert asked(reception, 1.2, 1.4) == [(1, Resend(0, ((0, 800),)))]
    assert take(reception, *packets(1)[1:-1], now_s=1.5) == [1, 2]


def test_a_frame_that_grows_is_asked_for_again_but_not_for_ever(reception: Reception, statistics: LinkStatistics) -> None:
    geometry = Geometry(100, 100, 8, "mono")
    start, *data, end = frame(0, geometry).packets(first_seq=0, payload_bytes=256)
    take(reception, start, end)
    for step in range(2 * MOST_ASKS):
        time_s = 1.0 + 0.2 * step
        reception.take(replace(data[0], offset=step * 20, payload=bytes(1)), time_s)
        asked(reception, time_s, time_s + 0.2)
    assert statistics["resends_asked"] == MOST_ASKS
    assert not reception.has_open_frames
    assert statistics["frames_lost"] == 1


def test_what_the_process_slept_through_is_no_silence(reception: Reception) -> None:
    take(reception, *packets(0)[:3], now_s=1.0)
    reception.requests(1.0)
    assert reception.requests(60.0) == []
    assert len(asked(reception, 60.0, 60.4)) == 1


def test_a_frame_that_the_camera_no_longer_has_is_given_up_at_once(reception: Reception, statistics: LinkStatistics) -> None:
    take(reception, *packets(0)[:3], *packets(1), now_s=1.0)
    (request,) = asked(reception, 1.0, 1.2)
    reception.asked((request[0] + FIRST) % 2**32, seq=77)
    assert not reception.request_refused(76)
    assert reception.request_refused(77)
    assert take(reception) == [1]
    assert statistics["gone"] == 1


def test_a_host_that_was_deaf_for_long_goes_on_with_the_frames_of_now(reception: Reception, statistics: LinkStatistics) -> None:
    assert take(reception, *packets(0), *packets(1)[:2]) == [0]
    assert take(reception, *packets(30)) == []
    for time_s in np.arange(1.2, 3.5, 0.1):
        reception.requests(time_s)
    assert take(reception) == [30]
    assert statistics["frames_lost"] == 29
    assert reception.lost == 29


def test_a_replayed_frame_is_late_however_long_ago_it_was(reception: Reception, statistics: LinkStatistics) -> None:
    for number in range(80):  # the assembler remembers 64
        assert take(reception, *packets(number)) == [number]
    assert take(reception, *packets(2)) == []
    assert statistics["late"] == len(packets(2))
    assert statistics["frames_complete"] == 80


def test_frames_under_way_at_the_end_of_a_session_are_lost_and_at_that_of_a_stream_unused(statistics: LinkStatistics) -> None:
    for is_wanted, cause in ((True, "cut_off"), (False, "frames_unused")):
        reception = Reception(ACK, Patience(), statistics)
        take(reception, *packets(0)[:3], now_s=1.0)
        reception.end(is_wanted=is_wanted)
        assert statistics[cause] == 1
    assert statistics["frames_lost"] == 1


def test_the_camera_s_numbering_shows_what_never_came(statistics: LinkStatistics) -> None:
    watch = SequenceWatch(statistics)
    for seq in (2**32 - 3, 2**32 - 2, 1, 0, 2, 2, 7):  # 2**32 - 1 is missing, 0 was overtaken, 2 came twice, 3 to 6 are missing
        watch.see(seq)
    assert (statistics["packets_missing"], statistics["packets_overtaken"]) == (5, 1)
    watch.see(2**31)  # another numbering
    watch.see(2**31 + 2)
    assert statistics["packets_missing"] == 6


def test_credit_is_a_total_that_rises_with_what_is_over_and_ends_with_what_is_wanted() -> None:
    grant = CreditGrant(SESSION, frame_bytes=100, window_frames=4, most_frames=6)
    assert grant.message.limit_bytes == 400
    assert grant.of(0, 0) is None
    limits = [grant.of(taken, lost).limit_bytes for taken, lost in ((1, 0), (2, 0), (3, 0), (3, 2))]  # type: ignore[union-attr]
    assert limits == [500, 600, 600, 800]
    assert grant.renew().limit_bytes == 1200


def test_only_known_causes_are_counted(statistics: LinkStatistics) -> None:
    with pytest.raises(ValueError, match="cause = 'odd': allowed is bytes, "):
        statistics.count("odd")
    assert statistics.as_json()["faults"] == {}
    statistics.count("crc", 2)
    assert statistics.faults == {"crc": 2}
    assert {packet.type for packet in packets(0)} == {PacketType.FRAME_START, PacketType.DATA, PacketType.FRAME_END}

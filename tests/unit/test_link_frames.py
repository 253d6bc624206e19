"""Frames cut into packets and put together again: bit for bit, whatever is lost, repeated or comes in another sequence."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adc import CFA_NAMES, SECURE, FrameHeader, Geometry, RawFrame
from link.assembly import MOST_OPEN_FRAMES, FrameAssembler
from link.messages import Resend
from link.outgoing import OutgoingFrame
from link.packet import MOST_PAYLOAD_BYTES, Packet, PacketFlags, PacketType
from link.ranges import ByteRanges
from link.samples import SampleFormat, narrowest, packed, packed_bytes, unpacked

SESSION, FIRST_ID = 3, 2**32 - 2
RNG = np.random.default_rng(11)


def frame(number: int = 0, geometry: Geometry | None = None, epoch: int = 300) -> RawFrame:
    geometry = geometry or Geometry(30, 41, 12, "mono")
    samples = np.random.default_rng(number).integers(0, 2**geometry.bits, (geometry.pixels, geometry.channels), np.uint16)
    header = FrameHeader("cam0", number, epoch, geometry, SECURE, 64.0, 0.01, 1.0, 300.0)
    return RawFrame(header, samples, bytes([number]) * 16)


def outgoing(number: int = 0, **options: Any) -> OutgoingFrame:
    return OutgoingFrame.of(frame(number), session=SESSION, frame_id=(FIRST_ID + number) % 2**32, timestamp_ns=5, **options)


def packets(number: int = 0) -> list[Packet]:
    return list(outgoing(number).packets(first_seq=0, payload_bytes=256))


def assembler(**options: Any) -> FrameAssembler:
    return FrameAssembler(session=SESSION, first_frame_id=FIRST_ID, **options)


def same(one: RawFrame | None, other: RawFrame) -> bool:
    return one is not None and (one.header, one.tag) == (other.header, other.tag) and np.array_equal(one.samples, other.samples)


# Samples as bytes


def packed_twin(samples: np.ndarray) -> bytes:
    """P12 by NumPy: both samples of a pair as one 24-bit number, little-endian."""
    even = np.append(samples, np.zeros(samples.size % 2, np.uint16)).astype(np.uint32).reshape(-1, 2)
    words = (even[:, 0] | even[:, 1] << 12).astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3]
    return words.tobytes()[: packed_bytes(samples.size, SampleFormat.P12)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100, 101])
def test_twelve_bits_are_packed_as_the_numpy_twin_packs_them(count: int) -> None:
    samples = RNG.integers(0, 4096, count, np.uint16)
    written = packed(samples, SampleFormat.P12)
    assert written.tobytes() == packed_twin(samples)
    assert np.array_equal(unpacked(written, count, SampleFormat.P12), samples)


@pytest.mark.parametrize("form", SampleFormat)
@pytest.mark.parametrize("count", [1, 6, 9])
def test_samples_come_back_from_every_format(form: SampleFormat, count: int) -> None:
    samples = RNG.integers(0, 2**form.most_bits, count, np.uint16)
    samples[0] = 2**form.most_bits - 1
    written = packed(samples, form)
    assert written.size == packed_bytes(count, form)
    assert np.array_equal(unpacked(written, count, form), samples)
    with pytest.raises(ValueError, match=f"{written.size + 1} bytes: allowed is {written.size}"):
        unpacked(np.append(written, np.uint8(0)), count, form)


@pytest.mark.parametrize("form", [SampleFormat.U8, SampleFormat.P12])
def test_a_sample_without_room_is_refused(form: SampleFormat) -> None:
    with pytest.raises(ValueError, match=f"samples = up to {2**form.most_bits}: allowed is"):
        packed(np.array([2**form.most_bits], np.uint16), form)


def test_the_bits_behind_an_odd_last_sample_do_not_matter() -> None:
    assert unpacked(np.array([1, 0xF2], np.uint8), 1, SampleFormat.P12).tolist() == [0x201]


def test_the_narrowest_format_has_room_and_no_other_is_narrower() -> None:
    for bits in range(6, 17):
        fitting = [form for form in SampleFormat if form.most_bits >= bits]
        assert packed_bytes(1000, narrowest(bits)) == min(packed_bytes(1000, form) for form in fitting)
        assert narrowest(bits) in fitting


# Ranges


@settings(max_examples=200, deadline=None)
@given(spans=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=25))
def test_ranges_equal_a_set_of_numbers(spans: list[tuple[int, int]]) -> None:
    ranges, twin = ByteRanges(), set()
    for start, length in spans:
        fresh = set(range(start, start + length)) - twin
        assert ranges.add(start, start + length) == len(fresh)
        twin |= fresh
        runs = [each for each in twin if each - 1 not in twin]
        assert (ranges.held_bytes, ranges.count, ranges.end) == (len(twin), len(runs), max(twin) + 1)
    missing = [at for start, length in ranges.missing(80) for at in range(start, start + length)]
    assert missing == [at for at in range(80) if at not in twin]
    assert all(length > 0 for _, length in ranges.missing(ranges.end))


# Cut


@pytest.mark.parametrize("payload_bytes", [256, 1024, MOST_PAYLOAD_BYTES])
def test_a_frame_is_cut_as_the_page_says(payload_bytes: int) -> None:
    sent = list(outgoing().packets(first_seq=2**32 - 3, payload_bytes=payload_bytes))
    assert len(sent) == outgoing().packet_count(payload_bytes)
    assert [each.seq for each in sent] == [(2**32 - 3 + k) % 2**32 for k in range(len(sent))]
    assert [each.type for each in sent] == [PacketType.FRAME_START, *[PacketType.DATA] * (len(sent) - 2), PacketType.FRAME_END]
    assert {(each.frame_id, each.key_epoch) for each in sent} == {(FIRST_ID, 300 % 256)}
    assert [each.offset for each in sent[1:-1]] == list(range(0, 1845, payload_bytes))
    assert [bool(each.flags & PacketFlags.LAST) for each in sent[1:-1]] == [False] * (len(sent) - 3) + [True]
    assert not any(each.flags & PacketFlags.RESEND for each in sent)


def test_of_parts_sent_again_the_one_that_ends_the_samples_is_the_last() -> None:
    again = list(outgoing().resent(Resend(0, ((0, 256), (1800, 45))), first_seq=0, payload_bytes=256))
    assert [each.flags for each in again] == [PacketFlags.RESEND, PacketFlags.RESEND | PacketFlags.LAST]


@pytest.mark.parametrize("piece_bytes", [1, 256, 700, 1024, 10**6])
def test_pieces_one_after_the_other_are_the_same_packets(piece_bytes: int) -> None:
    made = outgoing()
    total = made.start.total_bytes
    whole = Resend(Resend.START | Resend.END, ((0, total),))
    part = Resend(Resend.END, ((3, 600), (total - 5, 5)))
    for wanted, is_resent in ((whole, False), (part, True), (Resend(Resend.END, ()), True), (Resend(0, ((7, 1),)), True)):
        cut: list[bytes] = []
        for piece in made.pieces(wanted, piece_bytes, payload_bytes=256):
            seq = (2**32 - 3 + len(cut)) % 2**32
            cut += made.encoded(piece, first_seq=seq, payload_bytes=256, is_resent=is_resent)
        as_one = made.resent if is_resent else lambda _, **options: made.packets(**options)
        assert cut == [packet.encoded() for packet in as_one(wanted, first_seq=2**32 - 3, payload_bytes=256)]
        assert len(list(made.pieces(wanted, piece_bytes, payload_bytes=256))) <= len(cut)
    assert len(list(made.pieces(whole, 512, payload_bytes=256))) == -(-total // 512)


@pytest.mark.parametrize("payload_bytes", [255, MOST_PAYLOAD_BYTES + 1])
def test_an_impossible_payload_size_is_refused_at_once(payload_bytes: int) -> None:
    with pytest.raises(ValueError, match=f"payload_bytes = {payload_bytes}: allowed is 256 to 8192"):
        outgoing().packets(first_seq=0, payload_bytes=payload_bytes)


def test_a_resend_beyond_the_frame_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="range = 1844 to 1846: allowed is 0 to 1845"):
        outgoing().resent(Resend(0, ((1844, 2),)), first_seq=0)


def test_a_format_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed is up to 8 for U8"):
        outgoing(sample_format=SampleFormat.U8)


# Put together


@pytest.mark.parametrize("cfa", CFA_NAMES)
@pytest.mark.parametrize("bits", [7, 8, 10, 12, 13, 16])
def test_every_geometry_comes_back_bit_for_bit(cfa: Any, bits: int) -> None:
    raw = frame(1, Geometry(6, 10, bits, cfa))
    forms = [form for form in SampleFormat if form.most_bits >= bits]
    for form in forms:
        sent = OutgoingFrame.of(raw, session=SESSION, frame_id=FIRST_ID, timestamp_ns=0, sample_format=form)
        putting = assembler()
        *before, last = [putting.take(each) for each in sent.packets(first_seq=0)]
        assert before == [None] * len(before)
        assert same(last, raw)
        assert putting.open_frame_ids == ()
        assert not putting.refused


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_sequence_with_repetitions_gives_the_frame_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sent = packets()
    mixed = [sent[k] for k in rng.permutation(np.repeat(np.arange(len(sent)), rng.integers(1, 4, len(sent))))]
    putting = assembler()
    found = [raw for each in mixed if (raw := putting.take(each)) is not None]
    assert len(found) == 1
    assert same(found[0], frame())
    assert putting.refused["duplicate"] + putting.refused["late"] == len(mixed) - len(sent)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_lost_is_asked_for_and_then_the_frame_is_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kept = [each for each in packets() if rng.random() < 0.6] or packets()[:1]
    putting = assembler()
    found = [raw for each in kept if (raw := putting.take(each)) is not None]
    rounds = 0
    while not found:
        wanted = putting.wanted(FIRST_ID)
        assert wanted is not None
        again = list(outgoing().resent(wanted, first_seq=9, payload_bytes=256))
        assert all(each.flags & PacketFlags.RESEND for each in again)
        found = [raw for each in again if (raw := putting.take(each)) is not None]
        rounds += 1
        assert rounds <= 2  # two only where FRAME_START was lost, for then the length is not known before
    assert same(found[0], frame())
    assert not putting.refused
    assert putting.wanted(FIRST_ID) is None


def test_what_is_missing_is_said_to_the_byte() -> None:
    start, *data, _ = packets()
    putting = assembler()
    for each in (start, data[0], data[2], data[3]):
        putting.take(each)
    assert putting.wanted(FIRST_ID) == Resend(Resend.END, ((256, 256), (1024, 1845 - 1024)))
    assert putting.wanted(FIRST_ID, most_ranges=1) == Resend(Resend.END, ((256, 256),))
    assert putting.wanted(FIRST_ID + 1) is None


def test_ranges_asked_for_by_default_fit_into_the_least_payload() -> None:
    putting = assembler()
    start, *data, _ = outgoing().packets(first_seq=0, payload_bytes=256)
    putting.take(start)
    for at in range(0, 1800, 2):
        putting.take(replace(data[0], offset=at, payload=b"\1"))
    wanted = putting.wanted(FIRST_ID)
    assert wanted is not None
    assert len(wanted.ranges) == 30
    assert len(wanted.pack()) <= 256


def test_frames_whose_packets_are_interleaved_and_whose_numbers_wrap() -> None:
    putting = assembler()
    mixed = [each for row in zip(*(packets(number) for number in range(4)), strict=True) for each in row]
    found = [raw for each in mixed if (raw := putting.take(each)) is not None]
    assert [raw.header.counter for raw in found] == [0, 1, 2, 3]
    assert all(same(raw, frame(number)) for number, raw in enumerate(found))


def test_a_fifth_open_frame_displaces_the_one_that_waits_longest() -> None:
    putting = assembler()
    for number in range(MOST_OPEN_FRAMES):
        putting.take(packets(number)[0])
    putting.take(packets(0)[1])  # so that the second one waits longest
    putting.take(packets(4)[0])
    assert putting.refused == {"displaced": 1}
    assert FIRST_ID + 1 not in putting.open_frame_ids
    assert len(putting.open_frame_ids) == MOST_OPEN_FRAMES
    assert putting.take(packets(1)[1]) is None
    assert putting.refused == {"displaced": 1, "late": 1}


def test_a_start_with_a_wrong_frame_id_does_not_lock_out_the_frames_that_follow() -> None:
    putting = assembler()
    putting.take(replace(packets(0)[0], frame_id=FIRST_ID ^ 1 << 31))
    for number in range(10):
        start, *others = packets(number)  # the start comes last, so the frame opens only because it is near a known one
        assert same([putting.take(each) for each in (*others, start)][-1], frame(number))


def test_a_start_whose_key_epoch_is_not_its_headers_closes_the_frame() -> None:
    putting = assembler()
    putting.take(replace(packets()[0], key_epoch=1))
    assert putting.refused == {"malformed": 1}
    assert putting.open_frame_ids == ()


def test_a_frame_in_too_many_pieces_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("link.assembly.MOST_RANGES", 3)
    start, data, *_ = packets()
    putting = assembler()
    putting.take(start)
    for at in (0, 10, 20, 30):
        putting.take(replace(data, offset=at, payload=b"\1"))
    assert putting.refused == {"scattered": 1}


def test_a_frame_of_another_session_is_refused() -> None:
    putting = assembler()
    stale = OutgoingFrame.of(frame(), session=SESSION + 1, frame_id=FIRST_ID, timestamp_ns=0)
    assert [putting.take(each) for each in list(stale.packets(first_seq=0))[:1]] == [None]
    assert putting.refused == {"session": 1}
    assert putting.open_frame_ids == ()


def test_data_far_from_every_known_frame_opens_none() -> None:
    putting = assembler()
    for far in (5, 100, 2**31, 2**32 - 5):
        putting.take(replace(packets()[1], frame_id=(FIRST_ID + far) % 2**32))
    assert putting.refused == {"early": 4}
    assert putting.open_frame_ids == ()


def test_packets_that_contradict_their_frame_are_counted_and_change_nothing() -> None:
    start, *data, end = packets()
    putting = assembler()
    for each in (start, *data):
        putting.take(each)
    other_start = replace(packets(1)[0], frame_id=FIRST_ID)
    for wrong in (
        other_start,
        replace(data[-1], offset=1845 - 1),
        replace(data[0], key_epoch=1),
        replace(data[0], payload=b""),
        replace(end, payload=bytes(15)),
        replace(start, payload=start.payload[:-1]),
    ):
        putting.take(wrong)
    assert putting.refused == {"malformed": 6}
    assert same(putting.take(end), frame())


def test_a_second_other_end_is_malformed() -> None:
    putting = assembler()
    *before, data, end = packets()
    for each in (*before, end, replace(end, payload=bytes(range(16)))):
        putting.take(each)
    assert putting.refused == {"malformed": 1}
    assert same(putting.take(data), frame())


def test_samples_above_their_depth_give_no_frame() -> None:
    raw = frame(0, Geometry(4, 6, 10, "mono"))
    sent = list(OutgoingFrame.of(raw, session=SESSION, frame_id=FIRST_ID, timestamp_ns=0).packets(first_seq=0))
    sent[1] = replace(sent[1], payload=b"\xff" * len(sent[1].payload))
    putting = assembler()
    assert [putting.take(each) for each in sent] == [None] * 3
    assert putting.refused == {"malformed": 1}
    assert putting.open_frame_ids == ()


def test_memory_is_bounded() -> None:
    putting = assembler(most_frame_bytes=1000)
    for each in packets():
        putting.take(each)
    assert putting.refused["oversized"] == 1  # FRAME_START; what follows is of a closed frame
    assert putting.open_frame_ids == ()
    other = assembler(most_frame_bytes=1000)
    other.take(replace(packets()[1], offset=2**32 - 256))
    assert other.refused == {"oversized": 1}
    with pytest.raises(ValueError, match="most_frame_bytes = 0: allowed is 1"):
        assembler(most_frame_bytes=0)


def test_data_before_a_start_that_makes_the_frame_shorter_is_malformed() -> None:
    putting = assembler()
    putting.take(replace(packets()[1], offset=1845))
    putting.take(packets()[0])
    assert putting.refused == {"malformed": 1}
    assert putting.open_frame_ids == ()


def test_a_discarded_frame_stays_closed() -> None:
    putting = assembler()
    putting.take(packets()[0])
    assert putting.discard(FIRST_ID)
    assert not putting.discard(FIRST_ID)
    putting.take(packets()[1])
    assert putting.refused == {"late": 1}


def test_a_packet_of_another_type_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="type = 0x44: allowed is FRAME_START, DATA or FRAME_END"):
        assembler().take(Packet(PacketType.CREDIT))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_packets_do_no_harm_and_the_next_frame_arrives(data: st.DataObject) -> None:
    putting = assembler(most_frame_bytes=4000)
    pool = [*packets(0), *packets(1), *packets(2)]
    for _ in range(data.draw(st.integers(0, 40))):
        each = data.draw(st.sampled_from(pool))
        change = data.draw(
            st.sampled_from([{}, {"frame_id": FIRST_ID ^ 64}, {"offset": 900}, {"key_epoch": 3}, {"payload": bytes(40)}])
        )
        raw = putting.take(replace(each, **change))
        assert raw is None or raw.header.counter in (0, 1, 2)
        assert len(putting.open_frame_ids) <= MOST_OPEN_FRAMES
    assert same([putting.take(each) for each in packets(3)][-1], frame(3))

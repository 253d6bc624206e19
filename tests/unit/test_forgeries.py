"""Whatever is done to frames on their way, none of it is accepted; every refusal is counted by its cause."""

from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import pytest

from adc import Converter, FrameError, FrameHeader, Geometry, KeySchedule, RawFrame, epoch_secret, readout
from inference.receiver import FrameRefused, Receiver

MASTER = bytes(range(32))
SMALL = Geometry(4, 6, 12, "rggb")
VGA = Geometry(480, 640, 12, "rggb")
NAMES = {"device": "door", "client": "lab", "epoch": 3}
SCHEDULE = KeySchedule(MASTER, **NAMES)
HEADER_FIELDS = (
    ("magic", 4), ("version", 1), ("device length", 1), ("client length", 1), ("device", 4), ("client", 3), ("counter", 8),
    ("epoch", 8), ("height", 2), ("width", 2), ("bits", 1), ("cfa", 1), ("order", 1), ("refresh", 1), ("mask", 1),
    ("black level", 8), ("exposure", 8), ("gain", 8), ("temperature", 8),
)  # fmt: skip
MALFORMED = "malformed"


class Volts:
    """An even exposure at half scale."""

    exposure_s, temperature_k = 0.01, 300.0

    def __init__(self, geometry: Geometry) -> None:
        self.signal_v = np.full(geometry.shape, 0.5, np.float32)


def frame(counter: int, geometry: Geometry = SMALL, schedule: KeySchedule = SCHEDULE) -> RawFrame:
    return readout(Volts(geometry), Converter(bits=geometry.bits), schedule.frame_key(counter, geometry))


def fate(receiver: Receiver, made: Callable[[], RawFrame]) -> str:
    """What becomes of a frame: "accepted", the cause of its refusal, or "malformed" where it is none."""
    try:
        receiver.accept(made())
    except FrameRefused as refused:
        return refused.cause
    except FrameError:
        return MALFORMED
    return "accepted"


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def with_header(raw: RawFrame, written: bytes) -> Callable[[], RawFrame]:
    return lambda: RawFrame(FrameHeader.from_bytes(written), raw.samples, raw.tag)


def with_samples(raw: RawFrame, samples: bytes) -> Callable[[], RawFrame]:
    return lambda: RawFrame(raw.header, np.frombuffer(samples, "<u2").astype(np.uint16).reshape(raw.samples.shape), raw.tag)


def test_every_flipped_bit_of_a_header_is_refused_by_the_check_that_it_concerns() -> None:
    raw, receiver = frame(5), Receiver(SCHEDULE, after_counter=4)
    written = raw.header.to_bytes()
    fates: dict[str, Counter[str]] = defaultdict(Counter)
    at = 0
    for field, size in HEADER_FIELDS:
        for bit in range(8 * at, 8 * (at + size)):
            fates[field][fate(receiver, with_header(raw, flipped(written, bit)))] += 1
        at += size
    assert at == len(written)
    assert sum(count["accepted"] for count in fates.values()) == 0
    assert sum(count.total() for count in fates.values()) == 8 * len(written)
    by_tag = ("bits", "cfa", "black level", "exposure", "gain", "temperature")
    for fields, possible in (
        (("magic", "version", "height", "width"), {MALFORMED}),
        (("device length", "client length"), {MALFORMED, "device", "client"}),
        (("device",), {MALFORMED, "device"}),
        (("client",), {MALFORMED, "client"}),
        (("order", "refresh", "mask"), {MALFORMED, "policy"}),
        (by_tag, {MALFORMED, "tag"}),
    ):
        for field in fields:
            assert set(fates[field]) <= possible
    # Bits 0 and 2 of counter 5 fall to 4 and 1, which were seen before; the other 62 rise.
    assert fates["counter"] == {"replay": 2, "tag": 62}
    assert fates["epoch"] == {"epoch": 64}
    assert all(fates[field]["tag"] > 0 for field in by_tag)
    assert receiver.refused["tag"] > 62 + 4 * 40
    assert fate(receiver, lambda: raw) == "accepted"


def test_every_flipped_bit_of_the_samples_and_the_tag_is_refused() -> None:
    raw, receiver = frame(5), Receiver(SCHEDULE)
    samples = raw.samples.tobytes()
    fates = Counter(fate(receiver, with_samples(raw, flipped(samples, bit))) for bit in range(8 * len(samples)))
    fates += Counter(
        fate(receiver, lambda bit=bit: RawFrame(raw.header, raw.samples, flipped(raw.tag, bit))) for bit in range(128)
    )
    assert fates == {"tag": 12 * raw.samples.size + 128, MALFORMED: 4 * raw.samples.size}
    assert fate(receiver, lambda: raw) == "accepted"


def test_bits_flipped_at_random_in_a_vga_frame_are_refused() -> None:
    raw, receiver, rng = frame(5, VGA), Receiver(SCHEDULE, geometry=VGA), np.random.default_rng(1)
    samples, written = raw.samples.tobytes(), raw.header.to_bytes()
    fates: Counter[str] = Counter()
    for _ in range(40):
        fates[fate(receiver, with_samples(raw, flipped(samples, int(rng.integers(8 * len(samples))))))] += 1
        fates[fate(receiver, with_header(raw, flipped(written, int(rng.integers(8 * len(written))))))] += 1
        one, other = rng.choice(raw.samples.size, 2, replace=False)
        swapped = raw.samples.copy()
        swapped[[one, other]] = swapped[[other, one]]
        if not np.array_equal(swapped, raw.samples):
            fates[fate(receiver, with_samples(raw, swapped.tobytes()))] += 1
    assert fates["accepted"] == 0
    assert fates.total() > 110
    assert fates["tag"] > 60
    assert fate(receiver, lambda: raw) == "accepted"


@pytest.mark.parametrize("live", [True, False])
def test_replayed_and_reordered_frames_are_counted_and_each_frame_is_accepted_once(live: bool) -> None:
    frames = [frame(counter) for counter in range(30)]
    rng, receiver = np.random.default_rng(2), Receiver(SCHEDULE, live)
    accepted: list[int] = []
    fates: Counter[str] = Counter()
    # Every frame, delivered some five times: as sent, but by up to four places too early or too late.
    deliveries = np.repeat(np.arange(30), 5)
    for number in deliveries[np.argsort(deliveries + rng.uniform(-4, 4, deliveries.size))].tolist():
        outcome = fate(receiver, lambda number=number: frames[number])
        fates[outcome] += 1
        if outcome == "accepted":
            accepted.append(number)
    assert accepted == sorted(set(accepted))
    assert 15 < len(accepted) <= 30
    assert fates == {"accepted": len(accepted), "replay": 150 - len(accepted)}


def test_a_truncated_frame_is_malformed_wherever_it_is_cut() -> None:
    raw, receiver = frame(5), Receiver(SCHEDULE)
    written = raw.header.to_bytes()
    cuts: list[Callable[[], RawFrame]] = [with_header(raw, written[:size]) for size in range(len(written))]
    cuts += [lambda size=size: RawFrame(raw.header, raw.samples[:size], raw.tag) for size in range(1, raw.samples.size)]
    cuts += [lambda size=size: RawFrame(raw.header, raw.samples, raw.tag[:size]) for size in range(16)]
    assert Counter(fate(receiver, cut) for cut in cuts) == {MALFORMED: len(cuts)}


def test_the_frames_of_others_are_refused_by_what_they_are() -> None:
    receiver = Receiver(SCHEDULE, geometry=SMALL)
    others = {
        "device": KeySchedule(MASTER, **{**NAMES, "device": "gate"}),
        "client": KeySchedule(MASTER, **{**NAMES, "client": "host"}),
        "epoch": KeySchedule(MASTER, **{**NAMES, "epoch": 4}),
        "tag": KeySchedule(bytes(32), **NAMES),
    }
    for number, (cause, schedule) in enumerate(others.items()):
        assert fate(receiver, lambda schedule=schedule, at=number: frame(10 + at, SMALL, schedule)) == cause
    # One who relabels another's frame as the receiver's own fares no better.
    for schedule in list(others.values())[:3]:
        raw = frame(20, SMALL, schedule)
        own = frame(20).header
        assert fate(receiver, lambda raw=raw, own=own: RawFrame(own, raw.samples, raw.tag)) == "tag"
    assert receiver.refused == {"device": 1, "client": 1, "epoch": 1, "tag": 4}


def test_a_revoked_client_reads_and_forges_nothing_of_the_next_epoch() -> None:
    # All that the client was ever given: the secret of epoch 3.
    secret = epoch_secret(MASTER, **NAMES)
    assert fate(Receiver(KeySchedule.from_epoch_secret(secret, **NAMES)), lambda: frame(5)) == "accepted"
    following = {**NAMES, "epoch": 4}
    later = frame(5, SMALL, KeySchedule(MASTER, **following))
    guessing = KeySchedule.from_epoch_secret(secret, **following)
    assert fate(Receiver(guessing), lambda: later) == "tag"
    assert fate(Receiver(KeySchedule(MASTER, **following)), lambda: frame(6, SMALL, guessing)) == "tag"
    other = {**NAMES, "client": "host"}
    assert (
        fate(Receiver(KeySchedule.from_epoch_secret(secret, **other)), lambda: frame(5, SMALL, KeySchedule(MASTER, **other)))
        == "tag"
    )

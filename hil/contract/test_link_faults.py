"""The fault matrix of the link, row by row: nothing false is let in, nothing is lost unseen, and it goes on afterwards."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from adc import RawFrame
from hil.artefacts import Artefacts
from hil.board import Board, patience_of
from hil.dut import Dut
from hil.golden import golden_frame
from inference.receiver import FrameRefused, Receiver
from link.host import CameraLink, CameraSilent
from link.packet import PacketType, decoded
from link.register import Value
from link.transport.faults import Fault, FaultKind, FaultPlan, LinkFaults, fault_plan

pytestmark = pytest.mark.hil_feature("client", "quiet-line")
RECOVERY_FRAMES = 2
"""Once a fault is over, so many frames may still suffer from it."""
SMALL: dict[str, Value] = {"height": 32, "width": 32, "test_pattern": "ramp", "frame_rate_hz": 200.0, "payload_bytes": 256}
PACKETS_OF_A_FRAME = 8
"""At most: its start, its end, and 32 x 32 samples of 12 bits in payloads of 256 bytes."""
PLANS = ("noise", "burst", "packets", "hostile", "flood", "harsh")
LOSS_CAUSES = ("timeout", "gone", "displaced", "cut_off", "malformed", "too_large", "scattered")


def is_type(kind: PacketType) -> Callable[[bytes], bool]:
    return lambda between_zeros: decoded(between_zeros).type == kind


def of_frame(between_zeros: bytes) -> bool:
    return decoded(between_zeros).type in (PacketType.FRAME_START, PacketType.DATA, PacketType.FRAME_END)


def checked(dut: Dut, frames: list[RawFrame]) -> list[RawFrame]:
    """The frames, each of which equals the model's to the bit; their counters rise."""
    counters = [raw.header.counter for raw in frames]
    assert counters == sorted(set(counters))
    for raw in frames:
        assert raw.tag == golden_frame("ramp", raw, dut.schedule).tag
    return frames


def every_loss_has_a_cause(dut: Dut) -> None:
    counted = dut.statistics.faults
    assert dut.statistics["frames_lost"] <= sum(counted.get(cause, 0) for cause in LOSS_CAUSES)


def flips(rate: float) -> FaultPlan:
    return FaultPlan(f"flips {rate:g}", (Fault("bit-flip", rate, direction="to-host"),))


@pytest.mark.parametrize(
    "rate", [pytest.param(rate, marks=pytest.mark.hil_faults(flips(rate))) for rate in (1e-6, 1e-5, 1e-4, 1e-3)]
)
def test_bit_flips_let_nothing_false_through_and_cost_resends_that_are_bounded(dut: Dut, rate: float) -> None:
    """At 1e-3 eight packets in nine of 280 bytes are hurt: frames may be given up, and not one may be wrong."""
    dut.set(**SMALL)
    with dut.frames(2.0) as frames:
        taken = [raw for _, raw in zip(range(12), frames, strict=False)]
    checked(dut, taken)
    every_loss_has_a_cause(dut)
    assert dut.statistics["resends_asked"] <= 64 * (dut.statistics["gap"] + 4)
    assert dut.statistics["tag"] == 0
    assert len(taken) == 12 or rate > 1e-4


@pytest.fixture
def small(dut: Dut) -> Dut:
    """The device with small frames in small packets, of which a fault hits one."""
    dut.set(**SMALL)
    return dut


def through(dut: Dut, faults: LinkFaults, strike: Callable[[], None], before: int = 2, after: int = 6) -> list[RawFrame]:
    """Frames before and after something happens to the link."""
    with dut.frames() as frames:
        taken = [next(frames) for _ in range(before)]
        strike()
        taken += [next(frames) for _ in range(after)]
    return checked(dut, taken)


def test_a_forged_packet_with_a_crc_that_fits_is_caught_by_the_tag(small: Dut, faults: LinkFaults) -> None:
    frames = through(small, faults, lambda: faults.inject(Fault("packet-forge"), "to-host", where=is_type(PacketType.DATA)))
    assert small.statistics["tag"] == 1
    missing = set(range(frames[0].header.counter, frames[-1].header.counter + 1)) - {raw.header.counter for raw in frames}
    assert len(missing) <= 1


@pytest.mark.parametrize(
    ("kind", "size_bytes"),
    [
        ("byte-drop", 0),
        ("byte-insert", 0),
        ("byte-duplicate", 0),
        ("bit-flip", 0),
        ("burst", 64),
        ("burst", 256),
        ("overrun", 64),
    ],
)
def test_damage_costs_two_packets_at_most_and_no_frame(small: Dut, faults: LinkFaults, kind: FaultKind, size_bytes: int) -> None:
    frames = through(small, faults, lambda: faults.inject(Fault(kind, size_bytes=size_bytes), "to-host"))
    assert faults.schedule.counts["to-host", kind] == 1
    # 256 bytes of noise may cover the end of one packet and the beginning of the next, and bring zeros of its own.
    assert small.statistics["packets_missing"] <= 2 + (size_bytes > 64)
    counters = [raw.header.counter for raw in frames]
    assert counters == list(range(counters[0], counters[0] + len(counters)))


@pytest.mark.parametrize("kind", ["packet-duplicate", "packet-reorder", "packet-delay", "packet-loss", "packet-truncate"])
@pytest.mark.parametrize("hit", [PacketType.FRAME_START, PacketType.DATA, PacketType.FRAME_END], ids=lambda kind: kind.name)
def test_packets_twice_late_out_of_turn_or_lost_make_the_same_frame(
    small: Dut, faults: LinkFaults, kind: FaultKind, hit: PacketType
) -> None:
    fault = Fault(kind, duration_s=0.02 if kind == "packet-delay" else 0.0)
    frames = through(small, faults, lambda: faults.inject(fault, "to-host", where=is_type(hit), times=2))
    counters = [raw.header.counter for raw in frames]
    assert counters == list(range(counters[0], counters[0] + len(counters)))
    assert small.statistics["frames_lost"] == 0


def test_a_replayed_frame_is_refused_by_its_counter_and_by_its_number(small: Dut, faults: LinkFaults) -> None:
    replay = Fault("packet-replay", size_bytes=1 << 14)
    through(small, faults, lambda: faults.inject(replay, "to-host", where=is_type(PacketType.FRAME_END)))
    assert small.statistics["late"] + small.statistics["duplicate"] >= PACKETS_OF_A_FRAME - 2
    (raw,) = small.take(1)
    receiver = Receiver(small.schedule, after_counter=raw.header.counter)
    with pytest.raises(FrameRefused) as refused:
        receiver.accept(raw)
    assert refused.value.cause == "replay"


def test_packets_of_a_session_that_is_over_are_refused(small: Dut, faults: LinkFaults) -> None:
    replay = Fault("packet-replay", size_bytes=1 << 16)
    small.take(3)
    small.link.renew_session()
    faults.inject(replay, "to-host", where=is_type(PacketType.FRAME_START))
    checked(small, small.take(4))
    refused = small.statistics["stale_session"] + small.statistics["early"] + small.statistics["late"]
    assert refused + small.statistics["packets_unused"] >= 1


@pytest.mark.parametrize("hit", [PacketType.FRAME_START, PacketType.FRAME_END, PacketType.DATA], ids=lambda kind: kind.name)
def test_a_frame_whose_part_never_comes_is_given_up_counted_and_forgotten(
    board: Board, small: Dut, faults: LinkFaults, hit: PacketType
) -> None:
    number: list[int] = []

    def of_one_frame(between_zeros: bytes) -> bool:
        packet = decoded(between_zeros)
        if packet.type != hit:
            return False
        number[:] = number or [packet.frame_id]
        return packet.frame_id == number[0]

    asked = board.patience.resend_tries + 2
    with small.frames() as frames:
        next(frames)
        faults.inject(Fault("packet-loss"), "to-host", where=of_one_frame, times=PACKETS_OF_A_FRAME * asked)
        deadline_s = time.monotonic() + board.scaled_s(20.0)
        for _ in frames:
            if small.statistics["frames_lost"] or time.monotonic() > deadline_s:
                break
        following = [next(frames) for _ in range(4)]
    assert small.statistics["frames_lost"] == 1
    every_loss_has_a_cause(small)
    counters = [raw.header.counter for raw in checked(small, following)]
    assert counters[RECOVERY_FRAMES:] == list(range(counters[RECOVERY_FRAMES], counters[-1] + 1))


def test_a_lost_answer_is_asked_for_again_and_the_command_is_done_once(small: Dut, faults: LinkFaults) -> None:
    done = small.link.counters()
    faults.inject(Fault("packet-loss"), "to-host", where=is_type(PacketType.ACK), times=2)
    faults.inject(Fault("packet-loss"), "to-device", where=is_type(PacketType.WRITE))
    small.write("exposure_s", 0.002)
    after = small.link.counters()
    assert int(after["commands_done"]) - int(done["commands_done"]) == 2  # the write, and reading the counters before
    assert int(after["commands_repeated"]) - int(done["commands_repeated"]) == 2
    assert small.statistics["command_repeated"] == 3
    assert small.read("exposure_s") == 0.002
    small.write("exposure_s", 0.004)


def test_lost_credit_and_heartbeats_cost_nothing(small: Dut, faults: LinkFaults) -> None:
    def lose() -> None:
        faults.inject(Fault("packet-loss"), "to-device", where=is_type(PacketType.CREDIT), times=3)
        faults.inject(Fault("packet-loss"), "to-device", where=is_type(PacketType.HEARTBEAT), times=2)

    through(small, faults, lose, after=10)
    assert small.statistics["frames_lost"] == 0
    assert small.statistics["session_lost"] == 0


def test_a_line_at_the_wrong_baud_is_given_up_in_time_with_one_sentence(board: Board, artefacts: Artefacts) -> None:
    deaf = LinkFaults(fault_plan("deaf"), artefacts.seed)
    patience = patience_of(0.3 * board.options.timeout_scale)
    began_s = time.monotonic()
    with pytest.raises(CameraSilent) as silent:
        CameraLink(deaf.opener(board.connect), board.keys.client, patience=patience)
    taken_s = time.monotonic() - began_s
    artefacts.figure("wrong_baud_noticed_s", taken_s)
    assert taken_s < 2 * patience.hunt_s + 2
    assert "allowed is" in str(silent.value)
    board.introduction()  # and the board is as well as before


def test_a_host_that_does_not_read_loses_whole_frames_and_each_is_counted(board: Board, dut: Dut) -> None:
    height, width = (dut.read(f"sensor_{side}") for side in ("height", "width"))
    dut.set(height=height, width=width, test_pattern="ramp", frame_rate_hz=1000.0, payload_bytes=1024)
    before = dut.link.counters()
    with dut.frames() as frames:
        first = next(frames)
        time.sleep(board.scaled_s(0.3))  # nobody takes frames: there is credit for as many as have room
        taken = [first, *(next(frames) for _ in range(8))]
    after = dut.link.counters()
    checked(dut, taken)
    dropped = int(after["frames_dropped_credit"]) - int(before["frames_dropped_credit"])
    assert dropped > 0
    # No frame counter is used for a frame that is dropped: what was taken has no gap.
    counters = [raw.header.counter for raw in taken]
    assert counters == list(range(counters[0], counters[0] + len(counters)))


def test_a_stalled_link_costs_whole_frames_and_is_counted_by_the_board(board: Board, dut: Dut, faults: LinkFaults) -> None:
    dut.set(**{**SMALL, "frame_rate_hz": 500.0})
    before = dut.link.counters()
    with dut.frames() as frames:
        next(frames)
        faults.inject(Fault("stall", duration_s=1.5), "to-host")
        began_s = time.monotonic()
        taken = [next(frames) for _ in range(20)]
    checked(dut, taken)
    after = dut.link.counters()
    assert time.monotonic() - began_s > 1.0
    dropped = sum(int(after[name]) - int(before[name]) for name in ("frames_dropped_credit", "frames_dropped_link"))
    assert dropped > 0
    every_loss_has_a_cause(dut)


@pytest.mark.parametrize("direction", ["to-host", "to-device"])
def test_a_port_that_vanishes_is_opened_again_and_frames_go_on(small: Dut, faults: LinkFaults, direction: str) -> None:
    frames = through(small, faults, lambda: faults.inject(Fault("vanish", duration_s=0.2), direction))  # type: ignore[arg-type]
    assert len(frames) == 8
    assert small.statistics["link_lost"] == 1
    assert small.statistics["device_reset"] == 0
    every_loss_has_a_cause(small)


def test_bytes_without_a_zero_do_not_fill_the_memory_of_the_host(small: Dut, faults: LinkFaults) -> None:
    through(small, faults, lambda: faults.inject(Fault("flood", size_bytes=1 << 20), "to-host"))
    assert small.statistics["oversized"] == 1
    assert small.statistics["frames_lost"] == 0


def test_bytes_without_a_zero_do_not_fill_the_memory_of_the_board(small: Dut, faults: LinkFaults) -> None:
    before = int(small.link.counters()["received_oversized"])
    faults.inject(Fault("flood", size_bytes=1 << 20), "to-device")
    small.write("exposure_s", 0.004)
    assert int(small.link.counters()["received_oversized"]) == before + 1
    checked(small, small.take(2))


@pytest.mark.parametrize("plan", [pytest.param(plan, marks=pytest.mark.hil_faults(plan)) for plan in PLANS])
def test_under_all_of_it_at_once_what_comes_out_is_right(dut: Dut, faults: LinkFaults, plan: str) -> None:
    dut.set(**SMALL)
    taken = checked(dut, dut.take(20))
    every_loss_has_a_cause(dut)
    assert faults.schedule.plan.name == plan
    assert Counter(raw.header.counter for raw in taken).most_common(1)[0][1] == 1

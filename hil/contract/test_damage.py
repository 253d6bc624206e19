"""Damage on the way to the board: counted by its first cause, answered by nothing, and over at the next zero."""

import pytest

from hil.contract.damage import DAMAGE, READ_STATE
from hil.contract.statuses import count
from hil.wire import Wire
from link.messages import (
    ReadReply,
)
from link.packet import PacketType

pytestmark = pytest.mark.hil_feature("client", "quiet-line")


@pytest.mark.parametrize("cause", DAMAGE)
def test_damage_is_counted_by_its_first_cause_answered_by_nothing_and_over_at_the_next_zero(link: Wire, cause: str) -> None:
    before = {name: count(link, f"received_{name}") for name in DAMAGE}
    link.send_bytes(DAMAGE[cause])
    assert not link.wait(lambda: any(packet.seq == READ_STATE.seq for packet in link.heard), 0.1)
    after = {name: count(link, f"received_{name}") for name in DAMAGE}
    assert after == {**before, cause: before[cause] + 1}
    answer = link.answer(READ_STATE)
    assert answer is not None
    assert isinstance(link.opened(answer), ReadReply)


def test_half_a_packet_is_completed_by_its_other_half(link: Wire) -> None:
    data = READ_STATE.encoded()
    link.send_bytes(data[:11])
    assert not link.listen(0.05) or not link.of_type(PacketType.READ_REPLY)
    link.send_bytes(data[11:])
    assert link.wait(lambda: bool(link.of_type(PacketType.READ_REPLY)), 5.0)


def test_empty_runs_between_zeros_are_nothing(link: Wire) -> None:
    damaged = [count(link, f"received_{name}") for name in DAMAGE]
    link.send_bytes(bytes(1000))
    assert [count(link, f"received_{name}") for name in DAMAGE] == damaged

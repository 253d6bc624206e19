"""A receiver of another baud than the sender's hears what the levels of the line say."""

import numpy as np
import pytest

from link.transport.faults.wrong_baud import WrongBaudReceiver


def test_a_receiver_of_the_right_baud_hears_what_was_sent_and_of_a_wrong_one_something_else() -> None:
    sent = np.random.default_rng(1).bytes(3000)
    for ratio in (1.0, 1.02, 0.98):  # a good receiver bears 5 % together with its sender
        assert WrongBaudReceiver(ratio).hear(sent) == sent
    for ratio in (0.125, 0.5, 0.94, 1.06, 2.0):
        heard = WrongBaudReceiver(ratio).hear(sent)
        assert heard
        assert heard != sent
    for ratio in (0.5, 0.94):
        cut = WrongBaudReceiver(ratio)
        assert b"".join(cut.hear(sent[i : i + 7]) for i in range(0, 3000, 7)) == WrongBaudReceiver(ratio).hear(sent)
    with pytest.raises(ValueError, match="ratio = 0"):
        WrongBaudReceiver(0)


def test_a_receiver_of_another_baud_samples_the_line_where_its_own_bits_would_be() -> None:
    # The line for 0F, in bits of the sender: start 0 at 1, then 1111 0000, stop 1 at 10. A receiver twice as fast samples each
    # of them twice: from 1.75 on 0 1111111 and a stop of 1: FE; from the fall at 6 on 0000000 1 and a stop of 1: 80. FF is FE.
    assert WrongBaudReceiver(2.0).hear(b"\x0f\xff") == b"\xfe\x80\xfe"
    # Half as fast, it samples every second bit of 00 00: at 4, 6, ... 18, of which 10 is the first stop bit, and stops at 20.
    assert WrongBaudReceiver(0.5).hear(b"\0\0\xff") == b"\x08"


def test_a_byte_without_a_stop_bit_is_heard_as_zero_and_the_next_begins_when_the_line_has_been_high() -> None:
    # Twice as fast, on 00: nine samples are low within the first five bits, and the line stays low for four more.
    assert WrongBaudReceiver(2.0).hear(b"\x00\xff\xff") == b"\x00\xfe\xfe"

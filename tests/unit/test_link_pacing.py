"""A simulated line passes its baud rate, no more, and with everything to send no less."""

import itertools
import time

import pytest

from link.transport import LinkTimeout
from link.transport.pacing import LATE_S, TokenBucket
from tests.links import LINKS, SOON_S, in_thread, read_exactly


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("baud", [50, 921_600, 12_000_000])
def test_bytes_pass_one_in_ten_bit_times(baud: int) -> None:
    clock = Clock()
    bucket = TokenBucket(baud, clock)
    first_s = bucket.take(1)
    last_s = [bucket.take(7) for _ in range(1000)][-1]
    assert last_s - first_s == pytest.approx(7000 * 10 / baud)


def test_a_line_that_was_never_idle_makes_up_for_a_late_writer() -> None:
    clock = Clock()
    bucket = TokenBucket(1_000_000, clock)  # 100 bytes a millisecond
    bucket.begin()
    begin_s = clock.now_s
    for _ in range(100):
        passes_s = bucket.take(100)
        clock.now_s = max(clock.now_s, passes_s) + 0.0007  # every sleep is too long by more than half
    # The drift of 70 ms does not add up: only the last sleep is too long.
    assert clock.now_s - begin_s == pytest.approx(0.100 + 0.0007, abs=1e-9)


@pytest.mark.parametrize(("late_s", "at_once"), [(0.0, 0), (0.019, 1900), (0.021, 0), (3600.0, 0)])
def test_a_pause_saves_up_what_a_driver_has_in_its_buffer_and_a_longer_one_nothing(late_s: float, at_once: int) -> None:
    clock = Clock()
    bucket = TokenBucket(1_000_000, clock)  # 100 bytes a millisecond
    clock.now_s += late_s
    bucket.begin()
    passed = sum(1 for _ in itertools.takewhile(lambda passes_s: passes_s <= clock.now_s, (bucket.take(1) for _ in range(9999))))
    assert passed == pytest.approx(at_once, abs=1)  # sums of 10 us are not exact in binary


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize("upward", [True, False], ids=["to the host", "to the device"])
def test_no_link_is_faster_than_its_line(kind: str, upward: bool) -> None:
    baud, line_s = 3_000_000, 0.15
    sent = bytes(int(baud / 10 * line_s))
    with LINKS[kind](baud) as (host, device):
        device.read(0.0)
        source, sink = (device, host) if upward else (host, device)
        begin_s = time.monotonic()
        with in_thread(lambda: source.write(sent)) as raised:
            assert read_exactly(sink, len(sent)) == sent
        took_s = time.monotonic() - begin_s
    assert raised == []
    # However busy the machine is, it cannot be faster than the line; the bucket may have been filling since it was made.
    assert took_s >= line_s - LATE_S
    assert took_s < 20 * line_s


def test_bytes_arrive_while_the_rest_is_on_its_way() -> None:
    with LINKS["pair"](9600) as (host, device), in_thread(lambda: device.write(bytes(960))):
        begin_s = time.monotonic()
        first = host.read(SOON_S)
        first_s = time.monotonic() - begin_s
        assert 0 < len(first) < 960
        assert len(first + read_exactly(host, 960 - len(first))) == 960
        assert first_s < (time.monotonic() - begin_s) / 2  # the first of many pieces, of a second in all


def test_a_read_gives_up_in_time_and_loses_nothing() -> None:
    with LINKS["pair"](50) as (host, device):  # a byte in 200 ms
        host.write(b"ab")
        assert device.read(0.01) == b""
        assert device.read(0.01) == b""
        assert read_exactly(device, 2) == b"ab"


def test_a_stalled_reader_is_found_on_a_slow_line_too() -> None:
    sent = bytes(range(256)) * 1024
    with LINKS["pair"](100_000_000) as (host, device):
        with pytest.raises(LinkTimeout) as caught:
            device.write(sent)
        taken = caught.value.taken_bytes
        assert read_exactly(host, taken) == sent[:taken]
        assert host.read(0.05) == b""


@pytest.mark.parametrize("baud", [49, 0, -1, 1_000_000_001, 9600.5, float("nan")])
@pytest.mark.parametrize("kind", LINKS)
def test_a_baud_that_no_line_has_is_refused(kind: str, baud: int) -> None:
    with pytest.raises(ValueError, match=rf"baud = {baud}: allowed is 50 to 1000000000 bits a second"), LINKS[kind](baud):
        pass

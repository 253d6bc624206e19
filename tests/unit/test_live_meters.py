"""Latencies and rates: exact to their bins, in memory that does not grow."""

import numpy as np

from keycam.live.meters import BIN_S, LONGEST_S, RECENT, Latency, Rate


def test_percentiles_are_those_of_all_durations_to_a_bin() -> None:
    durations_s = np.random.default_rng(1).gamma(3.0, 0.01, 5000)
    meter = Latency()
    for duration_s in durations_s:
        meter.add(float(duration_s))
    found = meter.percentiles_ms()
    assert found is not None
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        truth_ms = 1e3 * float(np.sort(durations_s)[int(np.ceil(share * 5000)) - 1])
        # A bin is told by its upper end, rounded to a tenth of a millisecond.
        assert 0 <= found[name] - truth_ms <= 1e3 * BIN_S + 0.05
    recent = meter.recent_ms()
    assert recent is not None
    assert abs(recent["p50"] - 1e3 * float(np.median(durations_s[-RECENT:]))) <= 0.051


def test_before_the_first_duration_there_is_nothing_to_say_and_a_hang_counts_as_the_longest() -> None:
    meter = Latency()
    assert meter.percentiles_ms() is None
    assert meter.recent_ms() is None
    meter.add(3600.0)
    meter.add(-1.0)  # a clock that was set back
    found = meter.percentiles_ms()
    assert found is not None
    assert found["p99"] == 1e3 * (LONGEST_S + BIN_S)


def test_a_rate_is_that_of_the_last_two_seconds_and_falls_when_nothing_comes() -> None:
    rate = Rate()
    assert rate.per_second(0.0) == 0.0
    for number in range(300):
        rate.add(number / 30)
    assert abs(rate.per_second(299 / 30) - 30) < 0.51  # one event of sixty more or less
    assert 10 < rate.per_second(299 / 30 + 1) < 20  # half of the window is empty
    assert rate.per_second(299 / 30 + 3) == 0.0

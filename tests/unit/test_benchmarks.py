"""Benchmarks: every row is there, and its ratios are of its own times. Speed itself is not tested."""

import numba
import pytest
import torch

from benchmarks.inference import Case, bench_inference
from benchmarks.keys import bench_keys
from benchmarks.link import bench_link
from benchmarks.memory import peak_bytes
from benchmarks.recording import bench_recording
from benchmarks.schemes import bench_schemes
from benchmarks.sensor import bench_sensor
from link.transport.pacing import LATE_S
from privacy.schemes import SCHEMES
from sensor_sim import profile_names


def test_every_profile_has_a_row_and_its_frames_per_second_follow_from_its_time() -> None:
    rows = bench_sensor(sizes=((32, 48),), repeats=3)
    assert [row["profile"] for row in rows] == ["demo", *profile_names()]
    for row in rows:
        assert row["frames_per_second"] == pytest.approx(1000 / row["total_ms"])
        assert min(row["collect_ms"], row["sense_ms"], row["readout_ms"], row["numpy_ms"]) > 0


def test_inference_rows_have_ratios_over_the_optimised_network_and_none_where_nothing_is_published() -> None:
    rows = bench_inference([Case("resnet20", 2, 8, 8), Case("fcn_resnet50", 1, 16, 24)], repeats=1)
    for row in rows:
        assert row["input_ratio"] == pytest.approx(row["input_ms"] / row["plain_optimised_ms"])
        assert row["every_layer_ratio"] == pytest.approx(row["every_layer_ms"] / row["plain_optimised_ms"])
        assert min(row["table_build_ms"], row["copies_ms"]) > 0
        assert 1 < row["peak_memory_ratio"] < 2  # a table for each layer at least
    assert rows[0]["reference_ms"] is not None
    assert rows[1]["reference_ms"] is None  # bilinear interpolation


def test_every_scheme_has_a_row_beside_aes_gcm_on_one_core() -> None:
    threads = numba.get_num_threads()
    rows = bench_schemes(sizes=((8, 12),), repeats=3)
    assert numba.get_num_threads() == threads
    assert [row["scheme"] for row in rows] == list(SCHEMES)
    for row in rows:
        assert (row["height"], row["width"]) == (8, 12)
        assert min(row["encrypt_ms"], row["decrypt_ms"], row["ratio_to_aes_gcm"]) > 0
        assert row["key_bits"] > 0 or row["scheme"] == "keycam-raster"
    # AES-GCM beside itself. Calls of some 10 us: a factor of 5 leaves room for a busy machine.
    assert 0.2 < rows[-1]["ratio_to_aes_gcm"] < 5
    with pytest.raises(ValueError, match=r"shape = 8x10: .*multiples of 4"):
        bench_schemes(sizes=((8, 10),), repeats=1)
    assert numba.get_num_threads() == threads


def test_every_link_has_a_row_and_its_share_of_the_line_follows_from_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.link.UNLIMITED_BYTES", 200_000)
    monkeypatch.setattr("benchmarks.link.LINE_S", 0.1)
    rows = bench_link(bauds=(None, 12_000_000), repeats=1)
    assert [(row["link"], row["baud"]) for row in rows] == [
        (link, baud) for baud in (None, 12_000_000) for link in ("pty", "tcp", "in-process")
    ]
    for row in rows:
        assert min(row["mb_per_second"], row["cpu_share"]) > 0
        if row["baud"] is None:
            assert row["line_share"] is None
            assert row["payload_mb_per_second"] > 0
        else:
            assert row["payload_mb_per_second"] is None
            assert row["line_share"] == pytest.approx(row["mb_per_second"] * 1e7 / row["baud"])
            assert row["line_share"] <= 1 + LATE_S / (0.1 - LATE_S)  # the tokens that a bucket may have kept


def test_recordings_have_their_rows_and_rates_follow_from_times() -> None:
    rows = bench_recording(sizes=((24, 32),), repeats=3)
    assert [row["operation"] for row in rows] == ["write", "read", "export"]
    for row in rows:
        # 24 x 32 samples of 12 bits, a header of 72 bytes and a tag of 16: 1240 bytes.
        assert row["megabytes_per_second"] == pytest.approx(1240e-6 * row["frames_per_second"])
        assert row["frames_per_second"] == pytest.approx(1000 / row["total_ms"])
        assert row["ratio_to_plain_file"] > 1


def test_fresh_keys_have_rows_beside_aes_gcm_on_one_core() -> None:
    threads = numba.get_num_threads()
    rows = bench_keys(sizes=((24, 32),), repeats=3)
    assert numba.get_num_threads() == threads
    assert [(row["order"], row["mask"]) for row in rows] == [
        ("raster", True), ("row-column", False), ("block", False), ("full", False), ("full", True),
    ]  # fmt: skip
    for row in rows:
        assert (row["height"], row["width"], row["bits"]) == (24, 32, 12)
        assert row["ratio_to_aes_gcm"] == pytest.approx(row["key_ms"] / row["aes_gcm_ms"])
        assert row["aes_gcm_ms"] > 0


@pytest.mark.parametrize("bench", [bench_keys, bench_sensor, bench_inference, bench_schemes, bench_link, bench_recording])
def test_no_repeats_are_refused(bench) -> None:
    with pytest.raises(ValueError, match="repeats = 0: allowed is 1 or more"):
        bench(repeats=0)


def test_peak_memory_counts_what_is_alive_at_once() -> None:
    def work() -> torch.Tensor:
        first = torch.ones(1000)
        second = first.view(10, 100) + 1  # the view holds no memory of its own
        del first
        return second * 2

    assert peak_bytes(work) == 2 * 4000

"""A sweep and a soak in small: every kind of fault, and nothing wrong at the end. The long ones are in tests/e2e/test_hil.py."""

import json
from pathlib import Path

from hil.options import HilOptions
from hil.soak import run_soak
from hil.strikes import DEVICE_FAULTS
from hil.sweep import run_sweep
from link.transport.faults import KINDS


def test_a_small_sweep_strikes_with_every_kind_and_finds_nothing(tmp_path: Path) -> None:
    result = run_sweep(HilOptions(seed=1), 60, tmp_path)
    assert result["trouble"] == []
    assert [result[name] for name in ("false", "repeated", "silent", "hangs")] == [0, 0, 0, 0]
    assert result["changed"] >= 60
    assert result["worst_recovery_frames"] <= 2
    assert {row["fault"] for row in result["sweep"]} == set(KINDS) | {name for name, _ in DEVICE_FAULTS}
    assert all(row["faults"] > 0 for row in result["sweep"])
    forged = next(row for row in result["sweep"] if row["fault"] == "packet-forge")
    assert forged["refused"] > 0
    assert json.loads((tmp_path / "sweep.json").read_text()) == result


def test_a_short_soak_leaves_nothing_behind(tmp_path: Path) -> None:
    result = run_soak(HilOptions(seed=1), 4.0, tmp_path)
    assert (result["trouble"], result["threads_left"], result["repeated"], result["false"]) == ([], [], 0, 0)
    assert result["verified"] > 0
    assert result["faults"] > 0
    assert json.loads((tmp_path / "soak.json").read_text()) == result

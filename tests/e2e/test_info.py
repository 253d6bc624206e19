"""`keycam info` and `keycam bench`: what there is, a key drawn, and how fast the readout is."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adc import POLICIES
from benchmarks.readout import bench_readout
from inference.models import MODELS
from keycam import __version__
from keycam.printing import print_rows
from keycam.profile_sheet import expected_transfer
from privacy.schemes import SCHEMES
from sensor_sim import load_profile


@pytest.fixture
def key(command, tmp_path: Path) -> Path:
    file = tmp_path / "device.key"
    assert command("keys", "new", file).code == 0
    return file


def test_info_says_what_there_is(command) -> None:
    result = command("info", "--json").json()
    assert result["keycam"] == __version__
    assert set(result["models"]) == set(MODELS)
    assert result["models"]["resnet20"]["shipped_weights"] is True
    assert set(result["policies"]) == set(POLICIES)
    assert result["policies"]["secure"]["caution"] is None
    assert result["policies"]["paper"]["caution"]
    assert "key" not in result
    store = {order: timing["frame_store_bytes"] for order, timing in result["timing_1080p"].items()}
    assert store["raster"] < store["full"] / 100  # a row against a frame


def test_info_is_a_table_for_people(command) -> None:
    run = command("info")
    assert run.code == 0
    assert run.err == ""
    assert all(name in run.out for name in (*MODELS, *POLICIES, __version__))


def test_info_names_a_key_without_showing_it(command, key: Path) -> None:
    run = command("info", "--key", key, "--json")
    result = run.json()
    assert result["key"]["file"] == str(key)
    assert len(result["key"]["fingerprint"]) == 16
    assert result["key"]["fingerprint"] in command("info", "--key", key).out
    assert json.loads(key.read_text())["guard"]["secret"] not in run.out


def test_a_key_is_drawn_and_another_key_looks_different(command, key: Path, left_over: Path) -> None:
    figures = {}
    for name, more in (("a", ("--key", key)), ("again", ("--key", key)), ("other", ())):
        file = left_over / f"{name}.png"
        result = command("info", "--figure", file, "--size", 8, *more, "--json").json()
        assert (result["figure"], result["size"]) == (str(file), 8)
        # Below the title, which holds the fingerprint.
        figures[name] = np.asarray(Image.open(file).convert("L"), np.int64)[60:]
    assert np.array_equal(figures["a"], figures["again"])
    assert not np.array_equal(figures["a"], figures["other"])
    assert {file.name for file in left_over.iterdir()} == {"a.png", "again.png", "other.png"}


def test_a_drawn_key_is_named_for_people(command, left_over: Path) -> None:
    run = command("info", "--figure", left_over / "key.png", "--size", 4)
    assert run.code == 0
    assert run.err == ""
    assert run.out.startswith(f"{left_over / 'key.png'}: key ")


def test_bench_prints_a_row_for_each_policy_and_yardstick(command, monkeypatch: pytest.MonkeyPatch) -> None:
    # The real sizes take half a minute; what is printed does not depend on them.
    monkeypatch.setattr("benchmarks.readout.CASES", ((32, 48),))
    rows = command("bench", "readout", "--repeats", 3, "--json").json()["rows"]
    assert [row["policy"] for row in rows] == ["raster", "paper", "secure", "aes-256-gcm", "memcpy"]
    for row in rows:
        assert (row["height"], row["width"]) == (32, 48)
        assert row["total_ms"] > 0
        assert row["frames_per_second"] == pytest.approx(1000 / row["total_ms"])
        assert row["ratio_to_raster"] == pytest.approx(row["total_ms"] / rows[0]["total_ms"])


def test_bench_is_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows("readout", bench_readout(sizes=((16, 16),), repeats=3))
    shown = capsys.readouterr().out
    assert "aes-256-gcm" in shown
    assert "16x16" in shown
    assert "…" not in shown


def test_bench_compares_schemes_in_figures_and_in_sentences(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.schemes.CASES", ((8, 8), (8, 12)))
    rows = command("bench", "schemes", "--repeats", 3, "--json").json()["rows"]
    assert [(row["height"], row["width"], row["scheme"]) for row in rows] == [
        (8, width, name) for width in (8, 12) for name in SCHEMES
    ]
    shown = command("bench", "schemes", "--repeats", 3).out
    assert shown.count("8x8") == shown.count("12x8") == len(SCHEMES)
    assert shown.count("aes-256-gcm") == 3  # once for each size, and once for its sentences
    assert all(row[said] in shown for row in rows for said in ("key_handling", "protects"))


def test_bench_of_links_is_a_table_without_sizes(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.link.CASES", (12_000_000,))
    monkeypatch.setattr("benchmarks.link.LINE_S", 0.01)
    run = command("bench", "link", "--repeats", 3)
    assert run.code == 0
    assert run.err == ""
    assert all(said in run.out for said in ("pty", "tcp", "in-process", "12000000", "line share", "cpu share"))
    assert "size" not in run.out


def test_info_shows_a_sensors_sheet_and_draws_its_photon_transfer_curve(command, tmp_path: Path) -> None:
    file = tmp_path / "transfer.png"
    sheet = command("info", "--profile", "machine-vision", "--figure", file, "--json").json()
    derived = sheet["derived"]
    assert derived["system_gain_dn_per_e"] == pytest.approx(
        sheet["conversion_gain_v_per_e"] / (sheet["readout"]["full_scale_v"] / 2 ** sheet["readout"]["bits"])
    )
    assert derived["saturation_e"] <= sheet["full_well_e"]
    assert not {"dsnu_e", "prnu_percent", "snr_max_db", "dynamic_range_db"} & set(derived)  # calibrate's, by other definitions
    assert "Infinity" not in command("info", "--profile", "ideal", "--json").out
    with Image.open(file) as picture:
        assert picture.format == "PNG"
    assert "machine-vision" in command("info").out


def test_the_expected_transfer_has_the_slopes_of_its_three_regions() -> None:
    profile = load_profile("mobile")
    low, high = (expected_transfer(profile, np.array([signal, 4 * signal])) for signal in (1e-3, 1e3))
    assert low["temporal"][1] / low["temporal"][0] == pytest.approx(1, abs=1e-3)
    assert high["shot"][1] / high["shot"][0] == pytest.approx(2)
    assert high["fixed pattern"][1] / high["fixed pattern"][0] == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize("profile", ["nonsense", "missing.toml"])
def test_an_unknown_profile_is_refused_by_name(command, profile: str) -> None:
    refused = command("info", "--profile", profile)
    assert refused.code == 3
    assert profile in refused.err
    assert "allowed is" in refused.err

"""Profiles in files: those that come with the package load, and a bad one says file, field, value and what is allowed."""

from dataclasses import replace
from pathlib import Path

import pytest

from sensor_sim import ProfileError, load_profile, profile_names
from sensor_sim.profile_file import FOLDER

GOOD = (FOLDER / "machine-vision.toml").read_text(encoding="utf-8")


def refused(tmp_path: Path, old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    message = str(error.value)
    assert message.startswith(f"profile = {path}: ")
    assert "\n" not in message
    return message.removeprefix(f"profile = {path}: ")


def test_the_package_brings_an_ideal_sensor_and_three_real_ones() -> None:
    assert profile_names() == ["ideal", "low-light", "machine-vision", "mobile"]
    assert {load_profile(name).shutter for name in profile_names()} == {"global", "rolling"}
    ideal = load_profile("ideal")
    assert ideal.temporal_dark_noise_e == ideal.dsnu_e == ideal.dark.mean_e_per_s == ideal.prnu.spread_percent == 0


@pytest.mark.parametrize("name", ["ideal", "low-light", "machine-vision", "mobile"])
def test_every_profile_can_be_had_in_another_size(name: str) -> None:
    assert replace(load_profile(name), height=32, width=48).shape == (32, 48, 1)


@pytest.mark.parametrize("name", ["low-light", "machine-vision", "mobile"])
def test_every_figure_of_a_real_sensor_has_a_remark_that_says_where_it_is_from(name: str) -> None:
    before, table = "", ""
    for line in (FOLDER / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        figure = line.split("=")[-1].strip() if "=" in line and not line.startswith("#") else ""
        if line.startswith("["):
            table = line
        if figure and not figure.startswith('"'):
            assert "#" in line or "#" in table or before.startswith("#"), line
        before = line


def test_a_path_is_read_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_profile(path) == load_profile(str(path)) == load_profile("machine-vision")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ProfileError, match=r"profile = phone: allowed is ideal, low-light, machine-vision, mobile, or the path"):
        load_profile("phone")


def test_a_file_that_is_missing_or_not_toml_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"none\.toml: it cannot be opened \(No such file"):
        load_profile(tmp_path / "none.toml")
    for content in (b"bits : 12", b"\xff\xfe\x00"):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(ProfileError, match=r"bad\.toml: this is not TOML"):
            load_profile(tmp_path / "bad.toml")


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    message = refused(tmp_path, "full_well_e = 11_000", "")
    assert message == "full_well_e = nothing, the field is missing; allowed is a value for it"
    assert refused(tmp_path, "f_number = 4.0", "").startswith("lens.f_number = nothing")


def test_negative_noise_is_refused(tmp_path: Path) -> None:
    assert (
        refused(tmp_path, "read_noise_e = 0.0", "read_noise_e = -0.5")
        == "read_noise_e = -0.5: allowed is 0 to the full well, 11000.0"
    )
    assert refused(tmp_path, "noise_v = 1.36e-4", "noise_v = -1e-4") == "source_follower.noise_v = -0.0001: allowed is 0 to 1"
    assert refused(tmp_path, "mean_e_per_s = 28.0", "mean_e_per_s = nan") == "dark.mean_e_per_s = nan: allowed is 0 to 1e+09"


def test_an_unknown_unit_names_the_known_one(tmp_path: Path) -> None:
    message = refused(tmp_path, "conversion_gain_v_per_e = 8.72e-5", "conversion_gain_uv_per_e = 87.2")
    assert message.startswith("conversion_gain_uv_per_e = 87.2 is an unknown field; allowed is conversion_gain_v_per_e")
    message = refused(tmp_path, "line_time_s = 5.3e-6", "line_time_us = 5.3")
    assert message.startswith("readout.line_time_us = 5.3 is an unknown field; allowed is readout.line_time_s")
    assert "allowed is name, height" in refused(tmp_path, 'cfa = "mono"', 'cfa = "mono"\nzzz = 1')


def test_an_efficiency_above_one_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "[0.50, 0.65, 0.55]", "[0.50, 1.65, 0.55]")
    assert message == "quantum_efficiency = (0.5, 1.65, 0.55): allowed is three shares above 0 and at most 1"


def test_a_well_below_the_black_level_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "full_well_e = 11_000", "full_well_e = 100")
    assert message.startswith("full_well_e = 100.0: allowed is above the black level, 167.")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("height = 1544", 'height = "1544"', "height = '1544'; allowed is a whole number"),
        ("height = 1544", "height = 1544.0", "height = 1544.0; allowed is a whole number"),
        ("pitch_um = 3.45", "pitch_um = true", "pitch_um = True; allowed is a number"),
        ('cfa = "mono"', "cfa = 1", "cfa = 1; allowed is a text in quotation marks"),
        ('cfa = "mono"', 'cfa = "xtrans"', "cfa = xtrans: allowed is mono, rgb, rggb, bggr, grbg, gbrg"),
        ("cds = true", "cds = 1", "reset.cds = 1; allowed is true or false"),
        ("[0.50, 0.65, 0.55]", "0.5", "quantum_efficiency = 0.5; allowed is a list of 3 numbers"),
        ("[0.50, 0.65, 0.55]", "[0.5, 0.5]", "quantum_efficiency = (0.5, 0.5): allowed is three shares above 0 and at most 1"),
        ('mode = "column_parallel"', 'mode = "serial"', "readout.mode = serial: allowed is column_parallel, random_access"),
        ("bits = 12", "bits = 17", "readout.bits = 17: allowed is a whole number, 6 to 16"),
        ('shutter = "global"', 'shutter = "slit"', "shutter = slit: allowed is global, rolling"),
        ("optical_black_rows = 8", "optical_black_rows = -1", "optical_black_rows = -1: allowed is a whole number, 0 to 256"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert refused(tmp_path, old, new) == expected


def test_an_effect_that_is_no_table_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("prnu = 1\n" + GOOD.replace("[prnu]\nspread_percent = 0.6 ", "#"), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"prnu = 1; allowed is a table \[prnu\] of its figures"):
        load_profile(path)

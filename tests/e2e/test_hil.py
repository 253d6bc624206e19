"""`keycam hil`: the same tests on every kind of target, its files and figures, what it refuses, and the sweep."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from hil.run import MODULES
from hil.strikes import DEVICE_FAULTS
from keycam.camera_process import camera_process
from keycam.key import new_key
from keycam.keyfile import write_plain
from link.transport.faults import KINDS

from .conftest import Command

PART = "key_epochs"
"""A small part that needs keys, sessions, provisioning, frames and resets."""


def checked(result: dict, out: Path, target: str) -> dict:
    """The result of a run in which all is well, and its files."""
    assert (result["target"], result["failed"], result["errors"], result["failures"]) == (target, 0, 0, [])
    assert result["passed"] >= 3
    assert len(result["firmware"]) == 64
    assert result["figures"]["duration_s"] > 0
    assert json.loads((out / "hil.json").read_text()) == result
    suite = ElementTree.parse(out / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert int(suite.get("tests", "0")) == result["passed"] + len(result["skipped"])
    said = {each.get("name"): each.get("value") for each in suite.findall("properties/property")}
    assert (said["hil_target"], said["hil_firmware"]) == (target, result["firmware"])
    page = (out / "report.html").read_text()
    assert result["firmware"] in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page), "the page asks the network for something"
    return result


def test_the_model_keeps_the_whole_contract(process: Command, tmp_path: Path) -> None:
    result = checked(process("hil", "--target", "sim", "--out", tmp_path / "out", "--json").json(), tmp_path / "out", "sim")
    assert result["passed"] > 300
    assert {each["reason"].split(":")[0] for each in result["skipped"]} == {"kill"}, "a camera in this process"


@pytest.mark.parametrize("target", ["pty", "tcp"])
def test_a_camera_is_started_and_tested(process: Command, tmp_path: Path, target: str) -> None:
    run = process("hil", "--target", target, "--only", PART, "--out", tmp_path / "out", "--json")
    assert checked(run.json(), tmp_path / "out", target)["skipped"] == []


def test_a_camera_in_another_terminal_is_tested_like_a_board(process: Command, tmp_path: Path) -> None:
    with new_key("door", ["host"]) as key:
        write_plain(key, tmp_path / "door.key")
    with camera_process("pty", tmp_path / "door.key", source="chart:field") as where:
        board = ("hil", "--target", "serial", "--port", where["link"], "--json", "--only")
        spared = process(*board, f"{PART},streaming", "--key", tmp_path / "door.key", "--out", tmp_path / "spared").json()
        result = checked(spared, tmp_path / "spared", "serial")
        assert {each["reason"].split(":")[0] for each in result["skipped"]} == {"destructive"}
        for name in ("throughput_mb_per_s", "trigger_to_frame_median_ms", "command_median_ms", "frame_rate_hz"):
            assert result["figures"][name] > 0
        page = (tmp_path / "spared" / "report.html").read_text()
        assert page.count("<svg") == 2, "throughput and latency; nothing went wrong, so there are no bars"
        for folder in (tmp_path / "spared" / "tests").iterdir():
            assert (folder / "statistics.json").is_file()
        run = process(*board, "registers", "--reset-cmd", "false", "--out", tmp_path / "out")
        without = json.loads(run.out)
        assert (run.code, without["passed"], without["failed"]) == (3, 0, 0)
        assert {each["reason"].split(":")[0] for each in without["skipped"]} == {"client"}
        assert without["errors"] == len(without["failures"]) > 0
        assert {each["kind"] for each in without["failures"]} == {"error"}
        assert "reset_cmd = false: it ended with 1" in without["failures"][0]["message"]
        assert "not passed" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--target", "usb"), 2, "target = 'usb': allowed is sim, pty, tcp, serial"),
        (("--target", "serial"), 2, "port: there is none; allowed for the target serial is a serial port or a URL"),
        (("--target", "pty", "--key", "door.key"), 2, "key = door.key: allowed with it is the target serial"),
        (("--only", "everything"), 2, "only = everything: allowed is damage, device_faults"),
        (("--faults", "much"), 2, "faults = 'much': allowed is none, light"),
        (("--sweep", "0"), 2, "sweep = 0: allowed is 1 or more"),
        (("--sweep", "1", "--soak", "5"), 2, "soak = 5: allowed with --sweep is none"),
        (("--env", "nowhere.toml"), 2, "env = nowhere.toml: it cannot be read"),
        (("--target", "serial", "--port", "no-such-port"), 3, "link = no-such-port: "),
        (("--target", "serial", "--port", "x", "--key", "no.key"), 3, "key = no.key: there is no such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(command: Command, tmp_path: Path, arguments: tuple, code: int, sentence: str) -> None:
    run = command("hil", *arguments, "--out", tmp_path / "out")
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith(f"keycam: {sentence}")
    assert run.err.count("\n") == 1


def swept(process: Command, out: Path, count: int) -> dict:
    run = process("hil", "--sweep", count, "--seed", 1, "--out", out, "--json")
    assert run.code == 0, run.out + run.err
    result = json.loads(run.out)
    assert result["trouble"] == []
    assert [result[name] for name in ("false", "repeated", "silent", "hangs")] == [0, 0, 0, 0]
    assert result["changed"] >= count
    assert result["worst_recovery_frames"] <= 2
    assert {row["fault"] for row in result["sweep"]} == set(KINDS) | {name for name, _ in DEVICE_FAULTS}
    assert json.loads((out / "sweep.json").read_text()) == result
    return result


@pytest.mark.slow
def test_ten_thousand_faults_let_nothing_false_through(process: Command, tmp_path: Path) -> None:
    swept(process, tmp_path, 10_000)


@pytest.mark.slow
@pytest.mark.parametrize("duration_s", [60, 1800])
def test_a_soak_leaves_memory_flat_and_no_thread_behind(process: Command, tmp_path: Path, duration_s: int) -> None:
    run = process("hil", "--soak", duration_s, "--out", tmp_path, "--json")
    assert run.code == 0, run.out + run.err
    result = json.loads(run.out)
    assert (result["trouble"], result["threads_left"], result["repeated"], result["false"]) == ([], [], 0, 0)
    assert result["faults"] > duration_s


@pytest.mark.slow
@pytest.mark.parametrize("target", ["sim", "pty", "tcp"])
def test_the_whole_contract_holds_on_every_target(process: Command, tmp_path: Path, target: str) -> None:
    result = checked(process("hil", "--target", target, "--out", tmp_path, "--json").json(), tmp_path, target)
    assert {each["reason"].split(":")[0] for each in result["skipped"]} == ({"kill"} if target == "sim" else set())
    assert result["passed"] > 350
    assert len(MODULES) == 12

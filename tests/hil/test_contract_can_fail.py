"""A camera with one thing wrong with it fails the contract, in the part that is about it."""

from pathlib import Path

import pytest

from .test_plugin import ROOT, pytest_run

FLAWS: dict[str, tuple[str, str, str]] = {
    "a pattern one code off": (
        "golden_frames",
        "frames_of_a_pattern and checker and half",
        """
import firmware_model.camera as camera
right = camera.pattern_codes
# A camera looks at a ramp of its own before it serves, and would not serve with that wrong.
camera.pattern_codes = lambda pattern, geometry, counter: right(pattern, geometry, counter) ^ (pattern != "ramp")
""",
    ),
    "a command done twice": (
        "sessions",
        "done_once",
        """
from firmware_model.device_session import DeviceSessions
DeviceSessions.repeated = lambda self, command: None
""",
    ),
    "read-only registers that take values": (
        "registers",
        "read_as_a or it_reads",
        """
import link.registers
from dataclasses import replace
import firmware_model.commands as commands
right = commands.values_to_write
def lenient(address, data):
    try:
        return right(address, data)
    except commands.CommandRefused:
        return {}
commands.values_to_write = lenient
""",
    ),
    "a counter that stands still": (
        "statistics",
        "received_crc",
        """
from firmware_model.device_statistics import DeviceStatistics
right = DeviceStatistics.count
DeviceStatistics.count = lambda self, name, times=1: None if name == "received_crc" else right(self, name, times)
""",
    ),
    "a slot that is written in place": (
        "provisioning",
        "brown_out",
        """
from firmware_model.flash import Flash
right = Flash.write
def in_place(self, name, content):
    if not name.startswith("key-"):
        return right(self, name, content)
    for end in (len(content) // 3, len(content)):
        self._faults.flash_step()
        (self.folder / name).write_bytes(content[:end])
Flash.write = in_place
""",
    ),
    "a stream that needs no credit": (
        "streaming",
        "without_credit",
        """
from firmware_model.credit_line import CreditLine
CreditLine.take = lambda self: True
""",
    ),
    "a fault that is not told": (
        "states",
        "a_fault_is_told",
        """
from firmware_model.boot import Boot
right = Boot.tell
Boot.tell = lambda self, code, text, value=0: None if code.name == "SENSOR_LOST" else right(self, code, text, value)
""",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_found(tmp_path: Path, flaw: str) -> None:
    part, tests, code = FLAWS[flaw]
    (tmp_path / "sabotage.py").write_text(code)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    contract = ROOT / "hil" / "contract" / f"test_{part}.py"
    line = ("-p", "hil.plugin", "--import-mode=importlib", "--rootdir", tmp_path, "--confcutdir", tmp_path, contract, "-k", tests)
    sound = pytest_run(tmp_path, *line)
    assert sound.code == pytest.ExitCode.OK, sound.out
    flawed = pytest_run(tmp_path, "-p", "sabotage", *line, site=tmp_path)
    assert flawed.code == pytest.ExitCode.TESTS_FAILED, flawed.out
    assert "FAILED" in flawed.out

"""The options of the harness: each is checked, a file of them is, and what a target has follows from them."""

from pathlib import Path
from typing import Any

import pytest

from hil.features import FEATURES, features_of, reason_to_skip
from hil.options import HilOptions
from keycam.key import new_key
from keycam.keyfile import write_plain

SERIAL: dict[str, Any] = {"target": "serial", "port": "/dev/null"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"target": "usb"}, "target = 'usb': allowed is sim, pty, tcp, serial"),
        ({"target": "serial"}, "port: there is none"),
        ({"target": "sim", "port": "/dev/ttyS0"}, "port = /dev/ttyS0: allowed with it is the target serial"),
        ({"target": "pty", "key": Path("door.key")}, "key = door.key: allowed with it is the target serial"),
        ({"target": "tcp", "reset_cmd": "true"}, "reset_cmd = true: allowed with it is the target serial"),
        ({"target": "sim", "baud": 9600}, "baud = 9600: allowed for the target sim is none"),
        ({**SERIAL, "baud": 0}, "baud = 0: allowed is 1 to"),
        ({**SERIAL, "baud": True}, "baud = True: allowed is 1 to"),
        ({**SERIAL, "port": ""}, "port = '': allowed is text"),
        ({**SERIAL, "key": 7}, "key = 7: allowed is a path"),
        ({"seed": -1}, "seed = -1: allowed is 0 to"),
        ({"seed": 1.5}, "seed = 1.5: allowed is 0 to"),
        ({"timeout_scale": 0.0}, "timeout_scale = 0.0: allowed is 0.1 to 1000"),
        ({"timeout_scale": float("nan")}, "timeout_scale = nan: allowed is 0.1 to 1000"),
        ({"timeout_scale": "slow"}, "timeout_scale = 'slow': allowed is 0.1 to 1000"),
        ({"faults": "some"}, "faults = 'some': allowed is none, light"),
        ({"features": ["lamp"]}, "features = \\['lamp'\\]: allowed is a list of names"),
        ({"allow_destructive": "yes"}, "allow_destructive = 'yes': allowed is true or false"),
    ],
)  # fmt: skip
def test_each_field_is_checked_and_named(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        HilOptions(**said)


def test_a_file_gives_fields_relative_to_itself_and_the_line_comes_before_it(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text('target = "serial"\nport = "/dev/ttyUSB7"\nbaud = 9600\nkey = "keys/door.key"\nfeatures = ["lamp"]\n')
    options = HilOptions.from_file(file, {"baud": 3_000_000, "seed": None, "log_dir": "logs"})
    assert (options.port, options.baud, options.seed) == ("/dev/ttyUSB7", 3_000_000, 0)
    assert options.key == tmp_path / "keys" / "door.key"
    assert options.log_dir == Path("logs")
    assert options.features == ("lamp",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("target =", "it is no TOML"),
        ('colour = "red"', "it has 'colour'; allowed is target, port"),
        ("target = 7", "target = 7: allowed is sim"),
        ('features = "lamp"', "features = 'lamp': allowed is a list of names"),
    ],
)
def test_a_file_that_cannot_be_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(content)
    with pytest.raises(ValueError, match=sentence):
        HilOptions.from_file(file, {})


def test_what_a_target_has_follows_from_what_is_known_of_it(tmp_path: Path) -> None:
    everything = set(FEATURES)
    assert features_of(HilOptions()) == everything - {"kill"}
    assert features_of(HilOptions("pty")) == features_of(HilOptions("tcp")) == everything
    assert features_of(HilOptions("pty", faults="light")) == everything - {"quiet-line"}
    assert features_of(HilOptions(**SERIAL)) == {"quiet-line"}
    assert features_of(HilOptions(**SERIAL, allow_destructive=True, features=("lamp",))) == {"quiet-line", "destructive", "lamp"}
    assert features_of(HilOptions(**SERIAL, side_door=Path("door"))) == {"quiet-line", "power", "device-faults"}
    with new_key("door", ["host"]) as key:
        write_plain(key, tmp_path / "door.key")
        with key.of_client("host") as client:
            write_plain(client, tmp_path / "host.key")
    assert features_of(HilOptions(**SERIAL, key=tmp_path / "door.key")) == {"quiet-line", "client", "owner"}
    assert features_of(HilOptions(**SERIAL, key=tmp_path / "host.key")) == {"quiet-line", "client"}


def test_reasons_say_what_to_do() -> None:
    assert "--hil-allow-destructive" in reason_to_skip("destructive", "serial")
    assert reason_to_skip("lamp", "serial") == "lamp: the target serial has none (features in --hil-env)"


def test_only_a_board_that_was_there_before_is_spared() -> None:
    assert [HilOptions(name).may_destroy for name in ("sim", "pty", "tcp")] == [True] * 3
    assert not HilOptions(**SERIAL).may_destroy
    assert HilOptions(**SERIAL, allow_destructive=True).may_destroy

"""What a run is told about its board: options of the command line, over those of a file (`--hil-env`)."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

TargetName = Literal["sim", "pty", "tcp", "serial"]
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
MOST_SEED = 2**32 - 1
MOST_BAUD = 1_000_000_000
_PATHS = ("key", "passphrase_file", "side_door", "log_dir")


@dataclass(frozen=True)
class HilOptions:
    """Which board, and how it is tested. In the file each field has its own name; on pytest's command line `--hil-` before it.

    Attributes
    ----------
    target
        sim: a camera in this process; pty, tcp: one that is started as a process of its own; serial: one that is there.
    port
        Where a board listens: a serial port or a URL, as `link.transport.open_transport` takes it. Only for serial.
    baud
        Bits a second: a serial port's own, simulated by the cameras that are started; None for their usual one.
    key, client, passphrase_file
        Key file of the board's device or client, which client is meant, and where the file's passphrase is. Only for serial:
        cameras that are started get a throw-away key. Without a key only what needs none is tested.
    side_door
        Unix socket through which the device's own faults are injected (`keycam camera --faults`); boards have none.
    reset_cmd
        Command line that resets the board; without one it is reset over its link.
    allow_destructive
        Whether tests may wear the flash and replace the keys of a board that was there before. They put the key back.
    faults, seed
        Plan of link faults (`link.transport.faults.PROFILES`) under which everything runs, and what is drawn from.
    timeout_scale
        By how much longer than on a quick machine everything may take, 0.1 to 1000.
    log_dir
        Folder for the artefacts; by default in pytest's temporary folder.
    features
        What the bench has besides, for tests marked `hil_feature` with names of their own.

    Raises ValueError, which names the field, its value and what is allowed.
    """

    target: TargetName = "sim"
    port: str | None = None
    baud: int | None = None
    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None
    side_door: Path | None = None
    reset_cmd: str | None = None
    allow_destructive: bool = False
    faults: str = "none"
    seed: int = 0
    timeout_scale: float = 1.0
    log_dir: Path | None = None
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise ValueError(f"target = {self.target!r}: allowed is {', '.join(TARGETS)}")
        self._check_text("port", "client", "reset_cmd", "faults")
        if self.target == "serial" and self.port is None:
            raise ValueError("port: there is none; allowed for the target serial is a serial port or a URL")
        if self.target != "serial":
            given = [
                name for name in ("port", "key", "client", "passphrase_file", "side_door", "reset_cmd") if getattr(self, name)
            ]
            if given:
                trouble = f"allowed with it is the target serial, and not {self.target}, whose camera is started for the tests"
                raise ValueError(f"{given[0]} = {getattr(self, given[0])}: {trouble}")
        self._check_number("baud", 1, MOST_BAUD)
        self._check_number("seed", 0, MOST_SEED)
        if self.target == "sim" and self.baud is not None:
            raise ValueError(f"baud = {self.baud}: allowed for the target sim is none, as it has no line")
        if not isinstance(self.allow_destructive, bool):
            raise ValueError(f"allow_destructive = {self.allow_destructive!r}: allowed is true or false")
        scale: Any = self.timeout_scale
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not (0.1 <= scale <= 1000 and math.isfinite(scale)):
            raise ValueError(f"timeout_scale = {scale!r}: allowed is 0.1 to 1000")
        if not isinstance(self.features, tuple) or not all(isinstance(each, str) and each for each in self.features):
            raise ValueError(f"features = {self.features!r}: allowed is a list of names")
        if self.faults != "none":
            from link.transport.faults.profiles import fault_plan

            fault_plan(self.faults)

    @property
    def may_destroy(self) -> bool:
        """Whether destructive tests run: always on a camera that was started for them."""
        return self.allow_destructive or self.target != "serial"

    @classmethod
    def from_file(cls, file: Path | None, given: Mapping[str, Any]) -> Self:
        """The options of a TOML file, with those that were given besides in their place; None among these is not given.

        Paths in the file are relative to it. Raises ValueError, also for a file that cannot be read or has other fields.
        """
        values = {} if file is None else _read(file)
        if isinstance(values.get("features"), list):
            values["features"] = tuple(values["features"])
        said = {name: value for name, value in given.items() if value is not None}
        found: dict[str, Any] = {**values, **said}
        cls(**found)  # which refuses what is no path
        found |= {name: Path(found[name]) for name in _PATHS if name in found}
        return cls(**found)

    def _check_text(self, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise ValueError(f"{name} = {value!r}: allowed is text")
        for name in _PATHS:
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str | Path) or not str(value)):
                raise ValueError(f"{name} = {value!r}: allowed is a path")

    def _check_number(self, name: str, least: int, most: int) -> None:
        value = getattr(self, name)
        if value is None and name == "baud":
            return
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{name} = {value!r}: allowed is {least} to {most}")


def _read(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"env = {file}: it cannot be read ({error.strerror}); allowed is a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"env = {file}: it is no TOML ({error}); allowed is a TOML file") from None
    known = [each.name for each in fields(HilOptions)]
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"env = {file}: it has {name!r}; allowed is {', '.join(known)}")
        if name in _PATHS and isinstance(value, str) and value:
            values[name] = file.parent / value
    return values

"""What a register is: where it lies, what it holds and how that is written. Values are big-endian, as GigE Vision has them."""

import math
import struct
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["u32", "u64", "f64", "choice", "command", "text", "bytes"]
Access = Literal["ro", "rw", "wo"]
Value = int | float | str | bytes
_SIZES: dict[Kind, int] = {"u32": 4, "u64": 8, "f64": 8, "choice": 4, "command": 4}


@dataclass(frozen=True)
class Register:
    """One register of the map.

    Attributes
    ----------
    address
        32 bits, a multiple of 4.
    name
        With its unit at the end, where it has one.
    kind
        u32, u64, f64 (IEEE 754); choice: a u32 that numbers `choices` from 0; command: writing 1 does something; text: UTF-8
        padded with zeros; bytes.
    access
        "ro", "rw" or "wo".
    meaning
        What it says.
    unit
        Of its number; empty where it has none.
    size_bytes
        A multiple of 4; may be left out where the kind says it.
    lowest, highest
        The range of a number; both ends belong to it. What a device takes may be less.
    choices
        Names of the values 0, 1, 2, … of a choice.
    volatile
        Whether it changes by itself, so that a copy is soon out of date.
    reset
        What it holds after a reset; None where that is the device's.
    locked
        Whether it cannot be written while frames are streaming, and writing it asks for `settings_apply` again.

    Raises ValueError for a register that is not possible.
    """

    address: int
    name: str
    kind: Kind
    access: Access
    meaning: str
    unit: str = ""
    size_bytes: int = 0
    lowest: float = 0
    highest: float = math.inf
    choices: tuple[str, ...] = ()
    volatile: bool = False
    reset: Value | None = None
    locked: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or self.access not in get_args(Access):
            raise ValueError(f"kind = {self.kind}, access = {self.access}: allowed is {get_args(Kind)} and {get_args(Access)}")
        if not self.size_bytes:
            object.__setattr__(self, "size_bytes", _SIZES.get(self.kind, 0))
        if self.size_bytes != _SIZES.get(self.kind, self.size_bytes) or self.size_bytes % 4 or not self.size_bytes:
            raise ValueError(f"size_bytes = {self.size_bytes}: allowed is {_SIZES.get(self.kind, 'a multiple of 4')}")
        if not 0 <= self.address <= 2**32 - self.size_bytes or self.address % 4:
            raise ValueError(f"address = {self.address:#x}: allowed is a multiple of 4 within 32 bits")
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"choices = {self.choices}: allowed is names for a choice, none for others")
        if self.kind in ("u32", "u64") and self.highest == math.inf:
            object.__setattr__(self, "highest", 2 ** (8 * self.size_bytes) - 1)
        if self.reset is not None:
            self.check(self.reset)

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.address + self.size_bytes

    @property
    def is_readable(self) -> bool:
        """Whether it can be read."""
        return self.access != "wo"

    @property
    def is_writable(self) -> bool:
        """Whether it can be written."""
        return self.access != "ro"

    @property
    def allowed(self) -> str:
        """What it takes, for people."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "command":
            return "1"
        if self.kind == "text":
            return f"printable text of up to {self.size_bytes} bytes"
        if self.kind == "bytes":
            return f"{self.size_bytes} bytes"
        return f"{_shown(self.lowest)} to {_shown(self.highest)}" if self.highest < math.inf else f"{_shown(self.lowest)} or more"

    def check(self, value: Value) -> None:
        """Raise ValueError, which names the register, the value and what is allowed, for a value that it does not take."""
        if not self._fits(value):
            raise ValueError(f"{self.name} = {value!r}: allowed is {self.allowed}")

    def encode(self, value: Value) -> bytes:
        """A value as the register's bytes: a number, the name of a choice, text, or bytes. Raises ValueError as `check`."""
        self.check(value)
        if isinstance(value, bytes):
            return value
        if self.kind == "text":
            return str(value).encode().ljust(self.size_bytes, b"\0")
        if self.kind == "choice":
            return struct.pack(">I", self.choices.index(str(value)))
        if self.kind == "f64":
            return struct.pack(">d", value)
        return int(value).to_bytes(self.size_bytes, "big")

    def decode(self, written: bytes) -> Value:
        """Undo `encode`. Raises ValueError for bytes that hold none of the register's values."""
        if len(written) != self.size_bytes:
            raise ValueError(f"{self.name} = {len(written)} bytes: allowed is {self.size_bytes}")
        value = self._read(written)
        self.check(value)
        return value

    def _read(self, written: bytes) -> Value:
        if self.kind == "bytes":
            return written
        if self.kind == "text":
            try:
                return written.rstrip(b"\0").decode()
            except UnicodeDecodeError:
                raise ValueError(f"{self.name} = {len(written)} bytes: allowed is {self.allowed}") from None
        if self.kind == "f64":
            return float(struct.unpack(">d", written)[0])
        number = int.from_bytes(written, "big")
        if self.kind != "choice":
            return number
        if number >= len(self.choices):
            raise ValueError(f"{self.name} = {number}: allowed is 0 to {len(self.choices) - 1}, {self.allowed}")
        return self.choices[number]

    def _fits(self, value: Value) -> bool:
        if self.kind == "choice":
            return value in self.choices
        if self.kind == "text":
            return isinstance(value, str) and value.isprintable() and len(value.encode()) <= self.size_bytes
        if self.kind == "bytes":
            return isinstance(value, bytes) and len(value) == self.size_bytes
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.kind == "command":
            return value == 1
        whole = isinstance(value, int)
        return (whole or self.kind == "f64") and math.isfinite(value) and self.lowest <= value <= self.highest


def _shown(number: float) -> str:
    if isinstance(number, int) and number > 10**6 and (number + 1).bit_count() == 1:
        return f"2^{number.bit_length()} - 1"
    return f"{number:g}" if isinstance(number, float) else str(number)

"""What can break in a camera, switched on and off while it runs: power, flash, processor, sensor."""

import threading
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

FaultName = Literal[
    "brown_out", "corrupt_slot_a", "corrupt_slot_b", "worn_flash", "reset", "stuck", "over_temperature", "sensor_lost"
]
FAULT_NAMES: tuple[FaultName, ...] = get_args(FaultName)
LASTING_FAULTS: tuple[FaultName, ...] = ("worn_flash", "over_temperature", "sensor_lost")
"""Faults that stay until they are cleared; the others happen once."""
OVER_TEMPERATURE_K = 378.15
"""What the sensor's thermometer says under the fault: above any limit of a commercial part (358.15 K)."""
MOST_STEPS = 2**31 - 1


class PowerCut(Exception):
    """The camera lost its power in the middle of something; nothing after it happened."""


@dataclass(frozen=True)
class DeviceFault:
    """One fault.

    Attributes
    ----------
    name
        One of `FAULT_NAMES`. brown_out: the power goes; corrupt_slot_a and _b: bits of a key slot flip; worn_flash: what is
        written does not read back; reset: the reset line is pulled; stuck: the processor hangs until its watchdog bites;
        over_temperature: the sensor is too hot; sensor_lost: it does not answer.
    after
        How many steps come before it: of the flash for brown_out (0: the next one fails), DATA packets for reset.
        Nothing for the others.

    Raises ValueError for another name or number.
    """

    name: FaultName
    after: int = 0

    def __post_init__(self) -> None:
        if self.name not in FAULT_NAMES:
            raise ValueError(f"fault = {self.name!r}: allowed is {', '.join(FAULT_NAMES)}")
        most = MOST_STEPS if self.name in ("brown_out", "reset") else 0
        if not isinstance(self.after, int) or isinstance(self.after, bool) or not 0 <= self.after <= most:
            raise ValueError(f"after = {self.after!r}: allowed is 0 to {most} for {self.name}")

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "DeviceFault":
        """The fault in a JSON object of `fault` and `after`. Raises ValueError for anything else."""
        unknown = set(said) - {"fault", "after"}
        if unknown:
            raise ValueError(f"{min(unknown)} = {said[min(unknown)]!r}: there is no such field; allowed is fault, after")
        return cls(said.get("fault"), said.get("after", 0))  # type: ignore[arg-type]  # which is refused by name


class DeviceFaults:
    """The faults of one camera model; any thread may inject and clear them, the camera looks when it gets there.

    Parameters
    ----------
    seed
        which bits flip and where a torn write ends, 0 or more.

    Attributes
    ----------
    happened
        how often each fault took effect, by name.
    """

    def __init__(self, seed: int = 0) -> None:
        if not seed >= 0:
            raise ValueError(f"seed = {seed}: allowed is 0 or more")
        self._chance = np.random.default_rng(seed)
        self._lock = threading.Lock()
        self._armed: dict[FaultName, int] = {}
        self.happened: dict[FaultName, int] = dict.fromkeys(FAULT_NAMES, 0)

    def inject(self, fault: DeviceFault) -> None:
        """Let a fault happen when its time comes, or begin at once where it lasts."""
        with self._lock:
            if fault.name in LASTING_FAULTS and fault.name not in self._armed:
                self.happened[fault.name] += 1
            self._armed[fault.name] = fault.after

    def clear(self, name: FaultName | None = None) -> None:
        """End a fault, or all of them; what has happened is not undone."""
        with self._lock:
            if name is None:
                self._armed.clear()
            else:
                self._armed.pop(name, None)

    def is_on(self, name: FaultName) -> bool:
        """Whether a lasting fault is on, or another waits to happen."""
        with self._lock:
            return name in self._armed

    def due(self, name: FaultName) -> bool:
        """Whether a fault that happens once is to happen now; it counts one step down and is over once it happens."""
        with self._lock:
            left = self._armed.get(name)
            if left is None:
                return False
            if left:
                self._armed[name] = left - 1
                return False
            del self._armed[name]
            self.happened[name] += 1
            return True

    def due_now(self, name: FaultName) -> bool:
        """Whether a fault that happens once has no steps left before it; then it happens."""
        with self._lock:
            if self._armed.get(name) != 0:
                return False
            del self._armed[name]
            self.happened[name] += 1
            return True

    def flash_step(self) -> None:
        """One physical step of the flash. Raises PowerCut where the power goes before it."""
        if self.due("brown_out"):
            raise PowerCut("brown-out while the flash was written")

    def programmed(self, content: bytes) -> bytes:
        """What the flash holds after `content` was programmed: a beginning of it where the power goes now, worn where it is."""
        with self._lock:
            if self._armed.get("brown_out") == 0:
                return content[: int(self._chance.integers(0, len(content) + 1))]
        return self.flipped(content) if self.is_on("worn_flash") else content

    def flipped(self, content: bytes) -> bytes:
        """`content`, one byte or more, with one to eight of its bits flipped."""
        with self._lock:
            bits = np.unpackbits(np.frombuffer(content, np.uint8))
            places = self._chance.choice(bits.size, min(int(self._chance.integers(1, 9)), bits.size), replace=False)
        bits[places] ^= 1
        return np.packbits(bits).tobytes()

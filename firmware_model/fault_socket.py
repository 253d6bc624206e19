"""The side door for faults of a camera model."""

from pathlib import Path
from typing import Any

from firmware_model.device_faults import FAULT_NAMES, DeviceFault, DeviceFaults
from firmware_model.side_door import SideDoor


class FaultSocket(SideDoor):
    """Injects faults and ends them.

    `{"fault": "brown_out", "after": 3}` injects a fault (see `DeviceFault`), `{"clear": "worn_flash"}` ends a lasting one,
    `{"clear": "all"}` every one. The answer is `{"happened": {...}}`, how often each fault took effect so far.

    Parameters
    ----------
    path
        where the socket is made; what an earlier camera left there is replaced.
    faults
        what it switches.

    Raises SideDoorError where it cannot be made.
    """

    def __init__(self, path: Path, faults: DeviceFaults) -> None:
        self._faults = faults
        super().__init__(path, "faults")

    def answer(self, said: dict[str, Any]) -> dict[str, Any]:
        """What happened so far. Raises ValueError for what is no fault."""
        if "clear" in said:
            self._clear(said["clear"])
        elif said:
            self._faults.inject(DeviceFault.from_json(said))
        return {"happened": dict(self._faults.happened)}

    def _clear(self, name: Any) -> None:
        if name != "all" and name not in FAULT_NAMES:
            raise ValueError(f"clear = {name!r}: allowed is all, {', '.join(FAULT_NAMES)}")
        self._faults.clear(None if name == "all" else name)

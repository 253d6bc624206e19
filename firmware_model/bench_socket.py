"""The side door for the bench of a camera model: docs/calibration.md says what goes through it."""

from pathlib import Path
from typing import Any

import numpy as np

from firmware_model.bench import Bench
from firmware_model.side_door import SideDoor

MOST_LINE_BYTES = 2**22
"""Voltages of 65535 rows, written out in full."""
FIELDS = ("light_per_s", "temperature_k", "voltages_v")


class BenchSocket(SideDoor):
    """Sets the light, the chamber and the voltages, and says how they are set.

    Parameters
    ----------
    path
        where the socket is made; what an earlier camera left there is replaced.
    bench
        what it sets.

    Raises SideDoorError where it cannot be made.
    """

    is_exclusive = True

    def __init__(self, path: Path, bench: Bench) -> None:
        self._bench = bench
        super().__init__(path, "bench", MOST_LINE_BYTES)

    def answer(self, said: dict[str, Any]) -> dict[str, Any]:
        """How the bench is set, after it was set anew. Raises ValueError for what it cannot do; then nothing of it was done."""
        for name, value in said.items():
            if name not in FIELDS or len(said) > 1:
                raise ValueError(f"{name} = {str(value)[:40]}: allowed is one of {', '.join(FIELDS)} in a line, or none")
            self._set(name, value)
        bench = self._bench
        return {
            "light_per_s": list(bench.light_per_s),
            "temperature_k": bench.chamber_k,
            "voltage_range_v": list(bench.voltage_range_v),
        }

    def _set(self, name: str, value: Any) -> None:
        if name == "temperature_k":
            self._bench.set_temperature_k(*_numbers(name, [value], 1))
        elif name == "light_per_s":
            self._bench.set_light(*_numbers(name, value, 3))
        else:
            self._bench.set_voltages(np.array(_numbers(name, value, None), np.float32))


def _numbers(name: str, value: Any, count: int | None) -> list[float]:
    """The numbers of a list, as many as are wanted."""
    is_list = isinstance(value, list) and (count is None or len(value) == count)
    if not is_list or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in value):
        wanted = "numbers" if count is None else "a number" if count == 1 else f"{count} numbers"
        raise ValueError(f"{name} = {str(value)[:40]}: allowed is {wanted}")
    return [float(each) for each in value]

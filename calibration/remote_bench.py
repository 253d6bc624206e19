"""A bench in another process, set by lines of JSON over a Unix socket: docs/calibration.md says what such a bench answers."""

import contextlib
import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from calibration.bench import BenchError, Light, is_number

FIRST_WAIT_S = 5.0
"""So soon a bench says how it is set."""
WAIT_S = 60.0
"""Lamps and sources of voltage settle within that."""
CHAMBER_WAIT_S = 3600.0
"""A chamber may take its time until the temperature is reached."""
LIGHT_SHARE = 1e-3
"""So near to what was asked for the light must be: signals are divided by what was asked for."""
CHAMBER_K = 1.0
"""So near to what was asked for the chamber must be: what the camera's frames say of their temperature is what counts."""
MOST = 1e30
"""No light, temperature or voltage is above that."""
_MOST_ANSWER_BYTES = 65536


class RemoteBench:
    """Light, chamber and voltage input of a camera, each as far as the bench has it; close it, or use it as a context manager.

    Parameters
    ----------
    path
        the bench's socket.

    Raises BenchError where nothing listens there, or what listens is no bench with a light.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(FIRST_WAIT_S)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            trouble = "nobody takes the call" if isinstance(error, TimeoutError) else error.strerror or str(error)
            raise BenchError(f"bench = {path}: {trouble}; allowed is the socket of a bench, see docs/calibration.md") from error
        self._heard = b""
        try:
            state = self._asked({}, FIRST_WAIT_S)
            self.temperature_k = self._temperature(state)
            self.voltage_range_v = self._range(state)
        except BaseException:
            self.close()
            raise

    temperature_k: float | None
    """What the chamber was set to at first, K; None without a chamber."""
    voltage_range_v: tuple[float, float] | None
    """What the voltage input takes; None without one."""

    def set_light(self, light: Light) -> None:
        """Set the light. Raises BenchError where the source cannot give it, or says that it gives another."""
        answer = self._asked({"light_per_s": light.photons_per_s}, WAIT_S)
        told = answer["light_per_s"]
        if any(abs(own - asked) > LIGHT_SHARE * asked for own, asked in zip(told, light.photons_per_s, strict=True)):
            raise self._other("light_per_s", list(light.photons_per_s), told, f"that within {100 * LIGHT_SHARE:g} %")

    def set_temperature_k(self, temperature_k: float) -> None:
        """Bring the camera to a temperature, K, and wait for it. Raises BenchError where that is not reached."""
        told = self._temperature(self._asked({"temperature_k": temperature_k}, CHAMBER_WAIT_S))
        if told is None or abs(told - temperature_k) > CHAMBER_K:
            raise self._other("temperature_k", temperature_k, told, f"that within {CHAMBER_K:g} K")

    def set_voltages(self, voltages_v: Sequence[float]) -> None:
        """Drive the converters until the light is set again, row by row of a frame. Raises BenchError where that cannot be."""
        told = self._range(self._asked({"voltages_v": list(voltages_v)}, WAIT_S))
        if told != self.voltage_range_v:
            raise self._other(
                "voltages_v", f"{len(voltages_v)} of them", told, f"voltage_range_v = {self.voltage_range_v}, as at first"
            )

    def close(self) -> None:
        """Hang up; harmless when repeated."""
        self._socket.close()

    def _asked(self, request: dict[str, Any], wait_s: float) -> dict[str, Any]:
        """What the bench says within `wait_s`. Raises BenchError where it is silent, hangs up, refuses or says nonsense."""
        try:
            self._socket.settimeout(wait_s)
            with contextlib.suppress(BrokenPipeError):  # who hangs up at once may have said why
                self._socket.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(self._line(time.monotonic() + wait_s))
        except TimeoutError as error:
            asked = next(iter(request), "how it is set")
            raise BenchError(
                f"bench = {self._path}: asked for {asked}, it did not answer within {wait_s:g} s; allowed is a bench that "
                "answers, and that no other calibration is using"
            ) from error
        except OSError as error:
            raise self._strange(error.strerror or str(error)) from error
        except (ValueError, RecursionError) as error:
            raise self._strange("its answer is not JSON") from error
        if not isinstance(answer, dict):
            raise self._strange("its answer is no JSON object")
        if "error" in answer:
            raise BenchError(f"bench = {self._path}: it refused ({answer['error']}); allowed is what its equipment can do")
        self._refuse_light(answer)
        return answer

    def _line(self, until: float) -> bytes:
        while b"\n" not in self._heard:
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            self._socket.settimeout(left_s)
            data = self._socket.recv(65536)
            if not data or len(self._heard) > _MOST_ANSWER_BYTES:
                raise self._strange("it hung up" if not data else "its answer has no end")
            self._heard += data
        line, self._heard = self._heard.split(b"\n", 1)
        return line

    def _refuse_light(self, answer: dict[str, Any]) -> None:
        if "light_per_s" not in answer:
            raise self._strange("it names no light_per_s")
        light = answer["light_per_s"]
        if not _are_numbers(light, 3) or min(light) < 0:
            raise self._strange(f"light_per_s = {str(light)[:40]} is no three numbers of 0 or more photons/s")

    def _temperature(self, answer: dict[str, Any]) -> float | None:
        value = answer.get("temperature_k")
        if value is None:
            return None
        if not _are_numbers([value], 1) or value <= 0:
            raise self._strange(f"temperature_k = {str(value)[:40]} is no number above 0")
        return float(value)

    def _range(self, answer: dict[str, Any]) -> tuple[float, float] | None:
        value = answer.get("voltage_range_v")
        if value is None:
            return None
        if not _are_numbers(value, 2):
            raise self._strange(f"voltage_range_v = {str(value)[:40]} is no pair of numbers")
        low, high = float(value[0]), float(value[1])
        if not low < high:
            raise self._strange(f"voltage_range_v = {low:g} to {high:g} is no range")
        return low, high

    def _other(self, field: str, asked: object, told: object, allowed: str) -> BenchError:
        given = "nothing of it" if told is None else str(told)
        return BenchError(f"bench = {self._path}: asked for {field} = {asked}, it answers {given}; allowed is {allowed}")

    def _strange(self, trouble: str) -> BenchError:
        return BenchError(f"bench = {self._path}: {trouble}; allowed is a bench that answers as docs/calibration.md says")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _are_numbers(values: object, count: int) -> bool:
    """Whether it is a list of so many finite numbers."""
    return (
        isinstance(values, list) and len(values) == count and all(is_number(value) and -MOST <= value <= MOST for value in values)
    )

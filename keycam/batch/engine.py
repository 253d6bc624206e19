"""Where units are worked on: a few processes of this machine, or a cluster."""

from typing import NamedTuple, Protocol

from keycam.batch.units import Unit


class Outcome(NamedTuple):
    """How a unit ended: well with None, else by an error of the worker."""

    unit: Unit
    error: BaseException | None


class Engine(Protocol):
    """Takes units and gives their outcomes, in any sequence."""

    def submit(self, unit: Unit, first_counter: int) -> None:
        """Begin a unit under counters from `first_counter` on, when a worker is free."""

    def outcomes(self, timeout_s: float) -> list[Outcome]:
        """Those that came since the last call; waits up to `timeout_s` for the first."""

    def close(self) -> None:
        """End at once what is still under way."""

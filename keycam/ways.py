"""The ways to run a network on the same pictures: plain, keyed, with a wrong key and without a key."""

import time
from dataclasses import dataclass, field

from torch import Tensor, nn

from adc import KeySchedule
from inference.choices import Shuffle
from inference.keyed import KeyedNetwork, convert
from keycam.captured import Batch


@dataclass(frozen=True, eq=False)
class Ways:
    """A network and its keyed twins.

    Attributes
    ----------
    network
        The plain network.
    twins
        Its keyed twins by name; the first is also the one that is run with a wrong key.
    seconds
        The time that the network calls took so far, by way.
    """

    network: nn.Module
    twins: dict[str, KeyedNetwork]
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, network: nn.Module, example: Tensor, shuffles: tuple[Shuffle, ...], schedule: KeySchedule) -> "Ways":
        """The plain network, and a twin for each of `shuffles` with the layers' orders of `schedule`."""
        layer_orders = schedule.layer_orders()
        return cls(network, {_name(shuffle): convert(network, example, shuffle, layer_orders) for shuffle in shuffles})

    @property
    def names(self) -> tuple[str, ...]:
        """All ways: plain, the twins, wrong_key and unkeyed."""
        return ("plain", *self.twins, "wrong_key", "unkeyed")

    def run(self, way: str, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """The answer for a batch, and the order that a dense answer's pixels are in; None is raster, or an answer without."""
        started = time.perf_counter()
        if way in ("plain", "unkeyed"):
            answer, places = self.network(batch.plain if way == "plain" else batch.unkeyed), None
        else:
            twin, x, order = self.twins.get(way), batch.keyed, batch.order
            if twin is None:  # the wrong key's
                twin, x, order = next(iter(self.twins.values())), batch.wrongly_keyed, batch.wrong_order
            answer, places = twin(x, order), twin.output_order(order)
        self.seconds[way] = self.seconds.get(way, 0.0) + time.perf_counter() - started
        return answer, places

    def images_per_second(self, images: int) -> dict[str, float]:
        """Of all calls so far, which answered for so many pictures in every way."""
        return {way: round(images / spent, 1) for way, spent in self.seconds.items()}


def _name(shuffle: Shuffle) -> str:
    return f"keyed_{shuffle.replace('-', '_')}"

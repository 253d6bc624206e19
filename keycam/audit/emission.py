"""What travels on the link, and the truth about it that only the scorer holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adc import KeySchedule
from privacy.footage import emit, true_orders
from privacy.seen import Order, Samples, Seen


@dataclass(frozen=True, eq=False)
class Emission:
    """Frames of one camera under one key.

    Attributes
    ----------
    seen
        What the eavesdropper has.
    scenes
        uint8 or uint16 (F, H, W, C), the same samples before order and mask.
    order
        int64 (P,), the order of the first frame: of all frames where it is static.
    labels
        int64 (F,), the CIFAR-10 classes of the scenes, or None.
    """

    seen: Seen
    scenes: Samples
    order: Order
    labels: NDArray[np.int64] | None = None

    def first(self, count: int) -> "Emission":
        """The first `count` frames, or all."""
        labels = None if self.labels is None else self.labels[:count]
        return Emission(self.seen.first(count), self.scenes[:count], self.order, labels)


def emission_of(scenes: Samples, schedule: KeySchedule, labels: NDArray[np.int64] | None = None) -> Emission:
    """What a camera under a throw-away `schedule` makes of scenes (F, H, W, C) of 8 bits."""
    return Emission(emit(scenes, schedule), scenes, true_orders(scenes[:1], schedule)[0], labels)

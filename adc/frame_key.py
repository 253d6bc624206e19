"""The secrets of one frame, for as long as the frame needs them."""

from typing import NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from adc.derivation import Secret, named_key, wipe
from adc.geometry import Geometry
from adc.keystream import Keystream
from adc.orders import full_order, invert_order, raster_order
from adc.policy import ReadoutPolicy
from adc.shuffle import Shuffle

STATIC_NONCE = 0  # a static order has a key of its own, so this nonce never meets a frame counter
Scalar = TypeVar("Scalar", bound=np.generic)


class FrameKey:
    """The secrets of one frame; made by KeySchedule.frame_key, never printed and never pickled.

    Attributes
    ----------
    counter, device, client, epoch, policy, geometry
        What the key was made for.
    """

    def __init__(
        self,
        *,
        counter: int,
        device: str,
        client: str,
        epoch: int,
        policy: ReadoutPolicy,
        geometry: Geometry,
        order: NDArray[np.uint32] | Shuffle,
        mask: NDArray[np.uint16] | None,
        tag_key: Secret,
        isp_key: Secret,
    ) -> None:
        self.counter = counter
        self.device = device
        self.client = client
        self.epoch = epoch
        self.policy = policy
        self.geometry = geometry
        self._shuffle = order if isinstance(order, Shuffle) else None
        self._order = None if isinstance(order, Shuffle) else order
        self._mask = mask
        self._tag_key = bytearray(tag_key)
        self._isp_key = bytearray(isp_key)
        self._inverse_order: NDArray[np.uint32] | None = None
        self._wiped = False

    @property
    def order(self) -> NDArray[np.uint32]:
        """The readout order, read-only uint32 (P,): emitted[q] = pixel[order[q]]; put together at the first use."""
        self._refuse_wiped()
        if self._order is None:
            assert self._shuffle is not None
            self._order = self._shuffle.order()
        return _read_only(self._order)

    @property
    def shuffle(self) -> Shuffle | None:
        """A large full order in the two steps of which it was drawn, for the readout; else None."""
        self._refuse_wiped()
        return self._shuffle

    @property
    def mask(self) -> NDArray[np.uint16] | None:
        """What is added to each emitted sample modulo 2**bits, read-only uint16 (P, C), or None without a mask.

        All 16 bits are keystream: reduce modulo 2**bits after adding or subtracting.
        """
        self._refuse_wiped()
        return None if self._mask is None else _read_only(self._mask)

    @property
    def tag_key(self) -> memoryview:
        """The one-time Poly1305 key of this frame, 32 bytes; a view that `wipe` overwrites."""
        self._refuse_wiped()
        return memoryview(self._tag_key).toreadonly()

    @property
    def inverse_order(self) -> NDArray[np.uint32]:
        """Where each pixel was emitted, read-only uint32 (P,): inverse_order[order[q]] = q; computed once."""
        self._refuse_wiped()
        if self._inverse_order is None:
            self._inverse_order = invert_order(self.order)
        return _read_only(self._inverse_order)

    def derived_order(self, label: str, positions: int) -> NDArray[np.uint32]:
        """Draw the order of a raster that the host makes from this frame, uint32 (positions,), under its own label.

        It follows the policy: one for the epoch where the order is static, and the identity where it is raster.
        """
        self._refuse_wiped()
        if self.policy.order == "raster":
            return raster_order(positions)
        key = named_key(self._isp_key, label, positions)
        order = full_order(Keystream(key, self.counter if self.policy.refresh == "frame" else STATIC_NONCE), positions)
        wipe(key)
        return order

    def wipe(self) -> None:
        """Overwrite the secrets of this frame and refuse further use.

        A static order belongs to the epoch: it is let go, and overwritten by KeySchedule.wipe. Python may have made copies
        that this cannot reach; docs/key-schedule.md says which.
        """
        own = self._order if self.policy.refresh == "frame" or self._shuffle is not None else None
        if self.policy.refresh == "frame" and self._shuffle is not None:
            self._shuffle.wipe()
        for secret in (own, self._mask, self._inverse_order):
            if secret is not None:
                secret.fill(0)
        wipe(self._tag_key)
        wipe(self._isp_key)
        self._wiped = True
        self._order, self._shuffle, self._mask, self._inverse_order = None, None, None, None

    def _refuse_wiped(self) -> None:
        if self._wiped:
            raise RuntimeError(f"the key of frame {self.counter} was wiped: make it again from its schedule")

    def __repr__(self) -> str:
        return f"<FrameKey of frame {self.counter}, device {self.device!r}, client {self.client!r}, epoch {self.epoch}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a FrameKey is never pickled or copied")


def _read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    view = array.view()
    view.flags.writeable = False
    return view

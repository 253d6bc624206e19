"""From the master secret to the secrets of one frame: one derived key for each use, one nonce for each frame."""

import struct
import threading
from typing import NoReturn, TypeVar

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from numpy.typing import NDArray

from adc.geometry import Geometry
from adc.keystream import COUNTER_LIMIT, KEY_BYTES, Keystream
from adc.orders import drawn_order, full_order, invert_order, raster_order
from adc.policy import SECURE, ReadoutPolicy
from adc.shuffle import Shuffle

KEY_VERSION = 1
EPOCH_LIMIT = 2**64
MOST_DEVICE_BYTES = 64
Scalar = TypeVar("Scalar", bound=np.generic)
_STATIC_NONCE = 0  # a static policy has keys of its own, so this nonce never meets a frame counter


class FrameKey:
    """The secrets of one frame; made by KeySchedule.frame_key, never printed and never pickled.

    Attributes
    ----------
    counter, epoch, device, policy, geometry
        What the key was made for.
    """

    def __init__(
        self,
        *,
        counter: int,
        epoch: int,
        device: str,
        policy: ReadoutPolicy,
        geometry: Geometry,
        order: NDArray[np.uint32] | Shuffle,
        mask: NDArray[np.uint16] | None,
        tag_key: bytes,
        isp_key: bytes,
    ) -> None:
        self.counter = counter
        self.epoch = epoch
        self.device = device
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
    def tag_key(self) -> bytes:
        """The one-time Poly1305 key of this frame, 32 bytes."""
        self._refuse_wiped()
        return bytes(self._tag_key)

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
        key = _expanded(bytes(self._isp_key), label, positions)
        return full_order(Keystream(key, _order_nonce(self.policy, self.counter)), positions)

    def wipe(self) -> None:
        """Overwrite the secrets of this frame and refuse further use.

        A static order belongs to the epoch: it is let go and not overwritten. Python may have made copies that this
        cannot reach.
        """
        own = self._order if self.policy.refresh == "frame" or self._shuffle is not None else None
        if self.policy.refresh == "frame" and self._shuffle is not None:
            self._shuffle.wipe()
        for secret in (own, self._mask, self._inverse_order):
            if secret is not None:
                secret.fill(0)
        for key in (self._tag_key, self._isp_key):
            key[:] = bytes(len(key))
        self._wiped = True
        self._order, self._shuffle, self._mask, self._inverse_order = None, None, None, None

    def _refuse_wiped(self) -> None:
        if self._wiped:
            raise RuntimeError(f"the key of frame {self.counter} was wiped: make it again from its schedule")

    def __repr__(self) -> str:
        return f"<FrameKey of frame {self.counter}, epoch {self.epoch}, device {self.device!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a FrameKey is never pickled or copied")


class LayerOrders:
    """The secret orders of a network's layers, fixed for an epoch; made by KeySchedule.layer_orders."""

    def __init__(self, layer_key: bytes, epoch: int) -> None:
        self._layer_key = layer_key
        self.epoch = epoch

    def order(self, name: str, positions: int) -> NDArray[np.uint32]:
        """The order of the dense output of one layer, uint32 (positions,); each name and size has its own."""
        return full_order(Keystream(_expanded(self._layer_key, name, positions), _STATIC_NONCE), positions)

    def __repr__(self) -> str:
        return f"<LayerOrders of epoch {self.epoch}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("LayerOrders are never pickled or copied")


class KeySchedule:
    """Everything that a device's master secret yields: HKDF-SHA256 (RFC 5869) for keys, ChaCha20 for what they draw.

    Parameters
    ----------
    master
        32 secret bytes.
    device
        Name of the camera, 1 to 64 bytes of UTF-8.
    epoch
        0 to 2**64 - 1. A new epoch gives new keys everywhere, and only then may its frame counter begin again.
    policy
        What the readout keeps secret; SECURE unless told.
    """

    def __init__(self, master: bytes, *, device: str = "cam0", epoch: int = 0, policy: ReadoutPolicy = SECURE) -> None:
        if not isinstance(master, bytes | bytearray) or len(master) != KEY_BYTES:
            size = f"{len(master)} bytes" if isinstance(master, bytes | bytearray) else f"a {type(master).__name__}"
            raise ValueError(f"master = {size}: allowed is {KEY_BYTES} bytes")
        if not isinstance(policy, ReadoutPolicy):
            raise ValueError(f"policy = {policy!r}: allowed is a ReadoutPolicy, such as adc.POLICIES['secure']")
        check_device(device)
        check_epoch(epoch)
        self._master = bytes(master)
        self.device = device
        self.epoch = epoch
        self.policy = policy
        self._lock = threading.Lock()
        self._label_keys: dict[Geometry, dict[str, bytes]] = {}
        self._static_orders: dict[Geometry, NDArray[np.uint32] | Shuffle] = {}

    def frame_key(self, counter: int, geometry: Geometry) -> FrameKey:
        """Make the key of frame number counter, 0 to 2**64 - 1.

        The same counter gives the same key: whoever emits frames takes counters from a CounterStore.
        """
        check_counter(counter)
        keys = self._keys_of(geometry)
        mask = None
        if self.policy.mask:
            mask = Keystream(keys["mask"], counter).half_words(geometry.pixels * geometry.channels)
            mask = mask.reshape(geometry.pixels, geometry.channels)
        return FrameKey(
            counter=counter,
            epoch=self.epoch,
            device=self.device,
            policy=self.policy,
            geometry=geometry,
            order=self._order_of(counter, geometry, keys["order"]),
            mask=mask,
            tag_key=Keystream(keys["tag"], counter).octets(KEY_BYTES).tobytes(),
            isp_key=keys["isp"],
        )

    def layer_orders(self, epoch: int | None = None) -> LayerOrders:
        """Make the secret orders of a network's layers for an epoch, this schedule's own unless told."""
        chosen = self.epoch if epoch is None else epoch
        check_epoch(chosen)
        return LayerOrders(self._derived("layer", chosen), chosen)

    def _keys_of(self, geometry: Geometry) -> dict[str, bytes]:
        with self._lock:
            if geometry not in self._label_keys:
                size = struct.pack(">HHB", geometry.height, geometry.width, geometry.bits)
                self._label_keys[geometry] = {
                    label: self._derived(label, self.epoch, size, geometry.cfa.encode())
                    for label in ("order", "mask", "tag", "isp")
                }
            return self._label_keys[geometry]

    def _order_of(self, counter: int, geometry: Geometry, key: bytes) -> NDArray[np.uint32] | Shuffle:
        if self.policy.refresh == "frame":
            return drawn_order(self.policy.order, Keystream(key, counter), geometry)
        with self._lock:
            if geometry not in self._static_orders:
                drawn = drawn_order(self.policy.order, Keystream(key, _STATIC_NONCE), geometry)
                self._static_orders[geometry] = drawn
            return self._static_orders[geometry]

    def _derived(self, label: str, epoch: int, *where: bytes) -> bytes:
        policy = f"{self.policy.order} {self.policy.refresh} {'mask' if self.policy.mask else 'no-mask'}"
        info = _joined(
            b"keycam", bytes([KEY_VERSION]), label.encode(), self.device.encode(), struct.pack(">Q", epoch),
            policy.encode(), *where,
        )  # fmt: skip
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._master)

    def __repr__(self) -> str:
        return f"<KeySchedule of device {self.device!r}, epoch {self.epoch}, {self.policy}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a KeySchedule is never pickled or copied")


def check_device(device: str) -> None:
    """Raise ValueError unless device is a name of 1 to 64 bytes of printable text."""
    if not isinstance(device, str) or not device.isprintable() or not 1 <= len(device.encode()) <= MOST_DEVICE_BYTES:
        raise ValueError(f"device = {device!r}: allowed is 1 to {MOST_DEVICE_BYTES} bytes of printable text")


def check_epoch(epoch: int) -> None:
    """Raise ValueError unless epoch is a whole number from 0 to 2**64 - 1."""
    if not isinstance(epoch, int) or not 0 <= epoch < EPOCH_LIMIT:
        raise ValueError(f"epoch = {epoch}: allowed is 0 to 2**64 - 1")


def check_counter(counter: int) -> None:
    """Raise ValueError unless counter is a whole number from 0 to 2**64 - 1."""
    if not isinstance(counter, int) or not 0 <= counter < COUNTER_LIMIT:
        raise ValueError(f"counter = {counter}: allowed is 0 to 2**64 - 1")


def _order_nonce(policy: ReadoutPolicy, counter: int) -> int:
    return counter if policy.refresh == "frame" else _STATIC_NONCE


def _expanded(key: bytes, name: str, positions: int) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, info=_joined(name.encode(), struct.pack(">Q", positions))).derive(key)


def _joined(*fields: bytes) -> bytes:
    # Each field carries its length, so that no two lists of fields give the same bytes.
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def _read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    view = array.view()
    view.flags.writeable = False
    return view

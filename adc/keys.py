"""From the secret of an epoch to the secrets of one frame: one derived key for each use, one nonce for each frame."""

import threading
import weakref
from types import TracebackType
from typing import NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from adc.derivation import Secret, check_secret, epoch_secret, label_key, named_key, wipe
from adc.frame_key import STATIC_NONCE, FrameKey
from adc.geometry import Geometry
from adc.keystream import KEY_BYTES, Keystream
from adc.names import DEFAULT_CLIENT, check_client, check_counter, check_device, check_epoch
from adc.orders import drawn_order, full_order
from adc.policy import SECURE, ReadoutPolicy
from adc.shuffle import Shuffle

_FRAME_LABELS = ("order", "mask", "tag", "isp")


class LayerOrders:
    """The secret orders of a network's layers, fixed for an epoch; made by KeySchedule.layer_orders.

    Its end as a context manager, or `wipe`, overwrites its key and refuses further use.
    """

    def __init__(self, layer_key: bytearray, epoch: int) -> None:
        self._layer_key = layer_key
        self._wiped = False
        self.epoch = epoch

    def order(self, name: str, positions: int) -> NDArray[np.uint32]:
        """The order of the dense output of one layer, uint32 (positions,); each name and size has its own."""
        if self._wiped:
            raise RuntimeError(f"the layer orders of epoch {self.epoch} were wiped: make them again from their schedule")
        key = named_key(self._layer_key, name, positions)
        order = full_order(Keystream(key, STATIC_NONCE), positions)
        wipe(key)
        return order

    def wipe(self) -> None:
        """Overwrite the key of the orders; those already drawn are their owner's to overwrite."""
        wipe(self._layer_key)
        self._wiped = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"<LayerOrders of epoch {self.epoch}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("LayerOrders are never pickled or copied")


class KeySchedule:
    """Everything that one client of a device has for one epoch: HKDF-SHA256 for keys, ChaCha20 for what they draw.

    Only the secret of the epoch is kept, never the master. As a context manager it ends with `wipe`.

    Parameters
    ----------
    master
        32 secret bytes, the device's; a client gets the secret of an epoch instead: `from_epoch_secret`.
    device
        Name of the camera, 1 to 64 bytes of UTF-8.
    client
        Name of the host that frames are for, 1 to 64 bytes of UTF-8; each client of a device has keys of its own.
    epoch
        0 to 2**64 - 1. A new epoch gives a client new keys everywhere, and only then may its frame counter begin again.
    policy
        What the readout keeps secret; SECURE unless told.
    """

    def __init__(
        self,
        master: Secret,
        *,
        device: str = "cam0",
        client: str = DEFAULT_CLIENT,
        epoch: int = 0,
        policy: ReadoutPolicy = SECURE,
    ) -> None:
        self._begin(epoch_secret(master, device=device, client=client, epoch=epoch), device, client, epoch, policy)

    @classmethod
    def from_epoch_secret(
        cls, secret: Secret, *, device: str, client: str = DEFAULT_CLIENT, epoch: int, policy: ReadoutPolicy = SECURE
    ) -> Self:
        """The schedule of a client from what it was given: `adc.epoch_secret(master, device=, client=, epoch=)`.

        It equals the one that the master makes for these names; with other names than its own a secret gives useless keys.
        """
        check_secret("secret", secret)
        check_device(device)
        check_client(client)
        check_epoch(epoch)
        schedule = cls.__new__(cls)
        schedule._begin(bytearray(secret), device, client, epoch, policy)
        return schedule

    def _begin(self, secret: bytearray, device: str, client: str, epoch: int, policy: ReadoutPolicy) -> None:
        if not isinstance(policy, ReadoutPolicy):
            raise ValueError(f"policy = {policy!r}: allowed is a ReadoutPolicy, such as adc.POLICIES['secure']")
        self.device = device
        self.client = client
        self.epoch = epoch
        self.policy = policy
        self._secret = secret
        self._wiped = False
        self._lock = threading.Lock()
        self._label_keys: dict[Geometry, dict[str, bytearray]] = {}
        self._static_orders: dict[Geometry, NDArray[np.uint32] | Shuffle] = {}
        self._static_keys: weakref.WeakSet[FrameKey] = weakref.WeakSet()

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
        tag_key = Keystream(keys["tag"], counter).octets(KEY_BYTES)
        frame_key = FrameKey(
            counter=counter,
            device=self.device,
            client=self.client,
            epoch=self.epoch,
            policy=self.policy,
            geometry=geometry,
            order=self._order_of(counter, geometry, keys["order"]),
            mask=mask,
            tag_key=bytearray(tag_key.data),
            isp_key=keys["isp"],
        )
        tag_key.fill(0)
        if self.policy.refresh == "static":
            with self._lock:
                self._static_keys.add(frame_key)
        self._refuse_wiped()
        return frame_key

    def layer_orders(self, epoch: int | None = None) -> LayerOrders:
        """Make the secret orders of a network's layers for an epoch, this schedule's own unless told.

        The camera knows nothing of them: a host may draw them anew, by another number here, as often as it likes.
        """
        chosen = self.epoch if epoch is None else epoch
        check_epoch(chosen)
        with self._lock:
            return LayerOrders(self._derived("layer", chosen), chosen)

    def wipe(self) -> None:
        """Overwrite the secrets of the schedule, and of frame keys that share its static orders, and refuse further use.

        Python may have made copies that this cannot reach; docs/key-schedule.md says which.
        """
        with self._lock:
            self._wiped = True
            wipe(self._secret)
            for keys in self._label_keys.values():
                for key in keys.values():
                    wipe(key)
            for frame_key in self._static_keys:
                frame_key.wipe()
            for order in self._static_orders.values():
                if isinstance(order, Shuffle):
                    order.wipe()
                else:
                    order.fill(0)

    def _keys_of(self, geometry: Geometry) -> dict[str, bytearray]:
        with self._lock:
            if geometry not in self._label_keys:
                derived = {label: self._derived(label, self.epoch, geometry) for label in _FRAME_LABELS}
                self._label_keys[geometry] = derived
            return self._label_keys[geometry]

    def _order_of(self, counter: int, geometry: Geometry, key: bytearray) -> NDArray[np.uint32] | Shuffle:
        if self.policy.refresh == "frame":
            return drawn_order(self.policy.order, Keystream(key, counter), geometry)
        with self._lock:
            if geometry not in self._static_orders:
                drawn = drawn_order(self.policy.order, Keystream(key, STATIC_NONCE), geometry)
                self._static_orders[geometry] = drawn
            return self._static_orders[geometry]

    def _derived(self, label: str, epoch: int, geometry: Geometry | None = None) -> bytearray:
        self._refuse_wiped()
        names = {"device": self.device, "client": self.client}
        return label_key(self._secret, label, **names, epoch=epoch, policy=self.policy, geometry=geometry)

    def _refuse_wiped(self) -> None:
        if self._wiped:
            raise RuntimeError(f"the key schedule of device {self.device!r}, epoch {self.epoch}, was wiped: make it again")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"<KeySchedule of device {self.device!r}, client {self.client!r}, epoch {self.epoch}, {self.policy}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a KeySchedule is never pickled or copied")

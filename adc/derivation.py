"""One secret from another, and what each is bound to: HKDF-SHA256 (RFC 5869), byte by byte as docs/key-schedule.md says."""

import struct

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from adc.geometry import Geometry
from adc.keystream import KEY_BYTES
from adc.names import check_client, check_device, check_epoch
from adc.policy import ReadoutPolicy

KEY_VERSION = 2
Secret = bytes | bytearray


def epoch_secret(master: Secret, *, device: str, client: str, epoch: int) -> bytearray:
    """The secret of one client of one device for one epoch, 32 bytes: all that this client is ever given.

    It says nothing about the master, other clients or other epochs. Whoever has it reads the client's frames of that epoch
    and could make such frames, as camera and client share it.
    """
    check_secret("master", master)
    check_device(device)
    check_client(client)
    check_epoch(epoch)
    info = joined(b"keycam", bytes([KEY_VERSION]), b"epoch", *_named(device, client, epoch))
    return bytearray(HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(master))


def label_key(
    secret: Secret, label: str, *, device: str, client: str, epoch: int, policy: ReadoutPolicy, geometry: Geometry | None = None
) -> bytearray:
    """The key of one use, 32 bytes, from an epoch secret: `label` is order, mask, tag, isp or, without geometry, layer."""
    what = f"{policy.order} {policy.refresh} {'mask' if policy.mask else 'no-mask'}".encode()
    size = (
        () if geometry is None else (struct.pack(">HHB", geometry.height, geometry.width, geometry.bits), geometry.cfa.encode())
    )
    return _expanded(secret, b"keycam", bytes([KEY_VERSION]), label.encode(), *_named(device, client, epoch), what, *size)


def named_key(key: Secret, name: str, positions: int) -> bytearray:
    """The key of one order of the host, 32 bytes, from the key of the label isp or layer: each name and size has its own."""
    return _expanded(key, name.encode(), struct.pack(">Q", positions))


def joined(*fields: bytes) -> bytes:
    """Fields one after the other, each behind its length, so that no two lists of fields give the same bytes."""
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def check_secret(name: str, secret: Secret) -> None:
    """Raise ValueError unless `secret`, called `name`, is 32 bytes."""
    if not isinstance(secret, bytes | bytearray) or len(secret) != KEY_BYTES:
        size = f"{len(secret)} bytes" if isinstance(secret, bytes | bytearray) else f"a {type(secret).__name__}"
        raise ValueError(f"{name} = {size}: allowed is {KEY_BYTES} bytes")


def wipe(secret: bytearray) -> None:
    """Overwrite a secret with zeros."""
    secret[:] = bytes(len(secret))


def _named(device: str, client: str, epoch: int) -> tuple[bytes, bytes, bytes]:
    return device.encode(), client.encode(), struct.pack(">Q", epoch)


def _expanded(key: Secret, *fields: bytes) -> bytearray:
    return bytearray(HKDFExpand(SHA256(), KEY_BYTES, info=joined(*fields)).derive(key))

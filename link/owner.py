"""Who owns a camera: the root of its owner's sessions, where the owner has the device's key file."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from adc.derivation import Secret, check_secret, joined
from adc.names import check_device
from link.messages.handshake import PROTOCOL_VERSION


def provisioning_secret(master: Secret, device: str) -> bytes:
    """The provisioning secret of a camera that keycam models, 32 bytes, from the master of the device's key file.

    A maker draws 32 random bytes for each device instead. Whoever has the master could make every key of the device anyway;
    a client, which is given the secret of an epoch, learns nothing of this one. docs/protocol.md, "Before the first key".
    """
    check_secret("master", master)
    check_device(device)
    info = joined(b"keycam link", bytes([PROTOCOL_VERSION]), b"provisioning", device.encode())
    return HKDFExpand(SHA256(), 32, info=info).derive(master)

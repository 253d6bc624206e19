"""What is burnt into one camera when it is made: nothing on its link shows or changes it."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from adc.derivation import check_secret, joined
from adc.names import check_device
from firmware_model.flash import Flash, FlashError

_RECORD = "camera"


@dataclass(frozen=True)
class Fuses:
    """One camera's name and secret.

    Attributes
    ----------
    device
        The name that frames bear and keys belong to, 1 to 64 bytes of printable text.
    provisioning_secret
        32 bytes, the root of its owner's sessions; the key under which slots lie in flash follows from it.
    serial_number
        Up to 16 bytes of printable text.

    Raises ValueError for anything else.
    """

    device: str
    provisioning_secret: bytes = field(repr=False)
    serial_number: str = "SIM"

    def __post_init__(self) -> None:
        check_device(self.device)
        check_secret("provisioning_secret", self.provisioning_secret)
        if not self.serial_number.isprintable() or not 1 <= len(self.serial_number.encode()) <= 16:
            raise ValueError(f"serial_number = {self.serial_number!r}: allowed is 1 to 16 bytes of printable text")

    @property
    def storage_key(self) -> bytes:
        """32 bytes under which key slots are sealed."""
        return self._derived(b"slots")

    def claim(self, flash: Flash) -> None:
        """Make a flash this camera's, or find that it is. Raises FlashError where it is another's, and what the flash raises."""
        mark = self._derived(b"mark")[:8]
        found = flash.read(_RECORD)
        if found is None:
            flash.write(_RECORD, mark)
        elif found != mark:
            raise FlashError(f"state = {flash.folder}: it is another camera's; allowed is the folder of this one, or a new one")

    def _derived(self, label: bytes) -> bytes:
        info = joined(b"keycam fuses", label, self.device.encode())
        return HKDFExpand(SHA256(), 32, info=info).derive(self.provisioning_secret)

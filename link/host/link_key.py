"""What opens a session: a client's epoch secret, or the owner's provisioning secret."""

from dataclasses import dataclass, field
from typing import NoReturn, Self

from adc.derivation import Secret, check_secret
from adc.names import check_client, check_device, check_epoch
from link.messages import Role
from link.session import check_value


@dataclass(frozen=True)
class LinkKey:
    """The root of a host's sessions, and whose it is.

    Made by `of_client` or `of_owner`. Never printed or pickled.

    Attributes
    ----------
    role
        CLIENT takes frames and writes registers; OWNER also puts keys into the camera's slots.
    root
        32 secret bytes.
    device
        Name of the camera; of an owner's key it may be empty, where any camera with this secret will do.
    client, epoch
        Of a client's key; empty and 0 for the owner.
    """

    role: Role
    root: bytes = field(repr=False)
    device: str
    client: str = ""
    epoch: int = 0

    def __post_init__(self) -> None:
        if self.role not in (Role.CLIENT, Role.OWNER):
            raise ValueError(f"role = {self.role}: allowed is CLIENT or OWNER")
        check_secret("root", self.root)
        check_epoch(self.epoch)
        if self.role is Role.CLIENT:
            check_device(self.device)
            check_client(self.client)
        elif self.client or self.epoch:
            raise ValueError(f"client = {self.client!r}, epoch = {self.epoch}: allowed for an owner is none of them")

    @classmethod
    def of_client(cls, secret: Secret, *, device: str, client: str, epoch: int) -> Self:
        """From `adc.epoch_secret(master, device=, client=, epoch=)`."""
        check_secret("secret", secret)
        return cls(Role.CLIENT, bytes(secret), device, client, epoch)

    @classmethod
    def of_owner(cls, secret: Secret, *, device: str = "") -> Self:
        """From the provisioning secret of a device."""
        check_secret("secret", secret)
        return cls(Role.OWNER, bytes(secret), device)

    @property
    def check(self) -> bytes:
        """The check value of a client's key, 8 bytes, as the camera's slots show it."""
        if self.role is not Role.CLIENT:
            raise ValueError("role = OWNER: allowed is a client's key, as owners have none in a slot")
        return check_value(self.root, device=self.device, client=self.client, epoch=self.epoch)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a LinkKey is never pickled or copied")

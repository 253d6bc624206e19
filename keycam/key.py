"""A secret and what it belongs to: the master of a device, or what one client was given for one epoch."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NoReturn, Self, get_args

if TYPE_CHECKING:
    from adc import KeySchedule, ReadoutPolicy

Purpose = Literal["device", "client"]
MOST_CLIENTS = 256


class KeyFileError(ValueError):
    """A key file that cannot be read, made or used: the message names it and what is allowed, and never the key."""


@dataclass(frozen=True)
class ClientEpoch:
    """Where one client stands: its epoch, and whether the device has stopped making frames for it."""

    epoch: int = 0
    revoked: bool = False


@dataclass(frozen=True)
class KeyCard:
    """What a key file says in clear, and what its guard vouches for.

    Attributes
    ----------
    purpose
        "device": the secret is the master of a device; "client": it is the secret of one client for one epoch.
    device
        Name of the camera.
    clients
        Every client of the device; of a client's key, that client alone.
    created
        When the key was made, UTC, ISO 8601 to the second; empty where nobody noted it.
    fingerprint
        16 hexadecimal digits that name the secret.
    """

    purpose: Purpose
    device: str
    clients: Mapping[str, ClientEpoch]
    created: str
    fingerprint: str

    def __post_init__(self) -> None:
        from adc.names import check_client, check_device, check_epoch

        if self.purpose not in get_args(Purpose):
            raise ValueError(f"purpose = {self.purpose!r}: allowed is {', '.join(get_args(Purpose))}")
        check_device(self.device)
        if not 1 <= len(self.clients) <= MOST_CLIENTS:
            raise ValueError(f"clients = {len(self.clients)}: allowed is 1 to {MOST_CLIENTS}")
        for name, client in self.clients.items():
            check_client(name)
            check_epoch(client.epoch)
            if not isinstance(client.revoked, bool):
                raise ValueError(f"revoked = {client.revoked!r}: allowed is True or False")
        if self.purpose == "client" and [client.revoked for client in self.clients.values()] != [False]:
            raise ValueError("clients: allowed is one that is not revoked, in the key of a client")
        if not isinstance(self.created, str) or not re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?", self.created, re.ASCII):
            raise ValueError(f"created = {self.created!r}: allowed is a time such as 2026-01-31T12:00:00Z")
        if not isinstance(self.fingerprint, str) or not re.fullmatch("[0-9a-f]{16}", self.fingerprint):
            raise ValueError(f"fingerprint = {self.fingerprint!r}: allowed is 16 hexadecimal digits")

    def client(self, name: str | None) -> str:
        """The client called `name`, or without a name the only one there is. Raises ValueError for others and revoked ones."""
        active = [known for known, client in self.clients.items() if not client.revoked]
        allowed = f"allowed is {', '.join(active) or 'none, as all are revoked'}"
        if name is None:
            if len(active) != 1:
                raise ValueError(f"client: this key has {len(active)} active ones; {allowed}")
            return active[0]
        if name not in self.clients:
            raise ValueError(f"client = {name!r}: this key has none of that name; {allowed}")
        if name not in active:
            raise ValueError(f"client = {name!r}: it is revoked; {allowed}")
        return name

    def rotated(self, name: str | None) -> "KeyCard":
        """The card with the next epoch for one client, or without a name for every one that is not revoked."""
        self._refuse_of_a_client()
        chosen = [self.client(name)] if name is not None else [n for n, client in self.clients.items() if not client.revoked]
        return self._changed({each: ClientEpoch(self.clients[each].epoch + 1) for each in chosen})

    def without(self, name: str) -> "KeyCard":
        """The card with a client revoked: its epoch ends, and the next one is made for nobody."""
        self._refuse_of_a_client()
        return self._changed({name: ClientEpoch(self.clients[self.client(name)].epoch + 1, revoked=True)})

    def admitting(self, name: str) -> "KeyCard":
        """The card with a client more, or with a revoked one back, in an epoch that nobody had before."""
        self._refuse_of_a_client()
        before = self.clients.get(name)
        if before is not None and not before.revoked:
            raise ValueError(f"client = {name!r}: it is a client already; allowed is a new name or a revoked client")
        return self._changed({name: ClientEpoch() if before is None else ClientEpoch(before.epoch + 1)})

    def _refuse_of_a_client(self) -> None:
        if self.purpose == "client":
            raise KeyFileError(f"purpose = client: this key is one client's for one epoch; {DEVICE_ONLY}")

    def _changed(self, clients: dict[str, ClientEpoch]) -> "KeyCard":
        return replace(self, clients={**self.clients, **clients})


DEVICE_ONLY = "allowed is the key of a device"


@dataclass(frozen=True)
class Key:
    """A secret with its card; a context manager that overwrites the secret at its end. Never printed, never pickled."""

    card: KeyCard
    secret: bytearray = field(repr=False)

    def schedule(self, policy: "ReadoutPolicy", client: str | None = None) -> "KeySchedule":
        """The key schedule of a client in its epoch; without a name that of the only client."""
        from adc import KeySchedule

        name = self.card.client(client)
        names = {"device": self.card.device, "client": name}
        epoch = self.card.clients[name].epoch
        if self.card.purpose == "client":
            return KeySchedule.from_epoch_secret(self.secret, **names, epoch=epoch, policy=policy)
        return KeySchedule(self.secret, **names, epoch=epoch, policy=policy)

    def of_client(self, client: str) -> "Key":
        """What a client is given of a device's key: the secret of its present epoch and nothing else."""
        from adc import epoch_secret

        self.card._refuse_of_a_client()
        entry = self.card.clients[self.card.client(client)]
        secret = epoch_secret(self.secret, device=self.card.device, client=client, epoch=entry.epoch)
        return Key(KeyCard("client", self.card.device, {client: entry}, now(), fingerprint(secret)), secret)

    def with_card(self, card: KeyCard) -> "Key":
        """The same secret, not a copy of it, under another card."""
        return Key(card, self.secret)

    def wipe(self) -> None:
        """Overwrite the secret with zeros."""
        self.secret[:] = bytes(len(self.secret))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wipe()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Key is never pickled or copied")


def new_key(device: str, clients: list[str]) -> Key:
    """A fresh master for a device and its clients, each in epoch 0."""
    secret = bytearray(secrets.token_bytes(32))
    return Key(KeyCard("device", device, {name: ClientEpoch() for name in clients}, now(), fingerprint(secret)), secret)


def fingerprint(secret: bytes | bytearray) -> str:
    """A name for a key that says nothing about it: 16 hexadecimal digits of a hash under its own label."""
    return hashlib.blake2b(secret, digest_size=8, person=b"keycam print").hexdigest()


def now() -> str:
    """The time to the second, UTC, as a card has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""The keys of a board, as far as a run has them: who may open which session, and read which frames."""

from dataclasses import dataclass

from adc import POLICIES, KeySchedule, epoch_secret
from hil.options import HilOptions
from keycam.key import Key
from keycam.keyfile import open_key
from keycam.passphrase import known_passphrase
from link.host import LinkKey
from link.owner import provisioning_secret

DEVICE, CLIENT = "hil", "host"
"""Names in the keys of cameras that are started for the tests."""


@dataclass(frozen=True)
class BoardKeys:
    """What opens sessions with a board; what is None is not known here.

    Attributes
    ----------
    client
        Of the client whose frames are looked at.
    owner
        Of the device's owner, who puts keys into slots.
    """

    client: LinkKey | None = None
    owner: LinkKey | None = None

    def schedule(self, policy: str) -> KeySchedule:
        """The key schedule of the client's frames under a policy by name. Raises ValueError without a client's key."""
        if self.client is None:
            raise ValueError("key: there is no client's key; allowed is a board whose key is known")
        return schedule_of(self.client, policy)


def schedule_of(key: LinkKey, policy: str) -> KeySchedule:
    """The key schedule of a client's frames, from what opens its sessions."""
    return KeySchedule.from_epoch_secret(
        key.root, device=key.device, client=key.client, epoch=key.epoch, policy=POLICIES[policy]
    )  # fmt: skip


def keys_of(key: Key, client: str | None) -> BoardKeys:
    """What a key file gives: of a device all of it, of a client its own. Raises ValueError for a client that it has not."""
    name, device = key.card.client(client), key.card.device
    epoch = key.card.clients[name].epoch
    if key.card.purpose == "client":
        return BoardKeys(LinkKey.of_client(key.secret, device=device, client=name, epoch=epoch))
    secret = epoch_secret(key.secret, device=device, client=name, epoch=epoch)
    owner = LinkKey.of_owner(provisioning_secret(key.secret, device), device=device)
    return BoardKeys(LinkKey.of_client(secret, device=device, client=name, epoch=epoch), owner)


def keys_in_file(options: HilOptions) -> BoardKeys:
    """The keys of the board that the options name. Raises KeyFileError, and ValueError for a client that it has not."""
    file = options.key
    if file is None:
        return BoardKeys()
    with open_key(file, lambda: known_passphrase(options.passphrase_file, str(file))) as key:
        return keys_of(key, options.client)

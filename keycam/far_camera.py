"""A camera behind a link and the key of its frames, from a key file."""

from collections.abc import Iterator
from contextlib import contextmanager

from adc import POLICIES, KeySchedule
from keycam.key import Key
from link.host import CameraLink, LinkKey
from link.transport import open_transport


@contextmanager
def far_camera(url: str, key: Key, client: str | None) -> Iterator[tuple[CameraLink, KeySchedule]]:
    """The link to the camera at `url`, and the schedule of its frames for a client of the key; None for the only one.

    Raises ValueError for a client that the key has not, and what link and camera refuse.
    """
    name = key.card.client(client)
    with CameraLink(lambda: open_transport(url), link_key(key, name)) as link:
        policy = POLICIES[str(link.read("readout_policy"))]
        with key.schedule(policy, name) as schedule:
            yield link, schedule


def link_key(key: Key, client: str) -> LinkKey:
    """What a client of the key begins a session with."""
    of_client = key if key.card.purpose == "client" else key.of_client(client)
    epoch = key.card.clients[client].epoch
    return LinkKey.of_client(of_client.secret, device=key.card.device, client=client, epoch=epoch)

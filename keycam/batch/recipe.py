"""The recipe of a batch: all that decides what comes out of a frame, and nothing else."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inference.choices import Shuffle
from keycam import __version__
from keycam.key import Key, new_key
from keycam.policy import named_policy
from sensor_sim import SensorProfile

THROW_AWAY = "throw-away"
"""The key's name where every process makes one of its own."""


@dataclass(frozen=True)
class Recipe:
    """What is done with every frame; workers get it and make the rest themselves, so that no key travels.

    Attributes
    ----------
    model, weights
        As `choose_network` takes them.
    digest
        SHA-256 of the weights that are meant.
    size
        (height, width) of the network's picture, px; None as the network and the footage have it.
    profile
        The sensor, whose array is cut to the footage.
    seed
        Draws the die and the noise.
    policy, shuffle
        How frames are read out, and where the keyed network undoes their order.
    key, client, passphrase_file
        Of the camera; None for a throw-away key.
    key_id
        The key's fingerprint, client and epoch.
    reveal, video, record
        Draw on the restored picture and keep masks; write annotated video; write keyed recordings.
    """

    model: str
    weights: Path | None
    digest: str
    size: tuple[int, int] | None
    profile: SensorProfile
    seed: int
    policy: str
    shuffle: Shuffle
    key: Path | None
    client: str | None
    passphrase_file: Path | None
    key_id: str = THROW_AWAY
    reveal: bool = False
    video: bool = True
    record: bool = False
    version: str = field(default=__version__)

    def __post_init__(self) -> None:
        named_policy(self.policy)
        if self.size is not None and (min(self.size) < 2 or any(side % 2 for side in self.size)):
            raise ValueError(f"size = {self.size[0]}x{self.size[1]}: allowed is even sides, HEIGHTxWIDTH")

    def as_json(self) -> dict[str, Any]:
        """What results depend on; paths do not count, what lies there does."""
        said = asdict(self)
        for path in ("weights", "key", "client", "passphrase_file"):
            del said[path]
        return said

    def open_key(self) -> Key:
        """The key that is meant. Raises KeyFileError where the file has another one by now, or on this machine."""
        if self.key is None:
            return new_key("batch", ["host"])
        from keycam.camera_key import open_camera_key
        from keycam.key import KeyFileError

        key = open_camera_key(self.key, self.passphrase_file)
        found = key_id(key, key.card.client(self.client))
        if found != self.key_id:
            key.wipe()
            raise KeyFileError(f"key = {self.key}: it is {found} here; allowed is the key of the batch, {self.key_id}")
        return key


def key_id(key: Key, client: str) -> str:
    """Which frame keys these are, without a word of them."""
    return f"{key.card.fingerprint} {client} epoch {key.card.clients[client].epoch}"


def identity(*parts: Any) -> str:
    """24 hexadecimal digits that differ where the parts, anything that JSON can say, differ."""
    said = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()[:24]

"""What `keycam live` is asked to do."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from inference.choices import Keep
from keycam.live.settings import LiveSettings

Display = Literal["page", "window", "none"]
DEFAULT_PORT = 8000
FAR = "camera:"
BROWSER = "browser"
MOST_FPS = 240.0


@dataclass(frozen=True)
class LivePlan:
    """What is looked at, by which network, under which key, and who may watch.

    Attributes
    ----------
    source
        "demo", a webcam's number, a file, a folder, a URL, "camera:LINK", or "browser": the visitor's own webcam alone.
    display
        "page", "window", or "none".
    model, weights
        Which network.
    policy
        By name; None for "secure", or what a camera on a wire has.
    settings
        What else the visitor may change later.
    key, client, passphrase_file
        As `keycam infer` takes them; without a key one is made for this run.
    keep
        "latest" or "all"; None leaves it to the source.
    fps
        Frames a second of files and of the demonstration.
    frames
        How many results are wanted; None for no end.
    host, port, browser
        Where the page is served, and whether it is opened.
    record
        Folder of a recording to make.
    corrections
        File of those of the camera on the wire.
    seed
        Of the camera's die and noise.

    Raises
    ------
    ValueError
        where a field is out of range or two do not go together.
    """

    source: str = "demo"
    display: Display = "page"
    model: str = "resnet20"
    weights: Path | None = None
    policy: str | None = None
    settings: LiveSettings = field(default_factory=LiveSettings)
    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None
    keep: Keep | None = None
    fps: float = 30.0
    frames: int | None = None
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    browser: bool = True
    record: Path | None = None
    seed: int = 0
    corrections: Path | None = None

    def __post_init__(self) -> None:
        if self.keep is not None and self.keep not in get_args(Keep):
            raise ValueError(f"keep = {self.keep!r}: allowed is {' or '.join(get_args(Keep))}")
        if not 0 < self.fps <= MOST_FPS:
            raise ValueError(f"fps = {self.fps:g}: allowed is above 0, up to {MOST_FPS:g}")
        if self.frames is not None and self.frames < 1:
            raise ValueError(f"frames = {self.frames}: allowed is 1 or more")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port = {self.port}: allowed is 0 to 65535")
        if self.record is not None and self.key is None:
            raise ValueError(f"record = {self.record}: allowed is with --key, as a throw-away key would read it never again")
        if self.corrections is not None and self.link is None:
            allowed = "with the source camera:LINK, for the camera that they were measured of"
            raise ValueError(f"corrections = {self.corrections}: allowed is {allowed}")
        if self.link is not None:
            self._refuse_what_a_far_camera_has()
        if self.source == BROWSER and self.display != "page":
            raise ValueError("source = browser: allowed is with the page, which hands the visitor's webcam over")

    def _refuse_what_a_far_camera_has(self) -> None:
        if not self.link:
            raise ValueError(f"source = {self.source}: it names no link; allowed is such as camera:/dev/ttyUSB0")
        if self.key is None:
            raise ValueError(f"key: there is none for the camera at {self.link}; allowed is its key file, with --key")
        if self.policy is not None:
            raise ValueError(f"policy = {self.policy}: allowed is none for a camera on a wire, which has its own")

    @property
    def link(self) -> str | None:
        """Where the camera listens that is behind a link; None for one in this process."""
        return self.source.removeprefix(FAR) if self.source.startswith(FAR) else None

    @property
    def needs_token(self) -> bool:
        """Whether others than this machine can reach the page."""
        return not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""What `keycam batch` and `keycam replay` are asked to do; nothing heavy is imported to find out whether it makes sense."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from inference.choices import Shuffle
from keycam.policy import named_policy

MOST_WORKERS = 256
UNIT_FRAMES = 250


@dataclass(frozen=True)
class BatchPlan:
    """The options of `keycam batch`; `workers` and `cluster` exclude each other.

    Attributes
    ----------
    sources
        Videos, pictures, folders, patterns of names.
    out
        Folder of the results.
    size
        HEIGHTxWIDTH of the network's picture, both even; None as the network and the footage have it.
    reveal
        Draw on the restored picture, and keep masks.
    video, record
        Write annotated video; write keyed recordings, which only a key that is kept can read.
    workers
        Processes of this machine.
    cluster
        Address of a Dask scheduler; None for this machine.
    unit_frames
        Frames that are done again at most when a worker is killed.
    """

    sources: tuple[str, ...]
    out: Path
    model: str = "resnet20"
    weights: Path | None = None
    size: str | None = None
    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None
    policy: str = "secure"
    shuffle: str = "input"
    profile: str | None = None
    seed: int = 0
    reveal: bool = False
    video: bool = True
    record: bool = True
    workers: int = 1
    cluster: str | None = None
    unit_frames: int = UNIT_FRAMES

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError("source: there is none; allowed is one or more videos, pictures, folders or patterns")
        if "" in self.sources:
            raise ValueError("source = '': allowed is a video, a picture, a folder, or a pattern such as 'drive/*.mp4'")
        if self.passphrase_file is not None and self.key is None:
            raise ValueError(f"passphrase_file = {self.passphrase_file}: allowed is with --key")
        named_policy(self.policy)
        picture_size(self.size)
        named_shuffle(self.shuffle)
        if not 1 <= self.workers <= MOST_WORKERS:
            raise ValueError(f"workers = {self.workers}: allowed is 1 to {MOST_WORKERS}")
        if not 1 <= self.unit_frames <= 10**6:
            raise ValueError(f"unit_frames = {self.unit_frames}: allowed is 1 to 1000000")
        if self.cluster is not None and self.workers != 1:
            raise ValueError(f"workers = {self.workers}: allowed is without --cluster, which has its own")


@dataclass(frozen=True)
class ReplayPlan:
    """What `keycam replay` is asked to do.

    `recording` is a folder of keyed frames or a lossless .mkv of them, `key` the key file of its device or client, `profile` the
    sensor that they came from, and `corrections` the file of those of their camera. The others are those of `keycam batch`.
    """

    recording: Path
    key: Path
    out: Path
    model: str = "resnet20"
    weights: Path | None = None
    size: str | None = None
    passphrase_file: Path | None = None
    shuffle: str = "input"
    profile: str | None = None
    corrections: Path | None = None
    reveal: bool = False
    video: bool = True

    def __post_init__(self) -> None:
        named_shuffle(self.shuffle)
        picture_size(self.size)


def named_shuffle(name: str) -> Shuffle:
    """Where a keyed network undoes the order. Raises ValueError for an unknown place."""
    if name not in get_args(Shuffle):
        raise ValueError(f"shuffle = {name!r}: allowed is {', '.join(get_args(Shuffle))}")
    return cast(Shuffle, name)


def picture_size(size: str | None) -> tuple[int, int] | None:
    """HEIGHTxWIDTH as two numbers, None as it is. Raises ValueError for another text, and for odd sides."""
    if size is None:
        return None
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size, re.ASCII)
    sides = tuple(int(side) for side in match.groups()) if match else ()
    if len(sides) != 2 or not all(2 <= side <= 8192 and side % 2 == 0 for side in sides):
        raise ValueError(f"size = {size}: allowed is HEIGHTxWIDTH, even and 2 to 8192 each, such as 180x240")
    return sides[0], sides[1]

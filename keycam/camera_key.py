"""The key of a command that plays the camera itself, and the frame counters that belong to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from adc import EPOCH_FRAMES, CounterStore
from adc.counter import CounterStoreError
from keycam.key import DEVICE_ONLY, Key, KeyFileError
from keycam.keyfile import counter_file, open_key
from keycam.passphrase import known_passphrase


def open_camera_key(file: Path, passphrase_file: Path | None) -> Key:
    """The key of a device in a file, plain or sealed. Raises `KeyFileError`, also for the key of a client."""
    key = open_key(file, lambda: known_passphrase(passphrase_file, str(file)))
    if key.card.purpose == "client":
        # Camera and client would keep two counts of frames under one key.
        trouble = "it is a client's, which reads the camera's frames and makes none"
        raise KeyFileError(f"key = {file}: {trouble}; {DEVICE_ONLY}, as this command plays the camera too")
    return key


@contextmanager
def counters_of(file: Path | None, key: Key, client: str, *, reserve: int = 1) -> Iterator[CounterStore | None]:
    """The counter store of a client in a key file; None without one. Raises `KeyFileError` where no counter can be kept.

    `reserve` is how many counters one write to disk pays for, and at most how many the command leaves unused.
    """
    if file is None:
        yield None
        return
    path = counter_file(file, key.card, client)
    try:
        with CounterStore(path, reserve=reserve) as counters:
            if counters.left < EPOCH_FRAMES // 16:
                sentence = f"{counters.left} frames are left in this epoch: begin the next with 'keycam keys rotate'"
                typer.echo(f"keycam: key {file}: {sentence}", err=True)
            yield counters
    except (CounterStoreError, OSError) as error:
        if isinstance(error, OSError) and not str(error.filename).startswith(str(path)):
            raise  # of something else that the command does
        allowed = "allowed is a key in a folder that can be written, with its counter file, for one camera at a time"
        raise KeyFileError(f"key = {file}: its frame counter cannot be kept ({error}); {allowed}") from error

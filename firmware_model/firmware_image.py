"""Which firmware this is: the digest of the program that plays it."""

import hashlib
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ROOMS = ("sensor_sim", "adc", "link", "firmware_model")
VENDOR = "keycam"


@cache
def firmware_hash() -> bytes:
    """SHA-256 over the sources of the rooms that make a camera, each file behind its name: the model has no other image."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        folder = Path(import_module(room).__path__[0])
        for file in sorted(folder.rglob("*.py")):
            name, content = file.relative_to(folder.parent).as_posix().encode(), file.read_bytes()
            for part in (name, content):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def firmware_version() -> str:
    """The version of the package, for people."""
    try:
        return f"model {version('keycam')}"
    except PackageNotFoundError:  # run from a folder that is not installed
        return "model"

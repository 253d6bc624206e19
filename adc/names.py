"""What a frame key is named by, and which names there are: device, client, epoch, counter."""

from adc.keystream import COUNTER_LIMIT

EPOCH_LIMIT = 2**64
MOST_NAME_BYTES = 64
DEFAULT_CLIENT = "host"
"""The client of a camera that has only one."""


def check_device(device: str) -> None:
    """Raise ValueError unless device is a name of 1 to 64 bytes of printable text."""
    _check_name("device", device)


def check_client(client: str) -> None:
    """Raise ValueError unless client is a name of 1 to 64 bytes of printable text."""
    _check_name("client", client)


def check_epoch(epoch: int) -> None:
    """Raise ValueError unless epoch is a whole number from 0 to 2**64 - 1."""
    if not _is_whole(epoch) or not 0 <= epoch < EPOCH_LIMIT:
        raise ValueError(f"epoch = {epoch}: allowed is 0 to 2**64 - 1")


def check_counter(counter: int) -> None:
    """Raise ValueError unless counter is a whole number from 0 to 2**64 - 1."""
    if not _is_whole(counter) or not 0 <= counter < COUNTER_LIMIT:
        raise ValueError(f"counter = {counter}: allowed is 0 to 2**64 - 1")


def _check_name(field: str, name: str) -> None:
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name.encode()) <= MOST_NAME_BYTES:
        raise ValueError(f"{field} = {name!r}: allowed is 1 to {MOST_NAME_BYTES} bytes of printable text")


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)

"""What user and provider send each other: tensors by name as safetensors, which, unlike a pickle, run nothing when read."""

from collections.abc import Mapping
from multiprocessing.connection import Connection

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from inference.datasets import DataError

MOST_BYTES = 256 << 20
"""Of one message; a batch of 128 pictures of 224x224 has 77 MB."""


class ProviderError(DataError):
    """The other end is gone, refuses, or does not speak this protocol."""


class ConnectionBroke(ProviderError):
    """Nothing more can be sent or received."""


def send(connection: Connection, tensors: Mapping[str, Tensor]) -> None:
    """Send named tensors. Raises `ConnectionBroke` where nobody is there any more."""
    try:
        connection.send_bytes(save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}))
    except OSError as error:
        raise _broke(error) from error


def receive(connection: Connection, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Receive tensors of these names. Raises `EOFError` where the other end has hung up, `ConnectionBroke` where it cannot go on,
    also after a message that is too long, and `ProviderError` for a message of anything else.
    """
    return _named(_message(connection), names)


def receive_answer(connection: Connection, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Receive what was asked for as `receive` does; a refusal is a `ProviderError` with the sentence of the other end."""
    tensors = _message(connection)
    sentence = tensors.get("refusal")
    if sentence is not None and sentence.dtype == torch.uint8 and sentence.ndim == 1:
        raise ProviderError(bytes(sentence.tolist()).decode(errors="replace"))
    return _named(tensors, names)


def refuse(connection: Connection, sentence: str) -> None:
    """Tell the other end why it gets no answer."""
    send(connection, {"refusal": torch.tensor(list(sentence.encode()), dtype=torch.uint8)})


def _message(connection: Connection) -> dict[str, Tensor]:
    try:
        message = connection.recv_bytes(MOST_BYTES)
    except OSError as error:
        raise _broke(error) from error
    try:
        tensors: dict[str, Tensor] = load(message)
    # A header may name types that torch does not have, or sizes that are not those of the data.
    except (SafetensorError, KeyError, ValueError, RuntimeError, AssertionError) as error:
        raise ProviderError(f"provider: a message is no safetensors ({error}); allowed is keycam at both ends") from error
    return tensors


def _named(tensors: dict[str, Tensor], names: tuple[str, ...]) -> dict[str, Tensor]:
    if set(tensors) != set(names):
        raise ProviderError(f"provider: a message holds {', '.join(tensors)}; allowed is {', '.join(names)}")
    return tensors


def _broke(error: OSError) -> ConnectionBroke:
    return ConnectionBroke(f"provider: the connection broke ({error}); allowed is to run the same line again")

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


def send(connection: Connection, tensors: Mapping[str, Tensor]) -> None:
    """Send named tensors. Raises `ProviderError` where nobody is there any more."""
    try:
        connection.send_bytes(save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}))
    except OSError as error:
        raise ProviderError(f"provider: the connection broke ({error}); allowed is to run the same line again") from error


def receive(connection: Connection, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Receive tensors of these names. Raises `EOFError` where the other end has hung up, `ProviderError` for all else."""
    try:
        message = connection.recv_bytes(MOST_BYTES)
    except EOFError:
        raise
    except OSError as error:
        raise ProviderError(f"provider: the connection broke ({error}); allowed is to run the same line again") from error
    try:
        tensors = load(message)
    except SafetensorError as error:
        raise ProviderError(f"provider: a message is no safetensors ({error}); allowed is keycam at both ends") from error
    if "refusal" in tensors:
        raise ProviderError(bytes(tensors["refusal"].tolist()).decode(errors="replace"))
    if set(tensors) != set(names):
        raise ProviderError(f"provider: a message holds {', '.join(tensors)}; allowed is {', '.join(names)}")
    return tensors


def refuse(connection: Connection, sentence: str) -> None:
    """Tell the other end why it gets no answer."""
    send(connection, {"refusal": torch.tensor(list(sentence.encode()), dtype=torch.uint8)})

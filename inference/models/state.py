"""Weights from files: safetensors, or the state dict that torch.save wrote."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from inference.datasets import DataError

PICKLED = (".pth", ".pt", ".ckpt", ".bin")
"""Suffixes of files that torch.save writes; every other file is taken for safetensors."""
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
"""Under which names a checkpoint holds the state dict beside the rest of the training."""
PREFIXES = ("module.", "_orig_mod.")
"""What nn.DataParallel and torch.compile put before every name."""


class WeightsError(DataError):
    """Weights that are missing, unreadable or of another network."""


def weights_digest(network: nn.Module) -> str:
    """SHA-256 of all parameters and statistics, with their names, in hex digits."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()


def fill(network: nn.Module, file: Path, whose: str, field: str = "weights") -> nn.Module:
    """Load `file` into `network`, ready to predict; `whose` network and which `field` go into what is said of a bad file.

    Raises `WeightsError` for weights that are not there, not readable or not those of the network.
    """
    state = read_state(file, whose, field)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"{field} = {file}: they belong to another network; {_allowed(whose)}") from error
    return network.eval()


def read_state(file: Path, whose: str, field: str = "weights") -> dict[str, Tensor]:
    """Read the state dict in `file`, without the wrappers and prefixes that training leaves. Raises `WeightsError`."""
    if not file.is_file():
        trouble = "it is a folder" if file.is_dir() else "there is no such file"
        raise WeightsError(f"{field} = {file}: {trouble}; {_allowed(whose)}")
    read = _read_pickled if file.suffix.lower() in PICKLED else _read_safetensors
    return read(file, whose, field)


def _read_safetensors(file: Path, whose: str, field: str) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state: dict[str, Tensor] = load_file(file)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{field} = {file}: it is not a readable safetensors file ({error}); {_allowed(whose)}") from error
    return state


def _read_pickled(file: Path, whose: str, field: str) -> dict[str, Tensor]:
    content = read_tensors(file, field, _allowed(whose))
    for name in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise WeightsError(f"{field} = {file}: it holds no state dict; {_allowed(whose)}")
    state = dict(content)
    for prefix in PREFIXES:
        consume_prefix_in_state_dict_if_present(state, prefix)
    return state


def read_tensors(file: Path, field: str, allowed: str) -> Any:
    """What torch.save wrote to `file`, if it is tensors, numbers and containers of them: no code of the file is run.

    `field` and `allowed` go into what `WeightsError` says.
    """
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle fails in every way there is
        trouble = "it is damaged, or holds more than tensors"
        raise WeightsError(f"{field} = {file}: {trouble}; {allowed}") from error


def _allowed(whose: str) -> str:
    return f"allowed is a safetensors or .pth file with the weights of {whose}"

"""The weights of the lowest validation loss of a training that may be stopped and taken up at any time."""

import math
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from inference.training import CheckpointError
from inference.training.checkpoint import write_whole

_LOSS = "validation_loss"


class BestWeights:
    """The best weights so far of one network, in memory and in `file`, which is whole or not there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._loss = float("inf")
        self._state: dict[str, Tensor] = {}

    def forget(self) -> None:
        """Remove what another training left."""
        self._file.unlink(missing_ok=True)

    def take_up(self, network: nn.Module) -> None:
        """Go on from the file, where there is one, of a training of `network`. Raises `CheckpointError` for a damaged one."""
        if not self._file.exists():
            return
        try:
            state = load(self._file.read_bytes())
            loss = float(state.pop(_LOSS))
            fits = _shapes(state) == _shapes(network.state_dict())
        # A damaged header may name anything.
        except (SafetensorError, KeyError, ValueError, RuntimeError, AssertionError) as error:
            raise self._damaged() from error
        if not fits:
            raise self._damaged()
        self._loss, self._state = loss, state

    def consider(self, network: nn.Module, loss: float) -> None:
        """Keep the weights of `network` if this validation loss is lower than all before; no number is the highest of all."""
        loss = loss if math.isfinite(loss) else float("inf")
        if self._state and loss >= self._loss:
            return
        self._loss = loss
        self._state = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in network.state_dict().items()}
        write_whole(self._file, save({**self._state, _LOSS: torch.tensor(loss, dtype=torch.double)}))

    def load_into(self, network: nn.Module) -> None:
        """Give `network` the best weights."""
        network.load_state_dict(self._state)

    def _damaged(self) -> CheckpointError:
        allowed = "allowed is to delete it and the checkpoint beside it and begin anew"
        return CheckpointError(f"checkpoint = {self._file}: it is damaged, or of another network; {allowed}")


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in state.items()}

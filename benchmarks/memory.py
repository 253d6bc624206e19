"""How much memory the tensors of a computation hold at their peak."""

import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Live(TorchDispatchMode):
    """Follows the memory of every tensor that an operation of torch returns, for as long as one of them is alive."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = self.peak_bytes = 0
        self._tensors: Counter[int] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor):
                self._hold(leaf)
        self.peak_bytes = max(self.peak_bytes, self.bytes)
        return out

    def _hold(self, tensor: Tensor) -> None:
        place, size = tensor.untyped_storage().data_ptr(), tensor.untyped_storage().nbytes()
        if not self._tensors[place]:
            self.bytes += size
        self._tensors[place] += 1
        weakref.finalize(tensor, self._let_go, place, size)

    def _let_go(self, place: int, size: int) -> None:
        self._tensors[place] -= 1
        if not self._tensors[place]:
            self.bytes -= size


def peak_bytes(work: Callable[[], object]) -> int:
    """Most bytes that the results of torch's operations hold at once during `work`; what was there before does not count."""
    with _Live() as live, torch.no_grad():
        work()
    return live.peak_bytes

"""A run's state on disk: whole or not there, and only ever taken up by the run that it belongs to."""

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from inference.datasets import DataError, LabelledImages, SegmentedImages

SHOWN = 12
"""Digits of a digest that are kept."""


class CheckpointError(DataError):
    """A checkpoint that is damaged or belongs to another run."""


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did: mean loss and accuracy over its training batches, its wall time, and that of all epochs up to it.

    The accuracy is a share of the pictures, or of a dense network's labelled pixels.
    """

    epoch: int
    epochs: int
    loss: float
    training_accuracy: float
    seconds: float
    seconds_so_far: float


def identity(pictures: LabelledImages | SegmentedImages) -> dict[str, Any]:
    """What of the pictures belongs to a run: how many there are, and a digest that tells others from them."""
    return {"pictures": len(pictures), "pictures_sha256": pictures.sha256[:SHOWN]}


def save(
    checkpoint: Path, run: dict[str, Any], network: nn.Module, optimiser: torch.optim.Optimizer, report: EpochReport
) -> None:
    """Write the state after the epoch of `report`; whatever stops it, the checkpoint before stays as it was."""
    state = {"plan": run, "report": asdict(report), "network": network.state_dict(), "optimiser": optimiser.state_dict()}
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    # By way of memory, so that a full disk is an OSError that says so.
    written = io.BytesIO()
    torch.save(state, written)
    write_whole(checkpoint, written.getbuffer())


def write_whole(file: Path, content: bytes | memoryview) -> None:
    """Write a file whole or, whatever comes between, not at all. Raises `OSError`."""
    unfinished = file.with_suffix(".unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def resume(checkpoint: Path, run: dict[str, Any], network: nn.Module, optimiser: torch.optim.Optimizer) -> EpochReport | None:
    """The report of the last finished epoch, with the state after it loaded; None where nothing was begun.

    Raises `CheckpointError` for a checkpoint that is damaged or was begun with another `run`.
    """
    if not checkpoint.exists():
        return None
    try:
        # What a GPU wrote may go on without one.
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        theirs, report = state["plan"], EpochReport(**state["report"])
        differ = [f"{name} = {theirs.get(name)!r} and not {value!r}" for name, value in run.items() if theirs.get(name) != value]
        if not differ:
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
    # Damaged files make torch and its unpickler raise errors of many kinds.
    except Exception as error:
        trouble = "it is damaged, or of another version"
        raise CheckpointError(f"checkpoint = {checkpoint}: {trouble}; allowed is to delete it and begin anew") from error
    if differ:
        allowed = "allowed is the same plan, or another folder"
        raise CheckpointError(f"checkpoint = {checkpoint}: it was begun with {', '.join(differ)}; {allowed}")
    return report


def finished_epochs(checkpoint: Path) -> int:
    """How many epochs a run that is resumed from `checkpoint` has behind it; 0 where nothing was begun, or where it is damaged,
    which `resume` says.
    """
    try:
        return int(torch.load(checkpoint, weights_only=True, map_location="cpu")["report"]["epoch"]) if checkpoint.exists() else 0
    # Damaged files make torch and its unpickler raise errors of many kinds.
    except Exception:
        return 0

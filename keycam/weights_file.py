"""What a training leaves: weights as safetensors, and beside them a card in JSON that says how they came about."""

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from keycam import __version__
from keycam.atomic_file import whole_file


def write_weights(file: Path, state: dict[str, Tensor]) -> None:
    """Write the state dict of a network. Raises `OutputError` where it cannot be written."""
    from safetensors.torch import save

    with whole_file(file, "out") as unfinished:
        unfinished.write_bytes(save({name: tensor.cpu().contiguous() for name, tensor in state.items()}))


def write_card(weights: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Write what was `found` of `weights` into the card beside them, and return the card."""
    card = {"weights": str(weights), "keycam": __version__, **found}
    with whole_file(weights.with_suffix(".json"), "out") as unfinished:
        unfinished.write_text(json.dumps(card, indent=2) + "\n")
    return card

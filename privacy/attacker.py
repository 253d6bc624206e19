"""The attacker, a process of its own: `python -m privacy.attacker SEEN FOUND`.

It reads what was seen on the link, and what the attacker is granted besides, from the folder SEEN and writes its guesses into
the folder FOUND. No key is in the one and none is asked for; who keeps the score holds the key and reads FOUND.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.seen import Seen

Given = dict[str, NDArray[Any]]


def _ciphertext_only(given: Given, seed: int) -> Any:
    from privacy.attacks.ciphertext_only import recover_static_order

    return recover_static_order(_seen(given), seed)


def _known_plaintext(given: Given, seed: int) -> Any:
    from privacy.attacks.known_plaintext import order_from_scenes

    return order_from_scenes(given["scenes"], _seen(given), seed)


def _chosen_plaintext(given: Given, seed: int) -> Any:
    from privacy.attacks.chosen_plaintext import order_from_chosen

    return order_from_chosen(_seen(given))


def _identification(given: Given, seed: int) -> Any:
    from privacy.attacks.histogram import identify

    return identify(_seen(given), _seen(given, "earlier"))


def _classification(given: Given, seed: int) -> Any:
    from privacy.attacks.histogram_classes import classify

    return classify(_seen(given), _seen(given, "examples"), given["labels"], seed)


def _row_column(given: Given, seed: int) -> Any:
    from privacy.attacks.row_column import recover_rows_and_columns

    return recover_rows_and_columns(_seen(given), seed)


def _block(given: Given, seed: int) -> Any:
    from privacy.attacks.blocks import recover_blocks

    return recover_blocks(_seen(given), seed)


def _tables(given: Given, seed: int) -> Any:
    from inference.keyed.reference import Window
    from privacy.attacks.tables import orders_from_offsets

    height, width, _ = given["shape"].tolist()
    window = Window(*(tuple(pair) for pair in given["window"].tolist()))
    return orders_from_offsets(given["offsets"], window, height, width)


ATTACKS: dict[str, Callable[[Given, int], Any]] = {
    "ciphertext_only": _ciphertext_only,
    "known_plaintext": _known_plaintext,
    "chosen_plaintext": _chosen_plaintext,
    "identification": _identification,
    "classification": _classification,
    "row-column": _row_column,
    "block": _block,
    "tables": _tables,
}


def _seen(given: Given, frames: str = "frames") -> Seen:
    height, width, bits = given["shape"].tolist()
    return Seen(given[frames], height, width, bits)


def attack(folder: Path, out: Path) -> None:
    """Run the attack on every NAME.npz in `folder` and write what it found to `out`/NAME.npz; each done is a line of text."""
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as given:
            arrays = {name: given[name] for name in given.files}
        task = json.loads(str(arrays.pop("task")))
        begun = time.perf_counter()
        found = ATTACKS[task["attack"]](arrays, task["seed"])
        figures = {field.name: getattr(found, field.name) for field in fields(found)}
        np.savez(out / file.name, **figures, wall_s=time.perf_counter() - begun)
        print(file.stem, flush=True)


if __name__ == "__main__":
    attack(Path(sys.argv[1]), Path(sys.argv[2]))

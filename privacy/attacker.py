"""The attacker, a process of its own: `python -m privacy.attacker SEEN FOUND`.

Standard input names files, a line each: it reads what was seen on the link, and what the attacker is granted besides, from the
file of that name in the folder SEEN, writes its guesses into the one in the folder FOUND, and says the name. No key is in the one
and none is asked for; who keeps the score holds the key and reads FOUND.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.seen import Seen
from privacy.structure import STRUCTURES, Structure

Given = dict[str, NDArray[Any]]


def _ciphertext_only(given: Given, seed: int) -> Any:
    from privacy.attacks.ciphertext_only import recover_static_order

    return recover_static_order(_seen(given), seed)


def _partners(given: Given, seed: int) -> Any:
    from privacy.attacks.partners import best_partners

    return best_partners(_seen(given), seed)


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


def _map_from_frames(given: Given, seed: int) -> Any:
    from privacy.attacks.map_from_frames import map_from_frames

    return map_from_frames(given["sent"], _structure(given), seed)


def _map_from_scenes(given: Given, seed: int) -> Any:
    from privacy.attacks.map_from_scenes import map_from_scenes

    return map_from_scenes(given["scenes"], given["sent"], _structure(given), seed)


def _map_from_chosen(given: Given, seed: int) -> Any:
    from privacy.attacks.map_from_chosen import map_from_chosen

    return map_from_chosen(given["sent"], _structure(given))


def _pictures_in_place(given: Given, seed: int) -> Any:
    from privacy.attacks.pixels_in_place import pictures_in_place

    return pictures_in_place(given["sent"])


def _scheme_identification(given: Given, seed: int) -> Any:
    from privacy.attacks.histogram import nearest
    from privacy.attacks.invariants import invariants

    return nearest(invariants(given["sent"], _structure(given)), invariants(given["earlier"], _structure(given)))


def _scheme_classification(given: Given, seed: int) -> Any:
    from privacy.attacks.histogram_classes import classify_by
    from privacy.attacks.invariants import invariants

    asked, examples = (invariants(given[name], _structure(given)) for name in ("sent", "examples"))
    return classify_by(asked, examples, given["labels"], seed)


def _keyed_layers(given: Given, seed: int) -> Any:
    from privacy.attacks.keyed_layers import orders_from_layers

    return orders_from_layers(given["keyed"], given["plain"])


ATTACKS: dict[str, Callable[[Given, int], Any]] = {
    "ciphertext_only": _ciphertext_only,
    "partners": _partners,
    "known_plaintext": _known_plaintext,
    "chosen_plaintext": _chosen_plaintext,
    "identification": _identification,
    "classification": _classification,
    "row-column": _row_column,
    "block": _block,
    "tables": _tables,
    "keyed_layers": _keyed_layers,
    "map_from_frames": _map_from_frames,
    "map_from_scenes": _map_from_scenes,
    "map_from_chosen": _map_from_chosen,
    "pictures_in_place": _pictures_in_place,
    "scheme_identification": _scheme_identification,
    "scheme_classification": _scheme_classification,
}


def _structure(given: Given) -> Structure:
    """What is public of the scheme that the task names."""
    return STRUCTURES[str(given["scheme"])]


def _seen(given: Given, frames: str = "frames") -> Seen:
    height, width, bits = given["shape"].tolist()
    return Seen(given[frames], height, width, bits)


def attack(file: Path, out: Path) -> None:
    """Run the attack that `file` (NPZ) asks for and write what it found to `out`, with the seconds that it took.

    `cpu_s` is the time of all cores together; it does not change with what else the machine does, as `wall_s` may.
    """
    with np.load(file) as given:
        arrays = {name: given[name] for name in given.files}
    task = json.loads(str(arrays.pop("task")))
    if task["attack"] == "ciphertext_only":
        _rehearse(arrays["frames"])
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    found = ATTACKS[task["attack"]](arrays, task["seed"])
    cpu_s, wall_s = time.process_time() - begun_cpu_s, time.perf_counter() - begun_s
    figures = {field.name: getattr(found, field.name) for field in fields(found)}
    np.savez(out, **figures, cpu_s=cpu_s, wall_s=wall_s)


def _rehearse(frames: NDArray[Any]) -> None:
    """Attack noise of a few pixels, so that what is timed afterwards is neither imports nor compilation."""
    noise = np.random.default_rng(0).integers(256, size=(3, 36, frames.shape[2])).astype(frames.dtype)
    _ciphertext_only({"frames": noise, "shape": np.array([6, 6, 8])}, 0)


def attack_each(names: Iterable[str], folder: Path, out: Path) -> None:
    """Attack the files of `folder` as they are named, one by one, and say the name of each when it is done."""
    for name in names:
        attack(folder / name, out / name)
        print(name, flush=True)


if __name__ == "__main__":
    attack_each((line.strip() for line in sys.stdin), Path(sys.argv[1]), Path(sys.argv[2]))

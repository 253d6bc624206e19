"""The tables of docs/schemes.md: `python -m experiments.schemes DATA` measures all of them and writes them into the page.

DATA is a folder with CIFAR-10. What `keycam audit` and `keycam bench` printed as JSON is kept in the folder that --kept names,
and not asked for again: speeds want a machine that does nothing else. The network is the ResNet-20 that comes with keycam, which
never saw a scrambled picture.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor, nn

from adc import TagError
from experiments.command import CifarFolder, run
from experiments.scheme_tables import bounds, comparison, fresh_keys, handling
from inference.datasets import DataError, LabelledImages, load_cifar10
from inference.models import load
from inference.models.state import weights_digest
from keycam.atomic_file import make_folder, whole_file
from privacy.schemes import SCHEMES, Scheme, make_scheme
from privacy.schemes.scheme import Samples

Kept = Annotated[Path | None, typer.Option(help="Folder for what the commands print as JSON.")]
PAGE = Path(__file__).parents[1] / "docs" / "schemes.md"
FRAMES = 100
"""How many frames the eavesdropper has: about three seconds of a camera."""
IMAGES = 2000
"""Enough for a standard error of 1.1 % at an accuracy of a half."""


@dataclass(frozen=True)
class AccuracyRow:
    """One scheme and the plain network, accuracies as shares of all pictures.

    Attributes
    ----------
    on_sent
        On what travels, taken for a picture.
    with_key
        After decryption.
    different_answers
        Pictures that the network classifies otherwise after decryption than before encryption.
    with_wrong_key
        After decryption under another key; None where the scheme refuses that.
    """

    scheme: str
    on_sent: float
    with_key: float
    different_answers: int
    with_wrong_key: float | None


def measure(network: nn.Module, images: LabelledImages, names: Iterable[str] = SCHEMES) -> Iterator[AccuracyRow]:
    """Put the pictures through every scheme, all under one key or with a key each, as the scheme says."""
    shape = images.images.shape[1:3]
    plain, truth = classes(network, images.images), torch.from_numpy(images.labels)
    for name in names:
        scheme, other = (make_scheme(name, np.random.default_rng(seed), (shape[0], shape[1])) for seed in (1, 2))
        sent = scheme.encrypt(images.images)
        decrypted = classes(network, scheme.decrypt(sent))
        wrong = _decrypted_or_none(other, scheme, images)
        yield AccuracyRow(
            scheme=name,
            on_sent=_share(classes(network, sent.samples) == truth),
            with_key=_share(decrypted == truth),
            different_answers=int((decrypted != plain).sum()),
            with_wrong_key=None if wrong is None else _share(classes(network, wrong) == truth),
        )


@torch.inference_mode()
def classes(network: nn.Module, samples: Samples, batch: int = 500) -> Tensor:
    """The classes, int64 (N,), of samples (N, H, W, 3), whose highest code is white."""
    white = np.iinfo(samples.dtype).max
    answers = []
    for start in range(0, len(samples), batch):
        x = torch.from_numpy(samples[start : start + batch].astype(np.float32) / white).permute(0, 3, 1, 2)
        answers.append(network(x).argmax(1))
    return torch.cat(answers)


def _decrypted_or_none(other: Scheme, scheme: Scheme, images: LabelledImages) -> NDArray[np.uint8] | None:
    try:
        return other.decrypt(scheme.encrypt(images.images))
    except TagError:
        return None


def _share(right: Tensor) -> float:
    return float(right.float().mean())


def table(rows: Iterable[AccuracyRow], images: int) -> str:
    """The rows in Markdown."""
    lines = [
        f"| first {images} test pictures | on what travels | after decryption | answers that differ "
        "| after decryption, wrong key |",
        f"|{'---|' * 5}",
    ]
    for row in rows:
        wrong = "refused" if row.with_wrong_key is None else f"{row.with_wrong_key:.1%}"
        lines.append(f"| {row.scheme} | {row.on_sent:.1%} | {row.with_key:.1%} | {row.different_answers} | {wrong} |")
    return "\n".join(lines) + "\n"


def put_in(page: str, name: str, written: str) -> str:
    """The page with this text between the two marks of that name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = page.split(begin)
    return f"{before}{begin}\n{written.strip()}\n\n{end}{rest.split(end)[1]}"


def printed(kept: Path | None, name: str, *arguments: object) -> Any:
    """What a `keycam` command prints as JSON, kept by this name."""
    line = list(map(str, arguments))

    def said() -> Any:
        done = subprocess.run([sys.executable, "-m", "keycam", *line, "--json"], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise DataError(f"keycam {shlex.join(line)}: exit code {done.returncode}; allowed is what it says itself, above")
        return json.loads(done.stdout)

    return once(kept, name, line, said)


def once(kept: Path | None, name: str, asked: list[str], measured: Callable[[], Any]) -> Any:
    """What is measured, as JSON knows it; by this name in the folder `kept`, if there is one, it is measured only once.

    What was kept for another question than `asked` is measured anew. Raises `OutputError`.
    """
    if kept is None:
        return measured()
    file = kept / f"{name}.json"
    try:
        stored = json.loads(file.read_text())
        if stored["asked"] == asked:
            return stored["found"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = measured()
    make_folder(kept, "kept")
    with whole_file(file, "kept") as unfinished:
        unfinished.write_text(json.dumps({"asked": asked, "found": found}))
    return found


def scheme_audit(kept: Path | None, data: Path) -> Any:
    """What `keycam audit --scheme all` prints, asked for scheme by scheme, so that each is kept."""
    source = ("--source", "cifar10", "--data", data, "--frames", FRAMES)
    audits = [printed(kept, f"scheme-{name}", "audit", "--scheme", name, *source) for name in SCHEMES]
    return {**audits[0], "schemes": {name: audit["schemes"][name] for name, audit in zip(SCHEMES, audits, strict=True)}}


def experiment(data: CifarFolder, kept: Kept = None) -> None:
    """Measure what is not kept, and write the tables of docs/schemes.md."""
    pictures, network = load_cifar10("test", data).first(IMAGES), load("resnet20")
    audit = scheme_audit(kept, data)
    speeds, keys = (printed(kept, f"bench-{what}", "bench", what) for what in ("schemes", "keys"))
    asked = [pictures.sha256, weights_digest(network)]
    rows = once(kept, "accuracy", asked, lambda: [asdict(row) for row in measure(network, pictures)])
    tables = {
        "comparison": f"{comparison(audit, speeds)}\n\n{bounds(audit)}",
        "handling": handling(speeds),
        "keys": fresh_keys(keys),
        "accuracy": table((AccuracyRow(**row) for row in rows), IMAGES),
    }
    page = PAGE.read_text()
    for name, written in tables.items():
        page = put_in(page, name, written)
    PAGE.write_text(page)


if __name__ == "__main__":
    run(experiment)

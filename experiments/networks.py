"""Which networks can be keyed, and how near their answers are: `python -m experiments.networks` writes docs/networks.md."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision import models

from experiments.living_networks import (
    CLASSIFIERS,
    DETECTORS,
    SEGMENTERS,
    frame_size,
    living_detector,
    living_network,
    smooth_pictures,
)
from inference.choices import Shuffle
from inference.keyed import UnsupportedLayerError, convert
from inference.keyed.detector import DenseMaps, convert_detector
from inference.keyed.equality import node_differences, plain_activations
from inference.keyed.positions import take_positions
from inference.models import MODELS

PAGE = Path(__file__).parents[1] / "docs" / "networks.md"
MODES: tuple[Shuffle, ...] = ("input", "every-layer")
SIZE = (64, 96)
REFUSED = "vit_b_16 swin_t maxvit_t raft_small".split()
REFUSED_DETECTORS = "retinanet_resnet50_fpn fasterrcnn_mobilenet_v3_large_320_fpn".split()


@dataclass(frozen=True)
class NetworkRow:
    """One network, and its largest difference from its keyed twins in `MODES`.

    Attributes
    ----------
    nodes
        Nodes of the graph that were compared, the output among them.
    differences
        For each mode, the largest difference at any node as a share of that node's largest value.
    same_answers
        For each mode, whether classes, dense masks, or the labels of all detections are the same.
    """

    name: str
    origin: str
    kind: str
    height: int
    width: int
    nodes: int
    differences: tuple[float, ...]
    same_answers: tuple[bool, ...]


@dataclass(frozen=True)
class Refusal:
    """A network that cannot be keyed, and what `convert` or `convert_detector` says to that."""

    name: str
    said: str


def measure_network(name: str, size: tuple[int, int] = SIZE) -> NetworkRow:
    """Compare a classifier or segmentation network of random weights with its keyed twins, two frames in an order each."""
    size = frame_size(name, size)
    network, (x, order) = living_network(name, size), _frames(size)

    def classes(answer: Tensor | dict[str, Tensor]) -> Tensor:
        return (answer["out"] if isinstance(answer, dict) else answer).argmax(1)

    plain, differences, same = plain_activations(network, x), [], []
    with torch.inference_mode():
        expected = classes(network(x))
        for mode in MODES:
            keyed = convert(network, x, mode)
            differences.append(node_differences(keyed, plain, x, order))
            places = keyed.output_order(order)
            places = places["out"] if isinstance(places, dict) else places
            there = expected if places is None else take_positions(expected[:, None], places)[:, 0]
            same.append(torch.equal(classes(keyed(take_positions(x, order), order)), there))
    dense = name in SEGMENTERS or (name in MODELS and MODELS[name].dataset == "camvid")
    kind = "segmentation" if dense else "classifier"
    return _row(name, "keycam" if name in MODELS else "torchvision", kind, size, differences, same)


def measure_detector(name: str, size: tuple[int, int] = SIZE) -> NetworkRow:
    """Compare a detector of random weights with its keyed twins, two frames in an order each."""
    detector, (x, order) = living_detector(name, size), _frames(size)
    plain, differences, same = plain_activations(DenseMaps(detector), x), [], []
    with torch.inference_mode():
        expected = detector(list(x))
        for mode in MODES:
            keyed = convert_detector(detector, x, mode)
            differences.append(node_differences(keyed.maps, plain, x, order))
            found = keyed(take_positions(x, order), order)
            pairs = zip(found, expected, strict=True)
            same.append(all(torch.equal(a["labels"], b["labels"]) for a, b in pairs))
    return _row(name, "torchvision", "detector", size, differences, same)


def refusal_of(name: str) -> Refusal:
    """What a user sees who converts this network all the same; raises RuntimeError if it is converted after all."""
    try:
        if name in REFUSED_DETECTORS:
            convert_detector(models.get_model(name, weights=None, weights_backbone=None).eval(), torch.zeros(1, 3, *SIZE))
        else:
            network: nn.Module = models.get_model(name, weights=None).eval()
            convert(network, torch.zeros(1, 3, 224, 224))
    except UnsupportedLayerError as error:
        return Refusal(name, str(error))
    raise RuntimeError(f"{name} can be keyed now: take it off the list of those that cannot")


def _frames(size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    orders = [torch.randperm(size[0] * size[1], generator=generator) for _ in range(2)]
    return smooth_pictures(2, size, seed=3), torch.stack(orders)


def _row(
    name: str, origin: str, kind: str, size: tuple[int, int], differences: list[dict[str, float]], same: list[bool]
) -> NetworkRow:
    largest = tuple(max(nodes.values()) for nodes in differences)
    return NetworkRow(name, origin, kind, *size, len(differences[0]), largest, tuple(same))


def page(rows: Iterable[NetworkRow], refusals: Iterable[Refusal]) -> str:
    """The page of the documentation, in Markdown."""
    return f"""{_TOP}
{chr(10).join(_table(rows))}

{_BELOW}
{chr(10).join(f"- `{one.name}`: {one.said}." for one in refusals)}

{_WHAT_TO_DO}"""


def _table(rows: Iterable[NetworkRow]) -> Iterator[str]:
    yield f"| network | of | kind | frame | nodes compared | {' | '.join(f'`{mode}`' for mode in MODES)} |"
    yield f"|{'---|' * (5 + len(MODES))}"
    for row in rows:
        results = (
            f"{difference:.1e}{'' if same else ', **other answers**'}"
            for difference, same in zip(row.differences, row.same_answers, strict=True)
        )
        frame = f"{row.height} x {row.width}"
        yield f"| {row.name} | {row.origin} | {row.kind} | {frame} | {row.nodes} | {' | '.join(results)} |"


_TOP = """\
# Networks

Written by `python -m experiments.networks`, from a clone of the repository: run it again rather than edit this page.

Every network below was converted as its authors published it, with random weights and batch-norm statistics of its own signal,
in both modes, and was given two frames, each in an order of its own. The last two columns hold the largest difference between
the keyed network and the plain one at any node of the graph, the output among them, as a share of that node's largest value;
0 means that the same kernels ran on the same numbers. Allowed is 1e-5. Classes, dense masks and the labels of all detections
were the same wherever it does not say otherwise. The tests make the same comparison.
"""

_BELOW = """\
A detector is converted by `inference.keyed.detector.convert_detector`; the resizing and normalisation of its frames are part
of what is converted, so that a camera of any size will do. Its maps leave the keyed network in secret order. Anchors are placed
where they meet their scores, and only those that a class claims: a detection says where it is, so the order ends there.
Detectors are compared at every node up to those maps, and in their labels.

## What cannot be keyed

Vision transformers cut a frame into patches and mix these by attention; other detectors than SSDs choose
regions as they run, or have not been looked into. They are refused, never converted in part:
"""

_WHAT_TO_DO = """\
The error is an `UnsupportedLayerError`; its `path` is where the operation is. A layer of your own that treats every pixel
alike and alone can be named in `pointwise`. A network that `convert` accepts can be compared with its plain self as here, by
`node_differences` in `inference.keyed.equality`.
"""


def main() -> None:
    """Measure every network, one line on standard output each, and write the page."""
    rows = []
    for name in [*MODELS, *CLASSIFIERS, *SEGMENTERS, *DETECTORS]:
        rows.append(measure_detector(name) if name in DETECTORS else measure_network(name))
        print(rows[-1], flush=True)
    PAGE.write_text(page(rows, [refusal_of(name) for name in [*REFUSED, *REFUSED_DETECTORS]]))
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()

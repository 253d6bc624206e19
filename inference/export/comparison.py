"""What a keyed network in a file answers, beside what the plain network does."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inference.export.program import Answers, named_parts
from inference.keyed.place import Axes
from inference.keyed.positions import put_positions_along, take_positions

MOST_OTHER_CLASSES = 1e-3
"""Share of the decisions that may differ where two classes are equal but for rounding; of a few frames' classes, none."""
LEAST_WRONG_KEY = 1e-3
"""How far a wrong key must move an answer, as a share of the largest one, to count as wrong."""


@dataclass(frozen=True)
class Comparison:
    """How two networks' answers differ.

    Attributes
    ----------
    largest_difference, wrong_key_difference
        Of any output with the right and with a wrong order, as a share of that output's largest value.
    other_classes
        Share of the frames, or of a dense answer's pixels, whose largest class differs.
    """

    largest_difference: float
    wrong_key_difference: float
    other_classes: float

    def trouble(self, tolerance: float) -> str | None:
        """What is wrong, in words; None where the answers are equal to `tolerance` and depend on the key."""
        if not self.largest_difference <= tolerance:
            return f"keyed and plain answers differ by {self.largest_difference:.1e} of the largest; allowed is {tolerance:.0e}"
        if self.other_classes > MOST_OTHER_CLASSES:
            return f"{self.other_classes:.2%} of the classes differ; allowed is {MOST_OTHER_CLASSES:.1%}"
        if not self.wrong_key_difference > LEAST_WRONG_KEY:
            moved = f"a wrong key moves the answers by {self.wrong_key_difference:.1e} of the largest only"
            return f"{moved}; allowed is a network, with weights that mean something, whose answer depends on where pixels are"
        return None


def compare(plain: nn.Module, answers: Answers, axes: dict[str, Axes], x: Tensor, order: Tensor) -> Comparison:
    """Compare `plain` on frames x (N, C, H, W) with `answers` on the same frames in `order`, int64 (N, P).

    `axes` says for each dense answer along which axes its pixels run. The wrong orders are the right ones, backwards.
    """
    with torch.no_grad():
        expected = named_parts(plain(x), Tensor)
    emitted = take_positions(x, order)
    kept = _restored(answers(emitted, order), axes)
    wrong = _restored(answers(emitted, order.flip(1)), axes)
    classes = [(kept[name], answer) for name, answer in expected.items() if answer.ndim > 1]
    different = sum(int((a.argmax(1) != b.argmax(1)).sum()) for a, b in classes)
    return Comparison(
        largest_difference=max(_difference(kept[name], answer) for name, answer in expected.items()),
        wrong_key_difference=max(_difference(wrong[name], answer) for name, answer in expected.items()),
        other_classes=different / max(1, sum(b.argmax(1).numel() for _, b in classes)),
    )


def smooth_frames(frames: int, channels: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """Random frames (frames, channels, H, W) in 0..1 with something to see: white noise dies in many networks."""
    coarse = torch.rand(frames, channels, 8, 8, generator=torch.Generator().manual_seed(seed))
    return nn.functional.interpolate(coarse, size=size, mode="bicubic").clamp(0, 1)


def _restored(outputs: dict[str, Tensor], axes: dict[str, Axes]) -> dict[str, Tensor]:
    restored = dict(outputs)
    for name, along in axes.items():
        restored[name] = put_positions_along(outputs[name], outputs[f"{name}_order"], along)
    return restored


def _difference(answer: Tensor, plain: Tensor) -> float:
    largest = plain.abs().max().item()
    return (answer.double() - plain.double()).abs().max().item() / (largest or 1)

"""Writes what was seen in frames: rows, annotated video, masks."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from inference.answers import MaskAnswer
from keycam.batch.in_flight import Seen
from keycam.batch.panel import annotated, canvas_size, colours_of, overlaid
from keycam.batch.rows import line_of, row_of
from keycam.batch.video import VideoWriter

ROWS, ANNOTATED, MASKS, RECORDING = "rows.jsonl", "annotated.mp4", "masks.mkv", "recording"
"""Names of the results of a footage; the recording is a folder."""


def write_results(
    frames: Iterable[Seen], classes: Sequence[str], array: tuple[int, int], folder: Path, *, video: bool = True
) -> int:
    """Write what was seen in `frames` of an array of this size into files in `folder`, and return how many there were.

    Masks are kept only of frames that are revealed, as they show what the frames show. Raises OSError.
    """
    colours = colours_of(classes)
    by_name = {name: (int(r), int(g), int(b)) for name, (r, g, b) in zip(classes, colours, strict=True)}
    size, count = canvas_size(array), 0
    with ExitStack() as stack:
        rows = stack.enter_context((folder / ROWS).open("w", buffering=1))
        annotations = stack.enter_context(VideoWriter(folder / ANNOTATED, "h264"))
        masks = stack.enter_context(VideoWriter(folder / MASKS, "ffv1"))
        for seen in frames:
            row = row_of(seen.number, seen.time_s, seen.result, classes)
            picture = None
            if seen.picture is not None:
                answer = seen.result.answer
                mask = answer.mask if isinstance(answer, MaskAnswer) else None
                picture = overlaid(seen.picture, mask, colours)
                if mask is not None:
                    masks.write(mask, seen.time_s)
            if video:
                annotations.write(annotated(size, row, by_name, picture), seen.time_s)
            rows.write(line_of(row))
            count += 1
    return count

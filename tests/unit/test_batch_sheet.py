"""The contact sheet: whatever footage is called, and however many frames there are."""

import json
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from keycam.batch.sheet import MOST_LETTERS, draw_sheet, drawable
from keycam.batch.video import ALONE_S, VideoWriter
from tests.footage_files import picture

CLASSES = ("cat", "dog", "frog")


def results(folder: Path, numbers: range) -> Path:
    folder.mkdir(parents=True)
    with (folder / "rows.jsonl").open("w") as rows, VideoWriter(folder / "annotated.mp4", "h264") as video:
        for number in numbers:
            shares = dict(zip(CLASSES, (0.7, 0.2, 0.1), strict=True))
            row = {"frame": number, "time_s": number / 25, "class": "cat", "probabilities": shares}
            rows.write(json.dumps(row) + "\n")
            video.write(picture(number, 96, 128), number / 25)
    return folder


def test_names_in_any_script_are_drawn_without_a_warning(tmp_path: Path) -> None:
    names = ("映画 $x_1^{$.mp4", "two\nlines.mkv", "plain.mp4")
    frames = (range(1), range(3, 23, 5), range(3))  # of one frame, and with gaps where frames were refused
    folders = [results(tmp_path / name, numbers) for name, numbers in zip(names, frames, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_sheet(folders, [len(numbers) for numbers in frames], CLASSES, "a title", False, tmp_path / "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB"))
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 20
    assert drawable(names[0]) == "□□ $x_1^{$.mp4"
    assert drawable(names[1]) == "two□lines.mkv"
    assert drawable("naïve-фильм.mp4") == "naïve-фильм.mp4"
    assert len(drawable("long" * 99)) == MOST_LETTERS


def test_a_single_picture_is_shown_long_enough_to_be_seen(tmp_path: Path) -> None:
    import av

    for numbers, seconds in ((range(1), float(ALONE_S)), (range(3), 0.12)):
        folder = results(tmp_path / str(seconds), numbers)
        with av.open(str(folder / "annotated.mp4")) as container:
            assert container.duration is not None
            assert abs(container.duration / 1e6 - seconds) < 1e-3

"""What the sources on the command line mean: video files, pictures, folders of both, and patterns of names."""

import glob
from collections.abc import Iterator
from pathlib import Path

from keycam.batch.folder import UNFINISHED
from keycam.batch.footage import Footage, Pictures, Video
from keycam.batch.sheet import SHEET
from keycam.batch.summary import SUMMARY
from sensor_sim.scene import SceneError
from sensor_sim.scene.images import IMAGE_SUFFIXES
from sensor_sim.scene.video import VIDEO_SUFFIXES


def footage_of(sources: tuple[str, ...]) -> dict[str, Footage]:
    """Every footage that `sources` name, under the name of its results: that of its file or folder, numbered where two agree.

    A folder gives its videos, and its pictures as one set; pictures named one by one make one set for each folder.

    Raises
    ------
    SceneError
        Where a source is not there, or holds neither video nor picture.
    """
    videos: dict[Path, None] = {}
    pictures: dict[Path, dict[Path, None]] = {}
    for source in sources:
        for file in _files(source):
            if file.suffix.lower() in IMAGE_SUFFIXES:
                pictures.setdefault(file.parent.resolve(), {})[file] = None
            else:
                videos[file.resolve()] = None
    found: list[Footage] = [Video(path) for path in videos]
    found += [Pictures(folder, tuple(sorted(files))) for folder, files in pictures.items()]
    named: dict[str, Footage] = {}
    for footage in found:
        name, number = footage.path.name or "pictures", 1
        while name in named or name in (SUMMARY, SHEET, UNFINISHED):
            number += 1
            name = f"{footage.path.name}-{number}"
        named[name] = footage
    return named


def _files(source: str) -> Iterator[Path]:
    paths = [Path(source)]
    if not _exists(paths[0]) and glob.has_magic(source):
        paths = [Path(path) for path in sorted(glob.glob(source, recursive=True))]  # noqa: PTH207 - Path's takes no absolute pattern
    if not paths or not _exists(paths[0]):
        allowed = "allowed is a video, a picture, a folder, or a pattern such as 'drive/*.mp4'"
        raise SceneError(f"source = {source}: there is nothing of this name; {allowed}")
    for path in paths:
        if path.is_dir():
            try:
                inside = [file for file in sorted(path.iterdir()) if _is_footage(file)]
            except OSError as error:
                raise SceneError(
                    f"source = {path}: it cannot be read ({error.strerror}); allowed is a readable folder"
                ) from error
            if not inside:
                kinds = ", ".join((*IMAGE_SUFFIXES, *VIDEO_SUFFIXES))
                raise SceneError(f"source = {path}: it holds no video and no picture; allowed is a folder with files of {kinds}")
            yield from inside
        else:
            yield path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a name that is too long, for one
        raise SceneError(f"source = {path}: it cannot be opened ({error.strerror}); allowed is a readable path") from error


def _is_footage(file: Path) -> bool:
    return file.is_file() and not file.name.startswith(".") and file.suffix.lower() in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)

"""What the sources on the command line mean: video files, pictures, folders of both, and patterns of names."""

import glob
from collections.abc import Iterator
from pathlib import Path

from keycam.batch.folder import LEDGER, UNFINISHED
from keycam.batch.footage import Footage, Pictures, Video
from keycam.batch.sheet import SHEET
from keycam.batch.summary import SUMMARY
from sensor_sim.scene import SceneError
from sensor_sim.scene.images import IMAGE_SUFFIXES
from sensor_sim.scene.video import VIDEO_SUFFIXES


def footage_of(sources: tuple[str, ...]) -> dict[str, Footage]:
    """Every footage that `sources` name, under the name of its results: that of its file or folder, numbered where two agree.

    A folder gives its videos, and its pictures as one set; pictures named one by one make one set for each folder. Of folders
    and patterns, the results of a batch are not taken.

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


def not_searched(sources: tuple[str, ...]) -> list[str]:
    """A sentence for each folder among `sources` that has folders inside, whose footage is not taken."""
    sentences = []
    for source in sources:
        try:
            inside = [entry for entry in Path(source).iterdir() if _is_footage_folder(entry)] if Path(source).is_dir() else []
        except OSError:
            continue  # `footage_of` says so
        if inside:
            count = "1 folder inside is" if len(inside) == 1 else f"{len(inside)} folders inside are"
            sentences.append(f"source = {source}: {count} not searched; allowed is '{Path(source) / '**'}' for them too")
    return sentences


def _files(source: str) -> Iterator[Path]:
    named = Path(source)
    if _exists(named):
        inside = _inside(named) if named.is_dir() else [named]
        if not inside:
            kinds = ", ".join((*IMAGE_SUFFIXES, *VIDEO_SUFFIXES))
            raise SceneError(f"source = {named}: it holds no video and no picture; allowed is a folder with files of {kinds}")
        yield from inside
        return
    found = [Path(path) for path in sorted(glob.glob(source, recursive=True))] if glob.has_magic(source) else []  # noqa: PTH207 - Path's takes no absolute pattern
    matching = [file for path in found for file in (_inside(path) if path.is_dir() else [path]) if not _is_result(file)]
    if not matching:
        trouble = "it matches no video and no picture" if found else "there is nothing of this name"
        raise SceneError(
            f"source = {source}: {trouble}; allowed is a video, a picture, a folder, or a pattern such as 'drive/*.mp4'"
        )
    yield from matching


def _inside(folder: Path) -> list[Path]:
    try:
        return [file for file in sorted(folder.iterdir()) if _is_footage(file)]
    except OSError as error:
        raise SceneError(f"source = {folder}: it cannot be read ({error.strerror}); allowed is a readable folder") from error


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a name that is too long, for one
        raise SceneError(f"source = {path}: it cannot be opened ({error.strerror}); allowed is a readable path") from error


def _is_footage(file: Path) -> bool:
    is_kind = file.suffix.lower() in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
    return is_kind and not file.name.startswith(".") and file.is_file() and not _is_result(file)


def _is_footage_folder(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".") and not (path / LEDGER).is_file()


def _is_result(file: Path) -> bool:
    """Whether a batch made this file, from which it must not be taken when the same line is given again."""
    folder = file.parent
    return (folder / LEDGER).is_file() or (file.name in (SHEET, SUMMARY) and (folder / SUMMARY).is_file())

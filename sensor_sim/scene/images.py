"""Pictures in files as scenes: one image, or every image of a folder in the order of its names."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene, linear_from_srgb

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


class ImageSource:
    """The scenes of an image file, or of every image file of a folder sorted by name; may be gone over again.

    Parameters
    ----------
    path
        an image file, or a folder that holds some. Sub-folders are not searched.

    Raises
    ------
    SceneError
        if there is no such path or the folder holds no image; while iterating, if an image cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.paths = _image_paths(Path(path))

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Scene]:
        return map(read_image, self.paths)


def read_image(path: str | Path) -> Scene:
    """Scene of an image file, float32 (H, W, 3) of linear light.

    Values are taken as sRGB, 8 bits a channel or 16 bits grey; the camera's orientation mark is obeyed, grey becomes three
    equal channels, and what is transparent lies over white. Raises SceneError if the file is missing, empty, no image, or of
    numbers that are no sRGB code: floating point, or more than 16 bits.
    """
    path = Path(path)
    refuse_unless_filled(path, "image")
    return linear_from_srgb(_srgb_of(path))


def refuse_unless_filled(path: Path, kind: str) -> None:
    """Raise SceneError unless `path` is a file of at least one byte; `kind` ("image", "video") names it in the sentence."""
    try:
        if not path.exists():
            raise SceneError(f"{kind} = {path}: there is no such file; allowed is an existing {kind} file")
        if not path.is_file():
            raise SceneError(f"{kind} = {path}: this is not a file; allowed is an existing {kind} file")
        if path.stat().st_size == 0:
            raise SceneError(f"{kind} = {path}: the file has zero bytes; allowed is a complete {kind} file")
    except OSError as error:
        raise SceneError(f"{kind} = {path}: it cannot be opened ({error.strerror}); allowed is a readable {kind} file") from error


def _image_paths(path: Path) -> tuple[Path, ...]:
    try:
        if not path.exists():
            raise SceneError(f"image = {path}: there is no such file or folder; allowed is an image file or a folder of images")
        if not path.is_dir():
            return (path,)
        found = tuple(sorted(entry for entry in path.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES and entry.is_file()))
    except OSError as error:
        raise SceneError(f"image = {path}: it cannot be opened ({error.strerror}); allowed is a readable path") from error
    if not found:
        raise SceneError(f"folder = {path}: it holds no image; allowed is at least one file of {', '.join(IMAGE_SUFFIXES)}")
    return found


def _srgb_of(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        # Remarks about tags and palettes do not stop the picture from being read.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as opened:
                upright = ImageOps.exif_transpose(opened)
            if upright.mode in ("F", "I"):  # Pillow would cut them to 0..255
                raise SceneError(f"image = {path}: its values are floating point or 32 bits; allowed is 8 bits, or 16 bits grey")
            if upright.mode.startswith("I;16"):
                return np.repeat(np.asarray(upright).astype(np.uint16)[..., None], 3, axis=2)
            if upright.has_transparency_data:
                layer = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            return np.asarray(upright.convert("RGB"))
        except SceneError:
            raise
        # Decoders answer damaged files with many kinds of error: struct.error, SyntaxError, zlib.error, EOFError ...
        except Exception as error:
            raise SceneError(
                f"image = {path}: it cannot be decoded; allowed is a complete image file such as PNG or JPEG"
            ) from error

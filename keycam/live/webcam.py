"""A visitor's webcam: the pictures that a browser sends, as scenes."""

import io

import numpy as np
from PIL import Image

from sensor_sim import Scene
from sensor_sim.scene import linear_from_srgb

MOST_SIDE_PX = 1920


class DamagedPicture(ValueError):
    """What a browser sent is no picture that is taken."""


def scene_of_jpeg(sent: bytes) -> Scene:
    """The scene of a JPEG picture, float32 (h, w, 3) of linear light. Raises DamagedPicture."""
    try:
        with Image.open(io.BytesIO(sent), formats=("JPEG",)) as opened:
            if max(opened.size) > MOST_SIDE_PX:  # before it is decoded: a small file may hold a huge picture
                raise DamagedPicture(f"picture = {opened.width}x{opened.height}: allowed is up to {MOST_SIDE_PX} each way")
            return linear_from_srgb(np.asarray(opened.convert("RGB")))
    except DamagedPicture:
        raise
    except Exception as error:  # decoders answer damaged files with many kinds of error
        raise DamagedPicture("picture: it cannot be decoded; allowed is JPEG") from error

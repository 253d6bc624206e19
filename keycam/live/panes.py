"""What the page shows of a frame, as pictures that a browser takes."""

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adc import RawFrame
from inference.answers import MaskAnswer
from inference.datasets import CAMVID_CLASSES
from inference.datasets.camvid_colours import PALETTE
from keycam.live.live_frame import LiveFrame

Picture = NDArray[np.uint8]
"""uint8 (h, w, 3), RGB, or (h, w), grey."""
LINK_WIDTH_PX = 320
SHARE_OF_MASK = 0.55
"""How much of a pixel is the colour of its class where the picture shines through."""
QUALITY = {"link": 60, "restored": 85, "mask": 85}
GOLDEN = 0.618033988749895


def panes(frame: LiveFrame, classes: Sequence[str]) -> dict[str, Picture]:
    """The pictures of a frame by the name of their pane: link always, restored where it was made, mask where there is one."""
    shown = {"link": link_picture(frame.raw)}
    restored = None
    if frame.restored is not None:
        restored = shown["restored"] = as_8_bits(frame.restored)
    if isinstance(frame.answer, MaskAnswer):
        shown["mask"] = mask_picture(frame.answer.mask, class_colours(classes), restored)
    return shown


def link_picture(raw: RawFrame) -> Picture:
    """The samples as the link carries them, row by row, uint8 (h, w): every n-th of every n-th row.

    Samples are left out and not averaged, as the mean of noise is an even grey.
    """
    geometry = raw.header.geometry
    step = max(1, geometry.width // LINK_WIDTH_PX)
    rows = raw.samples[:, 0].reshape(geometry.height, geometry.width)[::step, ::step]
    return (rows >> (geometry.bits - 8)).astype(np.uint8)


def as_8_bits(picture: NDArray[np.float32]) -> Picture:
    """A developed picture float32 (3, h, w) in 0..1 as uint8 (h, w, 3)."""
    return np.ascontiguousarray((picture.transpose(1, 2, 0) * 255 + 0.5).astype(np.uint8))


def mask_picture(mask: NDArray[np.uint8], colours: NDArray[np.uint8], restored: Picture | None) -> Picture:
    """The classes of a mask (h, w) in their colours, on black, or over the middle of the restored picture."""
    painted = colours[mask]
    if restored is None:
        return painted
    # The network sees the middle of the array, the restored picture is all of it; both are whole blocks of photosites.
    height, width = mask.shape
    scale = min(restored.shape[0] / height, restored.shape[1] / width)
    tall, wide = round(height * scale), round(width * scale)
    top, left = (restored.shape[0] - tall) // 2, (restored.shape[1] - wide) // 2
    rows, columns = (np.arange(height) + 0.5) * tall / height, (np.arange(width) + 0.5) * wide / width
    behind = restored[top + rows.astype(int)][:, left + columns.astype(int)]
    return (SHARE_OF_MASK * painted + (1 - SHARE_OF_MASK) * behind + 0.5).astype(np.uint8)


def class_colours(classes: Sequence[str]) -> NDArray[np.uint8]:
    """A colour for each class, uint8 (256, 3): CamVid's own, for others hues a golden section apart."""
    hues = [(number * GOLDEN % 1, 0.55 + 0.4 * (number % 2), 0.95 - 0.125 * (number % 3)) for number in range(256)]
    colours = np.array([colorsys.hsv_to_rgb(*hue) for hue in hues])
    chosen = (255 * colours + 0.5).astype(np.uint8)
    if tuple(classes) == tuple(CAMVID_CLASSES):
        chosen[: len(PALETTE)] = PALETTE
    return chosen


def jpeg(picture: Picture, quality: int) -> bytes:
    """A picture as JPEG."""
    import cv2

    stored = picture if picture.ndim == 2 else np.ascontiguousarray(picture[..., ::-1])
    there, encoded = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert there  # as 8-bit pictures of one or three channels always are
    return bytes(encoded)

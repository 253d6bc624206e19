"""Messages to and from the page."""

import io

import numpy as np
import pytest
from PIL import Image

from keycam.live.webcam import DamagedPicture, scene_of_jpeg
from keycam.live.wire import AckMessage, AskMessage, SetMessage, message_of, packed, unpacked
from sensor_sim.scene import linear_from_srgb


def test_a_message_is_unpacked_as_it_was_packed() -> None:
    header, pictures = {"type": "frame", "counter": 3}, {"link": b"abc", "restored": b"", "mask": bytes(range(256))}
    found, back = unpacked(packed(header, pictures))
    assert back == pictures
    assert found == {**header, "panes": [{"name": name, "bytes": len(picture)} for name, picture in pictures.items()]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "ack", "counter": 7}', AckMessage(type="ack", counter=7)),
        ('{"type": "set", "name": "reveal", "value": true}', SetMessage(type="set", name="reveal", value=True)),
        ('{"type": "set", "name": "analog_gain", "value": 2}', SetMessage(type="set", name="analog_gain", value=2.0)),
        ('{"type": "rotate"}', AskMessage(type="rotate")),
    ],
)
def test_what_the_page_says_is_understood(text: str, message: object) -> None:
    assert message_of(text) == message


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"type": "format"}', '{"type": "ack"}', '{"type": "ack", "counter": "7"}', '{"type": "rotate", "x": 1}',
     '{"type": "set", "name": "reveal", "value": null}', "\x00"],
)  # fmt: skip
def test_what_no_page_says_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is a message of the page's own script") as refused:
        message_of(text)
    assert "\n" not in str(refused.value)


def jpeg(width: int, height: int, kind: str = "JPEG") -> bytes:
    pixels = np.linspace(0, 255, width * height * 3).reshape(height, width, 3).astype(np.uint8)
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, kind, quality=95)
    return stored.getvalue()


def test_a_webcams_picture_is_linear_light() -> None:
    scene = scene_of_jpeg(jpeg(64, 48))
    assert scene.dtype == np.float32
    assert scene.shape == (48, 64, 3)
    truth = linear_from_srgb(np.linspace(0, 255, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint8))
    assert np.abs(scene - truth).mean() < 0.02  # what JPEG of this quality leaves of a ramp


@pytest.mark.parametrize(
    ("sent", "says"),
    [(b"", "cannot be decoded"), (b"\xff\xd8\xff", "cannot be decoded"), (jpeg(64, 48)[:400], "cannot be decoded"),
     (jpeg(8, 8, "PNG"), "cannot be decoded"), (jpeg(2000, 2), "picture = 2000x2: allowed is up to 1920 each way")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(sent: bytes, says: str) -> None:
    with pytest.raises(DamagedPicture, match=says):
        scene_of_jpeg(sent)

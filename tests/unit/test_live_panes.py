"""The pictures of a frame: what the link carries unchanged, and nothing of the scene unless it was asked for."""

import io

import numpy as np
from PIL import Image

from adc import Geometry, RawFrame
from inference.answers import ClassAnswer, MaskAnswer
from inference.datasets import CAMVID_CLASSES
from inference.datasets.camvid_colours import PALETTE
from keycam.live.chosen_network import ChosenNetwork
from keycam.live.live_frame import LiveFrame
from keycam.live.panes import class_colours, jpeg, link_picture, mask_picture, panes
from keycam.live.said import said_of
from keycam.live.window import PANE, composed
from tests.recorded_frames import noise_frame

GEOMETRY = Geometry(480, 640, 12, "bggr")
NETWORK = ChosenNetwork("two", None, (2, 2), ("sky", "road"))  # type: ignore[arg-type]


def frame(answer: ClassAnswer | MaskAnswer, restored: np.ndarray | None = None, raw: RawFrame | None = None) -> LiveFrame:
    wrong = ClassAnswer(np.array([0, 9], np.float32)) if isinstance(answer, ClassAnswer) else answer
    return LiveFrame(raw or noise_frame(3, GEOMETRY), answer, wrong, None, restored, 0.0, 0.025, {})


SCORES = ClassAnswer(np.array([2, 1], np.float32))
MASK = MaskAnswer(np.array([[0, 1], [1, 1]], np.uint8), np.array([0.25, 0.75], np.float32))


def test_the_link_pane_holds_samples_of_the_link_and_none_that_are_averaged() -> None:
    raw = noise_frame(3, GEOMETRY)
    picture = link_picture(raw)
    assert picture.shape == (240, 320)
    assert picture[7, 11] == raw.samples[14 * 640 + 22, 0] >> 4
    small = link_picture(noise_frame(3, Geometry(6, 10, 12, "rggb")))
    assert small.shape == (6, 10)


def test_without_being_asked_nothing_shows_the_scene() -> None:
    assert set(panes(frame(SCORES), NETWORK.classes)) == {"link"}
    masked = panes(frame(MASK), CAMVID_CLASSES)
    assert set(masked) == {"link", "mask"}
    assert np.array_equal(masked["mask"], PALETTE[MASK.mask])  # the colours of classes on nothing


def test_a_restored_picture_is_shown_and_shines_through_the_mask() -> None:
    white = np.ones((3, 240, 320), np.float32)
    shown = panes(frame(MASK, white), CAMVID_CLASSES)
    assert set(shown) == {"link", "restored", "mask"}
    assert (shown["restored"] == 255).all()
    assert (shown["mask"] > PALETTE[MASK.mask]).all()


def test_the_mask_lies_over_the_middle_that_the_network_saw() -> None:
    columns = np.broadcast_to(np.arange(80, dtype=np.uint8)[None, :, None], (40, 80, 3)).copy()
    mask = np.zeros((4, 4), np.uint8)
    painted = mask_picture(mask, np.zeros((256, 3), np.uint8), columns)
    # 40x40 of 80 columns from column 20 on, in blocks of 10 whose middles are at 25, 35, 45, 55.
    assert np.array_equal(painted[0, :, 0], np.floor(0.45 * np.array([25, 35, 45, 55]) + 0.5))


def test_classes_that_nobody_named_colours_for_have_different_ones() -> None:
    colours = class_colours([f"class {number}" for number in range(21)])[:21]
    assert len(np.unique(colours, axis=0)) == 21


def test_answers_are_said_in_shares_and_compared() -> None:
    said = said_of(frame(SCORES), NETWORK)
    assert said["right"][0] == {"class": "sky", "share": round(float(1 / (1 + np.exp(-1))), 4)}
    assert said["wrong"][0]["class"] == "road"
    assert said["wrong_agrees"] == 0
    assert "plain" not in said
    of_mask = said_of(frame(MASK), NETWORK)
    assert of_mask["right"] == [{"class": "road", "share": 0.75}, {"class": "sky", "share": 0.25}]
    assert of_mask["wrong_agrees"] == 1
    assert NETWORK.class_name(7) == "class 7"


def test_pictures_are_stored_with_red_as_red() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    with Image.open(io.BytesIO(jpeg(red, 90))) as stored:
        assert stored.convert("RGB").getpixel((8, 8))[0] > 250


def test_a_window_shows_all_panes_side_by_side_with_the_answers_below() -> None:
    picture = composed(frame(MASK, np.ones((3, 240, 320), np.float32)), NETWORK)
    assert picture.shape[1] == 3 * PANE[1]
    assert (picture[: PANE[0], PANE[1] : 2 * PANE[1]] == 255).all()
    assert picture[PANE[0] :].any()
    assert composed(frame(SCORES), NETWORK).shape[1] == 2 * PANE[1]

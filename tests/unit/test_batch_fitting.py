"""Fitting and panel: an array for every size of footage, and answers that can be read on it."""

import numpy as np
import pytest

from keycam.batch.fitting import fitted, settings_in
from keycam.batch.panel import annotated, canvas_size, colours_of, overlaid
from sensor_sim import DEMO_PROFILE


@pytest.mark.parametrize(
    ("frame", "wanted", "array"),
    [
        ((360, 480), None, (360, 480)),
        ((99, 101), None, (98, 100)),
        ((360, 480), (32, 32), (320, 320)),
        ((1080, 1920), (32, 32), (512, 512)),
        ((48, 64), (32, 32), (32, 32)),
        ((20, 30), (32, 32), (32, 32)),
        ((360, 480), (180, 240), (360, 480)),
        ((480, 640), (224, 224), (448, 448)),
    ],
)
def test_the_array_has_as_many_photosites_as_the_footage_has_pixels_for(frame, wanted, array) -> None:
    fit = fitted(frame, wanted)
    assert fit.array == array
    assert fit.picture == (wanted or array)
    factor = fit.array[0] // fit.picture[0]
    assert factor == 1 or factor % 2 == 0


def test_a_recording_is_developed_as_the_footage_was_or_in_its_middle() -> None:
    exposure_s = DEMO_PROFILE.default_exposure_s
    assert settings_in((320, 320), (32, 32), DEMO_PROFILE, exposure_s).crop is None
    whole = settings_in((256, 300), (32, 32), DEMO_PROFILE, exposure_s)
    assert (whole.output, whole.crop) == ((32, 32), (0, 22, 256, 256))


def test_the_panel_is_even_readable_and_no_larger_than_a_screen() -> None:
    for array in ((32, 32), (16, 400), (360, 480), (2160, 3840), (98, 100)):
        height, width = canvas_size(array)
        assert height % 2 == width % 2 == 0
        assert max(height, width) <= 1280 or min(height, width) <= 400
        assert min(height, width) >= 48


def test_what_is_drawn_on_black_is_the_answer_alone() -> None:
    classes = ("sky", "road", "tree")
    colours = dict.fromkeys(classes, (255, 0, 0))
    row = {"frame": 3, "time_s": 0.12, "class": "road", "class_shares": {"sky": 0.25, "road": 0.75, "tree": 0.0}}
    drawn = annotated((288, 384), row, colours)
    assert drawn.shape == (288, 384, 3)
    bars = (drawn == (255, 0, 0)).all(2)
    rows = np.flatnonzero(bars.any(1))
    long, short = bars[rows[0]].sum(), bars[rows[-1]].sum()
    assert long / short == pytest.approx(3, rel=0.05)
    assert not drawn[100:].any()
    on_white = annotated((288, 384), row, colours, np.full((72, 96, 3), 255, np.uint8))
    assert (on_white[100:] == 255).all()


def test_a_mask_is_laid_over_the_picture_in_the_colours_of_its_classes() -> None:
    mask = np.zeros((4, 4), np.uint8)
    mask[:, 2:] = 1
    colours = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    shown = overlaid(np.zeros((3, 8, 8), np.float32), mask, colours)
    assert (shown[:, :4].argmax(2) == 0).all()
    assert (shown[:, 4:].argmax(2) == 2).all()
    assert len(np.unique(colours_of(tuple("abcdefgh")), axis=0)) == 8

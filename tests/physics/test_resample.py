"""Resampling averages light over a pixel's area: it keeps the mean, follows a ramp, and equals a plain NumPy twin."""

import numpy as np
import pytest

from sensor_sim.resample import Box, centred_box, footprints, resample

SCENE = np.random.default_rng(1).random((37, 53, 3), dtype=np.float32)
# Weights and sums in single precision: below 100 terms of at most 1, each with 2**-24.
ROUNDING = 1e-5


def twin(scene: np.ndarray, size: tuple[int, int], box: Box) -> np.ndarray:
    """The same means as two dense matrices."""

    def matrix(start: float, length: float, count: int, limit: int) -> np.ndarray:
        rows = np.zeros((count, limit))
        for q in range(count):
            centre, reach = start + length / count * (q + 0.5), max(length / count, 1) / 2
            for i in range(limit):
                rows[q, i] = max(0, min(i + 1, centre + reach) - max(i, centre - reach))
        return rows / rows.sum(axis=1, keepdims=True)

    down = matrix(box.top, box.height, size[0], scene.shape[0])
    across = matrix(box.left, box.width, size[1], scene.shape[1])
    return np.einsum("yi,ijc,xj->yxc", down, scene, across)


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((10, 10), Box(0, 0, 37, 37)),
        ((10, 14), Box(2.3, 7.9, 20.5, 28.7)),
        ((64, 64), Box(5.25, 6.5, 11.5, 11.5)),
        ((50, 7), Box(0, 0, 37, 53)),
        ((1, 1), Box(36.5, 52.5, 0.5, 0.5)),
    ],
)
def test_the_kernel_equals_its_plain_twin(size: tuple[int, int], box: Box) -> None:
    assert np.allclose(resample(SCENE, size, box), twin(SCENE, size, box), atol=ROUNDING)


def test_halving_is_the_mean_of_four() -> None:
    scene = SCENE[:36, :52]
    expected = scene.reshape(18, 2, 26, 2, 3).mean(axis=(1, 3))
    assert np.allclose(resample(scene, (18, 26)), expected, atol=ROUNDING)


def test_shrinking_keeps_the_mean_light() -> None:
    square = SCENE[:, :37]
    assert np.allclose(resample(square, (11, 11)).mean(axis=(0, 1)), square.mean(axis=(0, 1)), atol=ROUNDING)


def test_growing_interpolates_a_ramp_linearly() -> None:
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32)[None, :, None] / 16, (16, 16, 3))
    grown = resample(np.ascontiguousarray(ramp), (64, 64), Box(4, 4, 8, 8))
    # Pixel q's centre lies at 4 + (q + 1/2)/8, where the ramp, whose pixels have theirs at i + 1/2, is (that - 1/2)/16.
    expected = (4 + (np.arange(64) + 0.5) / 8 - 0.5) / 16
    assert np.allclose(grown[30, :, 0], expected, atol=ROUNDING)


def test_a_uniform_field_stays_uniform() -> None:
    assert np.allclose(resample(np.full((37, 53, 3), 0.7, np.float32), (100, 9), Box(1.1, 2.2, 30.3, 50.5)), 0.7, atol=ROUNDING)


def test_the_array_s_own_size_is_left_as_it_is() -> None:
    assert resample(SCENE, (37, 53)) is SCENE


def test_a_scene_of_other_proportions_is_cut_in_the_middle_and_not_stretched() -> None:
    assert centred_box((100, 300), (50, 50)) == Box(0, 100, 100, 100)
    assert centred_box((300, 100), (10, 20)) == Box(125, 0, 50, 100)


def test_weights_of_every_pixel_sum_to_one() -> None:
    _, number, weights = footprints(3.7, 20.2, 13, 30)
    # As many single-precision roundings as weights.
    assert np.allclose(weights.sum(axis=1), 1, atol=number.max() * 2**-23)


@pytest.mark.parametrize("box", [Box(0, 0, 38, 10), Box(30, 0, 10, 10), Box(0, 50, 10, 10)])
def test_a_box_outside_the_scene_is_refused(box: Box) -> None:
    with pytest.raises(ValueError, match=r"box = .*: allowed is inside the scene's 37 x 53"):
        resample(SCENE, (4, 4), box)


@pytest.mark.parametrize("field", ["top", "left", "height", "width"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_an_impossible_box_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{field} = .*: allowed is"):
        Box(**{"top": 0.0, "left": 0.0, "height": 1.0, "width": 1.0, field: value})

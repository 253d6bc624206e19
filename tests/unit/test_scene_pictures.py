"""A data set's pictures as scenes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sensor_sim.scene import ArraySource, SceneError, linear_from_srgb, srgb_from_linear

PICTURES = np.random.default_rng(1).integers(0, 256, (4, 5, 6, 3), np.uint8)


def test_pictures_come_in_order_and_again_and_by_number() -> None:
    source = ArraySource(PICTURES)
    assert len(source) == 4
    for _ in range(2):
        assert np.array_equal(np.stack(list(source)), linear_from_srgb(PICTURES))
    assert np.array_equal(source[2], linear_from_srgb(PICTURES[2]))


@pytest.mark.parametrize(
    "pictures", [PICTURES.astype(np.float32), PICTURES[0], PICTURES[..., :1], PICTURES[:0], PICTURES.transpose(0, 3, 1, 2)]
)
def test_what_is_no_array_of_pictures_is_refused(pictures: np.ndarray) -> None:
    with pytest.raises(SceneError, match=r"pictures = .*: allowed is uint8 \(N, H, W, 3\)"):
        ArraySource(pictures)


def test_the_pictures_of_cifar10_survive_the_way_to_light_and_back(test_data: Path) -> None:
    with Image.open(test_data / "cifar10" / "test.webp") as sheet:
        row = np.asarray(sheet.convert("RGB").crop((0, 0, 3200, 32)))
    pictures = row.reshape(32, 100, 32, 3).transpose(1, 0, 2, 3)
    source = ArraySource(pictures)
    assert np.array_equal(srgb_from_linear(np.stack(list(source))), pictures)
    assert len({scene.tobytes() for scene in source}) == 100

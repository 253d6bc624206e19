"""Image files as scenes: what a file holds is what the scene shows, and a bad file is one clear sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sensor_sim.scene import ImageSource, SceneError, linear_from_srgb, read_image

PICTURE = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".ppm"])
def test_a_lossless_picture_becomes_its_light(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(PICTURE).save(tmp_path / f"a{suffix}")
    scene = read_image(tmp_path / f"a{suffix}")
    assert scene.dtype == np.float32
    assert np.array_equal(scene, linear_from_srgb(PICTURE))


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    Image.fromarray(PICTURE[..., 0]).save(tmp_path / "grey.png")
    assert np.array_equal(read_image(tmp_path / "grey.png"), linear_from_srgb(np.repeat(PICTURE[..., :1], 3, axis=2)))


def test_sixteen_bits_of_grey_are_kept(tmp_path: Path) -> None:
    grey = np.array([[0, 1, 300], [40000, 65534, 65535]], np.uint16)
    Image.fromarray(grey).save(tmp_path / "deep.png")
    assert np.array_equal(read_image(tmp_path / "deep.png")[..., 1], linear_from_srgb(grey))


def test_what_is_transparent_lies_over_white(tmp_path: Path) -> None:
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0, 0] = (255, 0, 0, 255)
    Image.fromarray(layer).save(tmp_path / "layer.png")
    scene = read_image(tmp_path / "layer.png")
    assert scene[0, 0].tolist() == [1, 0, 0]
    assert scene[1, 1].tolist() == [1, 1, 1]


def test_the_camera_s_orientation_mark_is_obeyed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the picture is to be turned clockwise by 90 degrees
    Image.fromarray(PICTURE).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), linear_from_srgb(np.rot90(PICTURE, -1)))


def test_a_folder_gives_its_images_by_name_and_again(tmp_path: Path) -> None:
    for number, name in ((1, "b.png"), (0, "a.PNG"), (2, "c.png")):
        Image.fromarray(np.full((2, 2, 3), 100 * number, np.uint8)).save(tmp_path / name, format="png")
    (tmp_path / "notes.txt").write_text("no image")
    source = ImageSource(tmp_path)
    assert len(source) == 3
    for _ in range(2):
        assert [scene[0, 0, 0] for scene in source] == linear_from_srgb(np.array([0, 100, 200], np.uint8)).tolist()


@pytest.mark.parametrize("content", [b"", b"not an image at all", b"\x89PNG\r\n\x1a\n broken", b"\xff\xd8\xff\xe0 broken"])
def test_a_bad_image_is_one_sentence_that_names_it(tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(SceneError, match=r"image = .*bad\.png: .*; allowed is a complete image file") as refused:
        list(ImageSource(path))
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_half_a_picture_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SceneError, match="cannot be decoded"):
        read_image(tmp_path / "half.png")


def test_a_missing_image_a_folder_for_an_image_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"image = .*none\.png: there is no such file"):
        ImageSource(tmp_path / "none.png")
    with pytest.raises(SceneError, match="this is not a file"):
        read_image(tmp_path)
    with pytest.raises(SceneError, match="holds no image; allowed is at least one"):
        ImageSource(tmp_path)


@pytest.mark.parametrize("values", [np.full((4, 4), 0.5, np.float32), np.full((4, 4), 70_000, np.int32)])
def test_numbers_that_are_no_srgb_code_are_refused_and_not_cut(tmp_path: Path, values: np.ndarray) -> None:
    Image.fromarray(values).save(tmp_path / "values.tif")
    with pytest.raises(SceneError, match=r"image = .*values\.tif: its values are .*; allowed is 8 bits, or 16 bits grey"):
        read_image(tmp_path / "values.tif")


def test_a_name_that_the_system_refuses_is_one_sentence() -> None:
    for give in (ImageSource, read_image):
        with pytest.raises(SceneError, match=r"image = .*: it cannot be opened \(File name too long\); allowed is"):
            give("a" * 5000)

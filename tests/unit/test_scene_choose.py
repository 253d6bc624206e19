"""One text names any source, and a text that names none says what does."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sensor_sim.scene import CameraSource, ImageSource, SceneError, open_scene


def test_digits_and_addresses_are_cameras() -> None:
    for text in ("0", "12", "rtsp://camera/live"):
        source = open_scene(text)
        assert isinstance(source, CameraSource)
        assert source.name == text


def test_a_file_and_its_folder_are_images(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "a.png")
    for text in (tmp_path, tmp_path / "a.png"):
        source = open_scene(str(text))
        assert isinstance(source, ImageSource)
        assert len(source) == 1


def test_a_video_file_is_a_video(tmp_path: Path) -> None:
    (tmp_path / "empty.MP4").touch()
    with pytest.raises(SceneError, match=r"video = .*zero bytes"):
        open_scene(str(tmp_path / "empty.MP4"))


def test_a_text_that_names_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(SceneError, match=r"notes\.txt: this kind of file is unknown; allowed is a camera number, a URL"):
        open_scene(str(tmp_path / "notes.txt"))
    for text in ("", "no-such-thing", "-1"):
        with pytest.raises(SceneError, match=r"source = |holds no image"):
            open_scene(text)


def test_a_path_that_the_system_refuses_is_one_sentence() -> None:
    for name in ("a" * 5000, "a" * 5000 + ".png"):
        with pytest.raises(SceneError, match=r"source = a+(\.png)?: it cannot be opened \(File name too long\)"):
            open_scene(name)


def test_an_address_without_its_scheme_does_not_show_its_password() -> None:
    with pytest.raises(SceneError, match=r"source = camera\.local/live: there is no such file") as refused:
        open_scene("user:secret@camera.local/live")
    assert "secret" not in str(refused.value)

"""Video files as scenes: every frame once, in order, again on the next iteration; bad files are one clear sentence."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from sensor_sim.scene import SceneError, VideoSource, linear_from_srgb

LEVELS = [10, 60, 110, 160, 210]


def film(path: Path, levels: list[int] = LEVELS) -> Path:
    """A lossless film of uniform grey frames, 32 x 48."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "bgr0"
        for level in levels:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((32, 48, 3), level, np.uint8), format="rgb24")))
        container.mux(stream.encode())
    return path


def test_frames_come_in_order_and_again(tmp_path: Path) -> None:
    source = VideoSource(film(tmp_path / "film.mkv"))
    expected = linear_from_srgb(np.array(LEVELS, np.uint8))
    for _ in range(2):
        scenes = list(source)
        assert [scene.shape for scene in scenes] == [(32, 48, 3)] * len(LEVELS)
        assert [scene[3, 4, 1] for scene in scenes] == expected.tolist()
        assert all(scene.dtype == np.float32 for scene in scenes)


def test_an_iteration_may_be_left_early(tmp_path: Path) -> None:
    source = VideoSource(film(tmp_path / "film.mkv"))
    frames = iter(source)
    next(frames)
    frames.close()
    assert len(list(source)) == len(LEVELS)


def test_a_zero_byte_video_is_one_sentence_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(SceneError, match=r"video = .*empty\.mp4: the file has zero bytes; allowed is a complete video file"):
        VideoSource(tmp_path / "empty.mp4")


@pytest.mark.parametrize("kept", [40, 300])
def test_a_damaged_video_is_refused_without_chatter(tmp_path: Path, kept: int, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.mkv"
    path.write_bytes(film(tmp_path / "film.mkv").read_bytes()[:kept])
    with pytest.raises(SceneError, match=r"video = .*cut\.mkv: .*; allowed is") as refused:
        list(VideoSource(path))
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_text_and_sound_are_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video " * 100)
    with pytest.raises(SceneError, match="cannot be decoded"):
        VideoSource(tmp_path / "text.mp4")
    with wave.open(str(tmp_path / "sound.avi"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    with pytest.raises(SceneError, match="it has no video track"):
        VideoSource(tmp_path / "sound.avi")


def test_a_missing_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="there is no such file"):
        VideoSource(tmp_path / "none.mp4")

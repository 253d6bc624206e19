"""Video files as scenes: every frame once, in order, again on the next iteration; bad files are one clear sentence."""

import struct
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


def test_a_film_that_breaks_off_ends_with_its_last_frame_that_is_there(tmp_path: Path) -> None:
    whole = film(tmp_path / "film.mkv", LEVELS * 8).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    scenes = list(VideoSource(tmp_path / "cut.mkv"))
    assert 10 < len(scenes) < 30
    assert [scene[3, 4, 1] for scene in scenes] == linear_from_srgb(np.array(LEVELS * 8, np.uint8))[: len(scenes)].tolist()


def test_a_film_without_its_index_is_refused_before_its_first_frame(tmp_path: Path) -> None:
    whole = film(tmp_path / "film.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: whole.index(b"moov") + 100])
    with pytest.raises(SceneError, match=r"video = .*cut\.mp4: it (cannot be decoded|has no video track); allowed is a"):
        VideoSource(tmp_path / "cut.mp4")


@pytest.mark.parametrize(("quarters", "matrix"), [(1, (0, -1, 1, 0)), (2, (-1, 0, 0, -1)), (3, (0, 1, -1, 0))])
def test_a_film_that_was_taken_sideways_is_turned_upright(tmp_path: Path, quarters: int, matrix: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (32, 48, 3), np.uint8)
    path = tmp_path / "film.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    # The track header's display matrix (ISO/IEC 14496-12, 8.3.2) lies 40 bytes behind the name of the box: a, b, u, c, d, ...
    film_bytes = bytearray(path.read_bytes())
    at = film_bytes.index(b"tkhd") + 4 + 40
    for place, value in zip((0, 4, 12, 16), matrix, strict=True):
        film_bytes[at + place : at + place + 4] = struct.pack(">i", value << 16)
    path.write_bytes(film_bytes)
    assert np.array_equal(next(iter(VideoSource(path))), linear_from_srgb(np.rot90(picture, quarters)))

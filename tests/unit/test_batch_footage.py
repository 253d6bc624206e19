"""Footage: every kind of file gives the frames that it shows, from any of them on, and damage is told in a sentence."""

import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keycam.batch.footage import Pictures, Video
from keycam.batch.sources import footage_of
from sensor_sim.scene import SceneError, VideoSource
from tests.footage_files import cut_off, picture, spoil, turn_quarter, write_video

KINDS = {
    "b-frames.mp4": {"g": "12", "bf": "3"},
    "open-gop.mp4": {"x264-params": "open-gop=1:keyint=12:bframes=3"},
    "no-key-frames.mp4": {"x264-params": "intra-refresh=1:keyint=12"},
    "matroska.mkv": {"g": "12", "bf": "3"},
    "stream.ts": {"g": "12"},
    "divx.avi": {"codec": "mpeg4"},
    "programme.mpg": {"codec": "mpeg2video", "ticks_per_s": 25, "bf": "2"},
    "photo-jpeg.avi": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "422.mp4": {"pixels": "yuv422p"},
    "ten-bits.mp4": {"pixels": "yuv420p10le"},
}


@pytest.mark.parametrize("name", KINDS)
def test_any_stretch_of_a_video_is_that_of_the_whole(tmp_path: Path, name: str) -> None:
    video = Video(write_video(tmp_path / name, 30, (240, 320) if name.endswith("mpg") else (48, 64), **KINDS[name]))
    height, width, time_s, ticks, missing = video.survey()
    whole = list(VideoSource(video.path))
    assert (height, width) == whole[0].shape[:2]
    assert missing is None
    assert time_s == pytest.approx(np.arange(30) / 25)
    assert len(whole) == 30
    for first, count in ((0, 30), (7, 9), (16, 14), (29, 1)):
        stretch = None if ticks is None else ticks[first : first + count]
        scenes = list(video.scenes(first, stretch, count))
        assert len(scenes) == count
        assert all(np.array_equal(*pair) for pair in zip(scenes, whole[first : first + count], strict=True))


def test_a_stretch_is_entered_at_a_key_frame_and_not_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = Video(write_video(tmp_path / "long.mp4", 200, g="10"))
    ticks = video.survey().ticks
    assert ticks is not None
    monkeypatch.setattr("keycam.batch.footage.islice", lambda *_: pytest.fail("it was decoded from the beginning"))
    assert len(list(video.scenes(150, ticks[150:160], 10))) == 10


def test_frames_keep_their_times_where_the_rate_varies(tmp_path: Path) -> None:
    times_s = np.cumsum(np.linspace(0.01, 0.3, 20))
    survey = Video(write_video(tmp_path / "phone.mkv", 20, times_s=times_s.tolist())).survey()
    assert survey.time_s == pytest.approx(times_s - times_s[0], abs=0.0011)  # Matroska counts in ms


def test_a_phone_s_rotation_is_obeyed(tmp_path: Path) -> None:
    upright = Video(turn_quarter(write_video(tmp_path / "phone.mp4", 3)))
    assert upright.survey()[:2] == (64, 48)
    (turned,) = upright.scenes(1, upright.survey().ticks[1:2], 1)
    flat = list(VideoSource(write_video(tmp_path / "flat.mp4", 3)))[1]
    assert any(np.array_equal(turned, np.rot90(flat, quarter)) for quarter in (1, 3))


def test_odd_sizes_are_read_as_they_are(tmp_path: Path) -> None:
    assert Video(write_video(tmp_path / "odd.mp4", 2, (99, 101), pixels="yuv444p")).survey()[:2] == (99, 101)


def test_a_matroska_file_that_was_broken_off_ends_with_its_last_whole_frame(tmp_path: Path) -> None:
    video = Video(cut_off(write_video(tmp_path / "off.mkv", 60), 0.6))
    survey = video.survey()
    assert 10 < len(survey.time_s) < 60
    assert len(list(video.scenes(0, survey.ticks, len(survey.time_s)))) == len(survey.time_s)


def bad_files(folder: Path) -> dict[str, Path]:
    empty, text, audio = folder / "empty.mp4", folder / "text.mp4", folder / "audio.wav"
    empty.touch()
    text.write_text("hello")
    with wave.open(str(audio), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    return {
        "there is no such file": folder / "nowhere.mp4",
        "the file has zero bytes": empty,
        "it cannot be decoded": text,
        "it has no video track": audio,
        "it cannot be decoded (": cut_off(write_video(folder / "cut.mp4", 60), 0.6),
        "it cannot be decoded (I": cut_off(write_video(folder / "cut-2.mp4", 60, movflags="faststart"), 0.6),
        "frame": spoil(write_video(folder / "spoiled.mkv", 60)),
    }


def test_what_is_no_video_or_damaged_is_refused_in_a_sentence_that_names_it(tmp_path: Path) -> None:
    for trouble, path in bad_files(tmp_path).items():
        with pytest.raises(SceneError) as refused:
            survey = Video(path).survey()
            list(Video(path).scenes(0, survey.ticks, len(survey.time_s)))
        sentence = str(refused.value)
        assert sentence.startswith(f"video = {path}: ")
        assert trouble in sentence
        assert "; allowed is " in sentence
        assert "\n" not in sentence


def test_pictures_are_taken_by_name_and_the_first_one_says_the_size(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        Image.fromarray(picture(number, 20 + number, 30)).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").touch()
    (pictures,) = footage_of((str(tmp_path),)).values()
    assert isinstance(pictures, Pictures)
    assert [file.name for file in pictures.files] == ["0.png", "1.png", "2.png"]
    assert pictures.survey()[:2] == (20, 30)
    assert [scene.shape[0] for scene in pictures.scenes(1, None, 2)] == [21, 22]


def test_the_content_of_footage_decides_what_it_is_and_not_its_name(tmp_path: Path) -> None:
    first, copy = (write_video(tmp_path / name, 3) for name in ("a.mp4", "b.mp4"))
    assert Video(first).digest() == Video(copy).digest()
    spoil(copy)
    assert Video(first).digest() != Video(copy).digest()


def test_sources_are_files_folders_and_patterns_each_taken_once(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("a.mp4", "b.mkv", "more/a.mp4"):
        (tmp_path / name).write_text(name)
    Image.fromarray(picture(0, 8, 8)).save(tmp_path / "still.png")
    named = footage_of((str(tmp_path), str(tmp_path / "*.mp4"), str(tmp_path / "**" / "a.mp4")))
    assert set(named) == {"a.mp4", "b.mkv", "a.mp4-2", tmp_path.name}
    assert named["a.mp4-2"].path == tmp_path / "more" / "a.mp4"
    (tmp_path / "summary.json").mkdir()
    write_video(tmp_path / "summary.json" / "a.mp4", 1)
    Image.fromarray(picture(0, 8, 8)).save(tmp_path / "summary.json" / "still.png")
    assert set(footage_of((str(tmp_path / "summary.json"),))) == {"a.mp4", "summary.json-2"}
    for nothing in ("nowhere.mp4", "*.avi", "more/none"):
        with pytest.raises(SceneError, match="there is nothing of this name; allowed is"):
            footage_of((str(tmp_path / nothing),))
    (tmp_path / "bare").mkdir()
    with pytest.raises(SceneError, match="it holds no video and no picture; allowed is"):
        footage_of((str(tmp_path / "bare"),))

"""Footage: every kind of file gives the frames that it shows, from any of them on, and damage is told in a sentence."""

import re
import wave
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import av
import numpy as np
import pytest
from PIL import Image

from keycam.batch.broken_off import Reach
from keycam.batch.footage import Pictures, Video
from keycam.batch.sources import footage_of, not_searched
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


@pytest.mark.parametrize("name", ["off.mkv", "off.webm", "off.flv"])
def test_what_is_missing_of_a_file_that_was_broken_off_is_told(tmp_path: Path, name: str) -> None:
    whole = write_video(tmp_path / name, 60, codec="libvpx" if name.endswith("webm") else "libx264")
    assert Video(whole).survey().missing is None
    survey = Video(cut_off(whole, 0.6)).survey()
    assert survey.missing is not None
    assert survey.missing.startswith(f"source = {whole}: it is broken off, ")
    there_s, stated_s = (float(figure) for figure in re.findall(r"\d+\.\d\d", survey.missing.replace(str(whole), ""))[:2])
    assert there_s == pytest.approx(survey.time_s[-1] + 0.04, abs=0.09)  # B frames: the last one there may be shown later
    assert stated_s == pytest.approx(2.4, abs=0.1)


def write_with_sound(path: Path, codec: str, sound_s: int, *, to_pipe: bool) -> Path:
    """A Matroska file of 40 frames (1.6 s) and of sound; where it goes into a pipe nobody can write its duration at the end."""
    with path.open("wb") as file, av.open(Pipe(file) if to_pipe else file, "w", format="matroska") as container:
        video, sound = container.add_stream(codec, rate=25), container.add_stream("pcm_s16le", rate=8000)
        video.height, video.width, video.pix_fmt, video.bit_rate = 48, 64, "yuv420p", 200_000
        sound.layout = "mono"
        for number in range(40):
            frame = av.VideoFrame.from_ndarray(picture(number, 48, 64), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for second in range(sound_s):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
            silence.rate, silence.pts, silence.time_base = 8000, 8000 * second, Fraction(1, 8000)
            container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    return path


class Pipe:
    """A file that can only be written on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return self._file.write(data)


def test_honest_files_are_not_said_to_be_broken_off(tmp_path: Path) -> None:
    times_s = np.cumsum(np.linspace(0.01, 0.3, 20)).tolist()
    honest = [
        write_video(tmp_path / "varying.mkv", 20, times_s=times_s),
        write_video(tmp_path / "slides.mkv", 4, times_s=[0, 7, 9, 30]),
        write_video(tmp_path / "single.mkv", 1),
        write_with_sound(tmp_path / "long-sound.mkv", "libx264", 5, to_pipe=False),
        write_with_sound(tmp_path / "short-sound.mkv", "libx264", 1, to_pipe=False),
        # FFmpeg guesses the duration of the first of these, from the bit rate of its sound, as half as much again as it is.
        write_with_sound(tmp_path / "pipe.mkv", "mpeg4", 1, to_pipe=True),
        write_with_sound(tmp_path / "pipe-2.mkv", "mpeg2video", 1, to_pipe=True),
    ]
    for file in honest:
        assert Video(file).survey().missing is None, file.name


def test_the_last_picture_may_last_as_long_as_the_longest_one() -> None:
    reach = Reach()
    for at_s in (0, 7, 9):  # packets that do not say how long they last
        reach.add(
            SimpleNamespace(size=1, time_base=Fraction(1), pts=at_s, dts=at_s, duration=None, stream=SimpleNamespace(index=0))
        )

    def container(stated_s: float) -> Any:
        return SimpleNamespace(duration=1e6 * stated_s, format=SimpleNamespace(name="matroska,webm"), streams=[], size=100)

    assert reach.shortfall(container(16)) is None
    assert reach.shortfall(container(16.5)) == "9.00 of 16.50 s are there"


def test_a_picture_that_cannot_be_read_is_named_and_all_others_are_taken(tmp_path: Path) -> None:
    for number in range(7):
        Image.fromarray(picture(number, 20, 30)).save(tmp_path / f"{number}.png")
    whole = Pictures(tmp_path, tuple(sorted(tmp_path.iterdir())))
    assert whole.survey().missing is None
    scenes = list(whole.scenes(0, None, 7))
    cut_off(tmp_path / "0.png", 0.5)
    (tmp_path / "4.png").write_bytes(b"")
    survey = whole.survey()
    assert survey.missing == (
        f"source = {tmp_path}: 2 of its 7 pictures cannot be read (0.png, 4.png), all others were done; "
        "allowed is complete pictures such as PNG or JPEG"
    )
    assert survey.time_s.tolist() == [0.1, 0.2, 0.3, 0.5, 0.6]  # at the times that they have without the damage
    assert survey.ticks is not None
    taken = list(whole.scenes(2, survey.ticks[2:4], 2))
    assert np.array_equal(taken, [scenes[3], scenes[5]])
    for number in (1, 2, 3, 5):
        cut_off(tmp_path / f"{number}.png", 0.5)
    assert "(0.png, 1.png, 2.png and 3 more)" in str(whole.survey().missing)
    cut_off(tmp_path / "6.png", 0.5)
    with pytest.raises(SceneError, match=r"0\.png: it cannot be decoded; allowed is"):
        whole.survey()


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
        "it cannot be decoded (Inv": spoil(write_video(folder / "spoiled.mkv", 60)),
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


def test_a_frame_that_the_decoder_leaves_out_is_named(tmp_path: Path) -> None:
    video = Video(write_video(tmp_path / "a.mkv", 60))
    survey = video.survey()
    assert survey.ticks is not None
    # As a survey is where the container has one frame more than the decoder gives.
    announced = np.insert(survey.ticks, 30, survey.ticks[30] - 1)
    given = []
    with pytest.raises(SceneError, match=r"video = .*a.mkv: frame 30 cannot be decoded; allowed is a complete video file"):
        given.extend(video.scenes(0, announced, len(announced)))
    assert len(given) == 30
    assert len(list(video.scenes(0, survey.ticks, len(survey.ticks)))) == 60


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


def test_folders_inside_a_folder_are_told_and_a_pattern_takes_them(tmp_path: Path) -> None:
    for name in ("a", "b", ".hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.mp4").write_text("a video")
    (tmp_path / "top.mp4").write_text("a video")
    assert not_searched((str(tmp_path), str(tmp_path / "a"), str(tmp_path / "*.mp4"))) == [
        f"source = {tmp_path}: 2 folders inside are not searched; allowed is '{tmp_path}/**' for them too"
    ]
    assert set(footage_of((str(tmp_path),))) == {"top.mp4"}
    assert set(footage_of((str(tmp_path / "**"),))) == {"top.mp4", "a.mp4", "b.mp4"}


def test_the_results_of_a_batch_are_no_sources_of_the_next_one(tmp_path: Path) -> None:
    results = tmp_path / "clip.mp4"
    results.mkdir()
    for file in (results / "units.json", results / "annotated.mp4", tmp_path / "summary.json", tmp_path / "contact-sheet.png"):
        file.write_text("a result")
    (tmp_path / "mine.png").write_text("a picture")
    for source in (tmp_path, tmp_path / "**"):
        (taken,) = footage_of((str(source),)).values()
        assert isinstance(taken, Pictures)
        assert [file.name for file in taken.files] == ["mine.png"]
    assert not_searched((str(tmp_path),)) == []
    with pytest.raises(SceneError, match="it matches no video and no picture; allowed is"):
        footage_of((str(results / "**"),))
    assert set(footage_of((str(results / "annotated.mp4"),))) == {"annotated.mp4"}

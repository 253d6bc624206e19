"""`keycam batch` and `keycam replay`: every frame once, exactly what the plain network says, and nothing that shows the scene."""

import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from adc import KeySchedule
from firmware_model import Camera, converter_of
from firmware_model.camera import frame_seed
from inference.receiver import Receiver
from inference.recording import Recording
from keycam.batch.bench import Case
from keycam.batch.footage import Video
from keycam.batch.panel import LEAST_WIDTH
from keycam.batch.rows import compared
from keycam.keyfile import open_key
from sensor_sim import DEMO_PROFILE, Sensor
from tests.batch_here import Here, files_in, work_here
from tests.footage_files import spoil, turn_quarter, write_video

MASKS = ("--model", "fcn_resnet12")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    work_here(monkeypatch)


@pytest.fixture
def no_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contact sheet is an empty file, for tests that look at other things: to draw one takes a second."""
    monkeypatch.setattr("keycam.batch.run.draw_sheet", lambda *arguments: arguments[-1].touch())


@pytest.fixture
def key(command, tmp_path: Path) -> Path:
    file = tmp_path / "keys" / "device.key"
    file.parent.mkdir()
    assert command("keys", "new", file).code == 0
    return file


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]


def decoded(video: Path, pixels: str = "rgb24") -> list[tuple[float, NDArray[np.uint8]]]:
    with av.open(str(video)) as container:
        return [(frame.time, frame.to_ndarray(format=pixels)) for frame in container.decode(video=0)]


def test_every_frame_has_one_row_and_its_picture_at_its_time(command, tmp_path: Path) -> None:
    clip, out = write_video(tmp_path / "clip.mp4", 20, g="6"), tmp_path / "out"
    result = command("batch", clip, "--out", out, "--unit-frames", 8, "--json").json()
    rows = rows_of(out / "clip.mp4")
    assert [row["frame"] for row in rows] == list(range(20))
    assert [row["time_s"] for row in rows] == pytest.approx(np.arange(20) / 25)
    assert len({row["counter"] for row in rows}) == 20
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert row["probability"] == max(row["probabilities"].values()) == row["probabilities"][row["class"]]
        assert set(row["timings_ms"]) == {"camera", "wait", "key_and_verify", "isp", "network"}
    annotated = decoded(out / "clip.mp4" / "annotated.mp4")
    assert [time_s for time_s, _ in annotated] == pytest.approx([row["time_s"] for row in rows], abs=1e-4)
    assert annotated[0][1].shape == (LEAST_WIDTH, LEAST_WIDTH, 3)  # the network takes squares
    assert files_in(out) == {
        "summary.json",
        "contact-sheet.png",
        *(f"clip.mp4/{name}" for name in ("rows.jsonl", "annotated.mp4", "units.json")),
    }
    assert result["frames"] == result["frames_done"] == 20
    assert sum(result["footage"]["clip.mp4"]["classes"].values()) == 20
    summary = json.loads((out / "summary.json").read_text())
    assert summary == {name: result[name] for name in summary}


@pytest.mark.usefixtures("no_sheet")
def test_a_rerun_does_only_what_is_missing_and_a_change_does_it_again(command, tmp_path: Path) -> None:
    first, second, out = write_video(tmp_path / "a.mp4", 6), write_video(tmp_path / "b.mp4", 4), tmp_path / "out"

    def done(*more: object) -> int:
        frames: int = command("batch", first, *more, "--out", out, "--json").json()["frames_done"]
        return frames

    assert done() == 6
    times = {name: (out / name).stat().st_mtime_ns for name in files_in(out / "a.mp4") for name in [f"a.mp4/{name}"]}
    assert done() == 0
    assert done(second) == 4
    assert times == {name: (out / name).stat().st_mtime_ns for name in times}
    assert done("--seed", 1) == 6
    (out / "a.mp4" / "annotated.mp4").unlink()
    assert done("--seed", 1) == 6
    write_video(first, 7)
    assert done("--seed", 1) == 7
    assert len(rows_of(out / "a.mp4")) == 7


@pytest.mark.usefixtures("no_sheet")
def test_a_stopped_batch_goes_on_with_the_same_rows_and_counters_that_nobody_had(
    command, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_video(tmp_path / "clip.mp4", 18, g="5")
    line = ("batch", clip, "--key", key, "--unit-frames", 5)
    assert command(*line, "--out", tmp_path / "whole").code == 0
    before = {row["counter"] for row in rows_of(tmp_path / "whole" / "clip.mp4")}
    out = tmp_path / "out"
    for units in (1, 0, 2):
        monkeypatch.setattr(Here, "stop_after", units)
        assert command(*line, "--out", out).code == 130
        assert [path.name for path in out.iterdir()] == [".unfinished"]
    monkeypatch.setattr(Here, "stop_after", None)
    assert command(*line, "--out", out, "--json").json()["frames_done"] == 3
    ours, theirs = rows_of(out / "clip.mp4"), rows_of(tmp_path / "whole" / "clip.mp4")
    assert [compared(row) for row in ours] == [compared(row) for row in theirs]
    assert not before & {row["counter"] for row in ours}
    assert not (out / ".unfinished").exists()
    assert files_in(out) == files_in(tmp_path / "whole")


@pytest.fixture(scope="module")
def drive(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of CamVid's test pictures, 480x360."""
    file = tmp_path_factory.mktemp("drive") / "drive.mp4"
    pictures = sorted((test_data / "camvid" / "test").iterdir())[::60]
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = 360, 480, "yuv420p"
        for picture in pictures:
            image = cv2.resize(cv2.imread(str(picture)), (480, 360), interpolation=cv2.INTER_CUBIC)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return file


@pytest.mark.usefixtures("no_sheet")
def test_the_keyed_mask_is_the_plain_one_on_every_pixel_of_every_frame(command, drive: Path, tmp_path: Path) -> None:
    for name, options in (("plain", ("--policy", "raster")), ("keyed", ()), ("every-layer", ("--shuffle", "every-layer"))):
        assert command("batch", drive, *MASKS, "--reveal", "--unit-frames", 3, *options, "--out", tmp_path / name).code == 0
    plain, *keyed = (tmp_path / name / "drive.mp4" for name in ("plain", "keyed", "every-layer"))
    masks = [mask for _, mask in decoded(plain / "masks.mkv", "gray")]
    assert [mask.shape for mask in masks] == [(360, 480)] * 4
    assert len(np.unique(masks)) >= 5
    for folder in keyed:
        assert np.array_equal(masks, [mask for _, mask in decoded(folder / "masks.mkv", "gray")])
        assert [compared(row) for row in rows_of(folder)] == [compared(row) for row in rows_of(plain)]
    for mask, row in zip(masks, rows_of(plain), strict=True):
        shares = np.bincount(mask.ravel(), minlength=11) / mask.size
        assert list(row["class_shares"].values()) == pytest.approx(shares.tolist(), abs=1e-6)


def test_every_frame_of_the_recording_is_restored_exactly_and_replayed_with_the_same_answers(
    command, key: Path, tmp_path: Path
) -> None:
    clip, out = write_video(tmp_path / "clip.mp4", 7), tmp_path / "out"
    command("batch", clip, *MASKS, "--key", key, "--out", out, "--unit-frames", 4, "--seed", 5, "--json").json()
    recordings = sorted((out / "clip.mp4" / "recording").iterdir())
    assert [path.name for path in recordings] == ["000000000.keycam", "000000004.keycam"]
    video = Video(clip)
    scenes = list(video.scenes(0, video.survey().ticks, 7))
    noise = int(video.digest()[:8], 16)
    bare = KeySchedule(bytes(32), policy=open_policy("raster"))
    profile = replaced(DEMO_PROFILE, 48, 64)
    numbers = iter(range(7))
    rows = rows_of(out / "clip.mp4")
    with (
        open_key(key, str) as held,
        held.schedule(open_policy("secure")) as schedule,
        Camera(
            Sensor(profile, 5), converter_of(profile, 5), bare, iter(range(7)), exposure_s=profile.default_exposure_s
        ) as plain,
    ):
        for path in recordings:
            receiver = Receiver(schedule, live=False)
            for raw in Recording(path):
                number = next(numbers)
                expected = plain.capture(scenes[number], frame_seed(5, noise, number))
                assert np.array_equal(raw.restore(receiver.accept(raw)).ravel(), expected.samples.ravel())
                assert raw.header.counter == rows[number]["counter"]
    assert next(numbers, None) is None
    again = tmp_path / "again"
    assert command("replay", recordings[1], *MASKS, "--key", key, "--out", again).code == 0
    answers = [
        {name: row[name] for name in ("counter", "class_shares", "mask_crc32")} for row in rows_of(again / recordings[1].name)
    ]
    assert answers == [{name: row[name] for name in ("counter", "class_shares", "mask_crc32")} for row in rows[4:]]
    assert command("recording", "export", recordings[0], "--out", tmp_path / "keyed.mkv").code == 0
    assert command("replay", tmp_path / "keyed.mkv", *MASKS, "--key", key, "--out", tmp_path / "third").code == 0
    assert [row["mask_crc32"] for row in rows_of(tmp_path / "third" / "keyed.mkv")] == [row["mask_crc32"] for row in rows[:4]]


def open_policy(name: str) -> Any:
    from adc import POLICIES

    return POLICIES[name]


def replaced(profile: Any, height: int, width: int) -> Any:
    from dataclasses import replace

    return replace(profile, height=height, width=width)


BLOCKS = (12, 16)
PATTERNS = 6


@pytest.fixture
def patterned(tmp_path: Path) -> tuple[Path, NDArray[np.float64]]:
    """A video of random black and white blocks, and the blocks (frames, 12, 16): nothing resembles them by chance."""
    blocks = np.random.default_rng(1).integers(0, 2, (PATTERNS, *BLOCKS))
    folder = tmp_path / "stills"
    folder.mkdir()
    for number, pattern in enumerate(blocks):
        Image.fromarray((30 + 200 * np.kron(pattern, np.ones((20, 20)))).astype(np.uint8)).save(folder / f"{number}.png")
    return folder, blocks - blocks.mean()


def likenesses(shown: list[NDArray[Any]], blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The correlation of each picture with each frame's blocks, (pictures, frames); 0 for pictures all of one shade."""
    small = np.stack([cv2.resize(picture.astype(np.float32), BLOCKS[::-1], interpolation=cv2.INTER_AREA) for picture in shown])
    ours, theirs = (one.reshape(len(one), -1) - one.reshape(len(one), -1).mean(1, keepdims=True) for one in (small, blocks))
    spread = np.linalg.norm(ours, axis=1, keepdims=True) * np.linalg.norm(theirs, axis=1)
    return np.divide(ours @ theirs.T, spread, out=np.zeros_like(spread), where=spread > 1e-3)


def likeness(shown: list[NDArray[Any]], blocks: NDArray[np.float64]) -> float:
    """The mean correlation of frames with their own blocks."""
    return float(np.diag(likenesses(shown, blocks)).mean())


def pictures_of(file: Path) -> list[NDArray[Any]]:
    """Everything that a file could show, frame by frame: decoded, or its bytes and samples laid row by row."""
    if file.suffix in (".mp4", ".mkv"):
        return [picture.mean(2) for _, picture in decoded(file)]
    if file.suffix == ".png":
        sheet = np.asarray(Image.open(file).convert("L"), np.float32)
        # Wherever a picture may lie on the sheet: windows of several sizes over all of it.
        return [
            sheet[top : top + height, left : left + height * 4 // 3]
            for height in (90, 120, 150, 180)
            for top in range(0, max(1, sheet.shape[0] - height), 12)
            for left in range(0, max(1, sheet.shape[1] - height * 4 // 3), 12)
        ]
    return []


def test_nothing_in_the_folder_shows_the_scene_unless_it_is_revealed(command, key: Path, patterned, tmp_path: Path) -> None:
    folder, blocks = patterned
    line = ("batch", folder, *MASKS, "--key", key, "--unit-frames", PATTERNS)
    assert command(*line, "--out", tmp_path / "private").code == 0
    assert command(*line, "--reveal", "--out", tmp_path / "shown").code == 0
    private = files_in(tmp_path / "private")
    assert private == {
        "summary.json", "contact-sheet.png", "stills/rows.jsonl", "stills/annotated.mp4", "stills/units.json",
        "stills/recording/000000000.keycam/index.jsonl", "stills/recording/000000000.keycam/chunk-000000.raw",
    }  # fmt: skip
    # Of 192 independent blocks a correlation has a standard error of 0.072; the mean of six frames 0.03, and 0.15 is five of
    # those. The sheet is searched at thousands of places for the best of six frames: 0.45 is more than six of 0.072.
    assert abs(likeness(pictures_of(tmp_path / "private" / "stills" / "annotated.mp4"), blocks)) < 0.15
    assert likeness(pictures_of(tmp_path / "shown" / "stills" / "annotated.mp4"), blocks) > 0.4
    for name, sees in (("private", False), ("shown", True)):
        best = likenesses(pictures_of(tmp_path / name / "contact-sheet.png"), blocks).max()
        assert (best > 0.45) == sees, best
    (recording,) = (tmp_path / "private" / "stills" / "recording").iterdir()
    samples = [raw.samples.reshape(240, 320) for raw in Recording(recording)]
    assert abs(likeness(samples, blocks)) < 0.15
    # As bytes, wherever a frame may begin in them: a file of this size could hold them raw.
    chunk = np.frombuffer((recording / "chunk-000000.raw").read_bytes(), np.uint8)
    windows = [chunk[offset : offset + 240 * 480].reshape(240, 480) for offset in range(0, 4000, 40)]
    assert np.abs(likenesses(windows, blocks)).max() < 0.45
    text = " ".join((tmp_path / "private" / name).read_text() for name in private if name.endswith(("json", "jsonl")))
    assert len(text) < 40_000, "there may be more in the text than answers"


@pytest.mark.usefixtures("no_sheet")
@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [("odd.mp4", {"pixels": "yuv444p", "size": (99, 101)}, (99, 101)), ("422.mp4", {"pixels": "yuv422p"}, (48, 64))],
)
def test_odd_sizes_and_other_pixel_formats_just_work(command, tmp_path: Path, name: str, options: Any, shape: Any) -> None:
    clip = write_video(tmp_path / name, 2, **options)
    result = command("batch", clip, *MASKS, "--reveal", "--out", tmp_path / "out", "--json").json()
    assert (result["footage"][name]["height"], result["footage"][name]["width"]) == shape
    mask = decoded(tmp_path / "out" / name / "masks.mkv", "gray")[0][1]
    assert mask.shape == (shape[0] // 2 * 2, shape[1] // 2 * 2)


@pytest.mark.usefixtures("no_sheet")
def test_a_rotated_phone_video_is_seen_upright(command, tmp_path: Path) -> None:
    clip = turn_quarter(write_video(tmp_path / "phone.mp4", 2))
    result = command("batch", clip, "--out", tmp_path / "out", "--no-video", "--json").json()
    assert (result["footage"]["phone.mp4"]["height"], result["footage"]["phone.mp4"]["width"]) == (64, 48)
    assert not (tmp_path / "out" / "phone.mp4" / "annotated.mp4").exists()


@pytest.mark.usefixtures("no_sheet")
def test_one_corrupt_video_among_ten_is_set_aside_and_named_while_nine_finish(command, tmp_path: Path) -> None:
    for number in range(10):
        write_video(tmp_path / f"{number}.mkv", 30 if number == 4 else 2)
    spoil(tmp_path / "4.mkv")
    run = command("batch", tmp_path / "*.mkv", "--out", tmp_path / "out", "--unit-frames", 10, "--json")
    assert run.code == 1
    assert run.err.count("\n") == 1
    assert run.err.startswith(f"keycam: set aside: video = {tmp_path / '4.mkv'}: ")
    result = json.loads(run.out)
    assert set(result["footage"]) == {f"{number}.mkv" for number in range(10)} - {"4.mkv"}
    assert list(result["set_aside"]) == ["4.mkv"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*result["footage"], "summary.json", "contact-sheet.png"}


def test_the_benchmark_compares_both_ways_with_the_plain_network(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keycam.batch.bench.CASES", (Case("fcn_resnet12", 48, 64),))
    monkeypatch.setattr("keycam.batch.bench.ROUNDS", 1)
    (row,) = command("bench", "batch", "--repeats", 3, "--json").json()["rows"]
    assert row["different_frames"] == 0
    for way in ("input", "every_layer"):
        assert row[f"{way}_share"] == pytest.approx(row[f"{way}_fps"] / row["plain_fps"])
        assert row[f"{way}_fps"] > 0

"""`keycam batch` and `keycam replay`: what they refuse, each in one sentence with its exit code."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.batch_here import files_in, work_here
from tests.footage_files import cut_off, picture, write_video


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    work_here(monkeypatch)


@pytest.fixture
def key(command, tmp_path: Path) -> Path:
    file = tmp_path / "keys" / "device.key"
    file.parent.mkdir()
    assert command("keys", "new", file).code == 0
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Iterator[dict[str, Path]]:
    files = {
        "zero.mp4": tmp_path / "zero.mp4",
        "dot.png": tmp_path / "dot.png",
        "cut.mp4": cut_off(write_video(tmp_path / "cut.mp4", 30), 0.6),
    }
    files["zero.mp4"].touch()
    Image.new("RGB", (1, 1)).save(files["dot.png"])
    files["good.mp4"] = write_video(tmp_path / "good.mp4", 2)
    files["file"] = tmp_path / "file"
    files["file"].touch()
    yield files


REFUSALS = [
    ("nowhere.mp4", (), 3, "source = nowhere.mp4: there is nothing of this name; allowed is"),
    ("zero.mp4", (), 3, "the file has zero bytes; allowed is"),
    ("cut.mp4", (), 3, "it cannot be decoded"),
    ("dot.png", (), 3, "its frames are 1x1 pixels; allowed is 4x4 or more for resnet20"),
    ("good.mp4", ("--model", "resnet21"), 2, "model = 'resnet21': allowed is resnet20, preresnet110, vgg16, fcn_resnet12"),
    ("good.mp4", ("--policy", "open"), 2, "policy = 'open': allowed is"),
    ("good.mp4", ("--shuffle", "twice"), 2, "shuffle = 'twice': allowed is"),
    ("good.mp4", ("--size", "181x240"), 2, "size = 181x240: allowed is HEIGHTxWIDTH, even"),
    ("good.mp4", ("--size", "2x2"), 2, "size = 2x2: allowed for this network is 4x4 or more"),
    ("good.mp4", ("--passphrase-file", "secret"), 2, "passphrase_file = secret: allowed is with --key"),
    ("", (), 2, "source = '': allowed is a video, a picture, a folder, or a pattern"),
    ("good.mp4", ("--workers", "2", "--cluster", "tcp://127.0.0.1:1"), 2, "workers = 2: allowed is without --cluster"),
    ("good.mp4", ("--key", "nowhere.key"), 3, "key = nowhere.key: there is no such file; allowed is"),
    ("good.mp4", ("--profile", "none"), 3, "profile = none"),
]


@pytest.mark.parametrize(("source", "options", "code", "sentence"), REFUSALS)
def test_bad_input_gets_one_sentence_and_its_exit_code(
    command, bad: dict[str, Path], tmp_path: Path, source: str, options: tuple[str, ...], code: int, sentence: str
) -> None:
    run = command("batch", bad.get(source, source), "--out", tmp_path / "out", *options)
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith("keycam: ")
    assert run.err.count("\n") == 1
    assert sentence in run.err
    assert files_in(tmp_path / "out") == set()


def test_a_place_that_cannot_be_written_is_told(
    command, bad: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = command("batch", bad["good.mp4"], "--out", bad["file"])
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith(f"keycam: out = {bad['file']}: a file is in the place of a folder; allowed is")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keycam.batch.seeing.line_of", full)
    run = command("batch", bad["good.mp4"], "--out", tmp_path / "out")
    assert (run.code, run.out) == (3, "")
    assert run.err == (
        f"keycam: out = {tmp_path / 'out'}: it cannot be written (No space left on device); "
        "allowed is a folder that can be written, on a disk with room\n"
    )
    assert files_in(tmp_path / "out") == set()


def test_pretrained_weights_that_cannot_be_downloaded_are_told_in_a_sentence(
    command, bad: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    run = command("batch", bad["good.mp4"], "--out", tmp_path / "out", "--model", "resnet18")
    assert run.code == 3
    assert run.err.splitlines()[-1].startswith("keycam: model = 'resnet18': its weights cannot be downloaded from https://")
    assert run.err.endswith("; allowed is a machine that reaches it, or --weights with a file of them\n")


def test_a_lossy_video_of_keyed_frames_cannot_be_replayed_and_the_sentence_says_why(command, key: Path, tmp_path: Path) -> None:
    lossy = write_video(tmp_path / "keyed.mp4", 2)
    run = command("replay", lossy, "--key", key, "--out", tmp_path / "out")
    assert (run.code, run.out) == (3, "")
    assert "a lossy codec, which destroys keyed frames: it smooths what looks like noise" in run.err
    assert run.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_recording_is_replayed_with_its_key_only(command, key: Path, tmp_path: Path) -> None:
    assert command("batch", write_video(tmp_path / "clip.mp4", 2), "--key", key, "--out", tmp_path / "out").code == 0
    (recording,) = (tmp_path / "out" / "clip.mp4" / "recording").iterdir()
    assert command("keys", "new", tmp_path / "other.key").code == 0
    run = command("replay", recording, "--key", tmp_path / "other.key", "--out", tmp_path / "again")
    assert (run.code, run.out) == (3, "")
    assert "the key accepts none of its frames (tag 2); allowed is the key of its camera or client" in run.err
    assert not (tmp_path / "again").exists()


def test_what_is_there_of_damaged_footage_is_done_and_the_rest_told_every_time(command, tmp_path: Path) -> None:
    folder, out = tmp_path / "a\nb", tmp_path / "out"
    folder.mkdir()
    cut_off(write_video(folder / "off.mkv", 60), 0.3)
    for number in range(3):
        Image.fromarray(picture(number, 48, 64)).save(folder / f"{number}.png")
    cut_off(folder / "1.png", 0.5)
    for frames_done in (13, 0):
        run = command("batch", folder, "--out", out, "--no-video", "--json")
        assert run.code == 1
        result = json.loads(run.out)
        assert (result["frames"], result["frames_done"], result["set_aside"]) == (13, frames_done, {})
        assert [line.split(":")[1].strip() for line in run.err.splitlines()] == ["incomplete", "incomplete"]
        assert "off.mkv: it is broken off, " in run.err
        assert "1 of its 3 pictures cannot be read (1.png), all others were done" in run.err
        assert set(result["incomplete"]) == set(json.loads((out / "summary.json").read_text())["incomplete"])


def test_a_mistyped_option_is_answered_without_torch(tmp_path: Path) -> None:
    lines = (("--policy", "open"), ("--shuffle", "twice"), ("--key", "nowhere.key"), ("--profile", "none"))
    program = (
        "import sys\nfrom keycam.command import main\n"
        f"for line in {lines!r}:\n"
        f"    sys.argv = ['keycam', 'batch', {str(write_video(tmp_path / 'clip.mp4', 1))!r}, '--out', 'out', *line]\n"
        "    try:\n        main()\n    except SystemExit as left:\n        print(left.code, 'torch' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert run.stdout.splitlines() == ["2 False", "2 False", "3 False", "3 False"]
    assert not (tmp_path / "out").exists()


def test_two_files_of_the_same_content_are_two_footages(command, key: Path, tmp_path: Path) -> None:
    (tmp_path / "twins").mkdir()
    first = write_video(tmp_path / "twins" / "a.mp4", 3)
    (tmp_path / "twins" / "b.mp4").write_bytes(first.read_bytes())
    line = ("batch", tmp_path / "twins", "--out", tmp_path / "out", "--key", key, "--no-video", "--unit-frames", 2, "--json")
    for _ in range(2):  # the second time nothing is to be done
        result = command(*line).json()
        assert {name: one["frames"] for name, one in result["footage"].items()} == {"a.mp4": 3, "b.mp4": 3}
    rows = {name: (tmp_path / "out" / name / "rows.jsonl").read_text().splitlines() for name in ("a.mp4", "b.mp4")}
    counters = [json.loads(row)["counter"] for lines in rows.values() for row in lines]
    assert len(set(counters)) == 6  # no frame key is used twice, also where the scene is the same

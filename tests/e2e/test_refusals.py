"""Bad input of every kind: one sentence that names it and says what is allowed, an exit code, and nothing half-written."""

import errno
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from inference.models import build
from inference.recording import RecordingWriter
from tests.recorded_frames import noise_frames

from .conftest import Command, Run, write_sheet

BAD_ARGUMENT, BAD_FILE = 2, 3


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what goes wrong; tests do not write into it."""
    folder = tmp_path_factory.mktemp("things")
    pixels = np.random.default_rng(1).integers(0, 256, (64, 48, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "good.png")
    Image.fromarray(pixels).save(folder / "good.jpg")
    jpeg = (folder / "good.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 3])
    (folder / "zero.png").write_bytes(b"")
    (folder / "text.png").write_text("not a picture")
    (folder / "pictures").mkdir()
    Image.fromarray(pixels).save(folder / "pictures" / "a.png")
    (folder / "good.key").write_text("1f" * 32 + "\n")
    (folder / "short.key").write_text("1f" * 31)
    (folder / "long.key").write_text("1f" * 33)
    (folder / "spaced.key").write_text("1f " * 32)
    (folder / "word.key").write_text("xy" * 32)
    (folder / "binary.key").write_bytes(bytes(range(256)))
    (folder / "huge.key").write_text("1f" * 65536)
    (folder / "text.safetensors").write_text("not weights at all, but text")
    save_file({"other": torch.zeros(2)}, folder / "other.safetensors")
    vgg_like = {name: torch.zeros(1) for name in build("resnet20").state_dict()}
    save_file(vgg_like, folder / "shapes.safetensors")
    (folder / "file").write_text("in the way")
    for name, manifest in (("no-sheets", "{}"), ("bad-manifest", "{"), ("list-manifest", "[]"), ("bad-sheet", "{}")):
        (folder / name).mkdir()
        (folder / name / "manifest.json").write_text(manifest)
    for split in ("test", "train_0"):
        (folder / "bad-sheet" / f"{split}.webp").write_text("not a picture")
        np.save(folder / "bad-sheet" / f"{split}_labels.npy", np.zeros(3, np.int64))
    for name, frames in (("empty.keycam", []), ("good.keycam", noise_frames(2))):
        with RecordingWriter(folder / name) as writer:
            for raw in frames:
                writer.write(raw)
    return folder


def refuses(run: Run, code: int, *says: str) -> None:
    """One sentence on standard error with all of `says` in it, and nothing else anywhere."""
    assert run.out == ""
    assert run.err.startswith("keycam: ")
    assert run.err.endswith("\n")
    assert run.err.count("\n") == 1
    assert "Traceback" not in run.err
    for part in says:
        assert part in run.err
    assert run.code == code


BAD_LINES = [
    # The line itself.
    ("demo --policy nonsense", "policy = 'nonsense': allowed is secure, paper, raster"),
    ("demo --frames 0", "frames = 0: allowed is 1 or more"),
    ("demo --frames -3", "frames = -3: allowed is 1 or more"),
    ("demo --frames many", "frames = 'many': allowed is a whole number"),
    ("demo --frames 1.5", "frames = '1.5': allowed is a whole number"),
    ("demo --frames", "--frames"),
    ("demo --seed -1", "seed = -1: allowed is 0 or more"),
    ("demo --seed 4294967296", "seed = 4294967296: allowed is up to 4294967295"),
    ("demo --nonsense", "option = --nonsense: there is none of this name; allowed is --out, --frames,"),
    ("demo nonsense", "(nonsense); see 'keycam demo --help'"),
    ("demo --camera -1", "camera = -1: allowed is 0 or more"),
    ("demo --camera 0 --image THINGS/good.png", "camera = 0: allowed is one of --image, --camera and --link, not both"),
    ("infer", "Missing argument 'image'; see 'keycam infer --help'"),
    ("infer THINGS/good.png --policy nonsense", "policy = 'nonsense': allowed is"),
    ("infer THINGS/good.png --model nonsense", "model = 'nonsense': allowed is one of resnet20, preresnet110, vgg16"),
    ("infer THINGS/good.png --model fcn_resnet12", "model = 'fcn_resnet12': allowed is one of resnet20, preresnet110, vgg16"),
    ("infer THINGS/good.png --seed -1", "seed = -1: allowed is 0 or more"),
    ("eval", "Missing option '--data'; see 'keycam eval --help'"),
    ("eval --data THINGS/no-sheets --shuffle nonsense", "shuffle = 'nonsense': allowed is input, every-layer, both"),
    ("eval --data THINGS/no-sheets --through nonsense", "through = 'nonsense': allowed is adc, camera"),
    ("eval --data THINGS/no-sheets --policy nonsense", "policy = 'nonsense': allowed is"),
    ("eval --data THINGS/no-sheets --model nonsense", "model = 'nonsense': allowed is"),
    ("eval --data THINGS/no-sheets --dataset nonsense", "dataset = 'nonsense': allowed is cifar10, camvid"),
    ("eval --data THINGS/no-sheets --model fcn_resnet12", "with dataset cifar10, fcn_resnet12 is for camvid"),
    ("eval --data THINGS/no-sheets --dataset camvid --model vgg16", "model = 'vgg16': allowed is one of fcn_resnet12 with"),
    ("eval --data THINGS/no-sheets --dataset camvid --through camera --out OUT", "allowed with dataset cifar10"),
    ("eval --data THINGS/no-sheets --images 0", "images = 0: allowed is 1 or more"),
    ("eval --data THINGS/no-sheets --batch-size 0", "batch_size = 0: allowed is 1 or more"),
    ("train --data THINGS/no-sheets", "Missing option '--out'"),
    ("train --data THINGS/no-sheets --out OUT --epochs 0", "epochs = 0: allowed is 1 or more"),
    ("train --data THINGS/no-sheets --out OUT --batch-size 1", "batch_size = 1: allowed is 2 or more"),
    ("train --data THINGS/no-sheets --out OUT --model nonsense", "model = 'nonsense': allowed is"),
    ("train --data THINGS/no-sheets --out OUT --policy nonsense", "policy = 'nonsense': allowed is"),
    ("train --data THINGS/no-sheets --out OUT --dataset nonsense", "dataset = 'nonsense': allowed is cifar10, camvid"),
    ("train --data THINGS/no-sheets --out OUT --dataset camvid --model vgg16", "model = 'vgg16': allowed is one of fcn_resnet12"),
    ("train --data THINGS/no-sheets --out OUT --dataset camvid --keyed", "keyed = True: allowed with dataset cifar10"),
    ("train --data THINGS/no-sheets --out OUT --keyed --policy nonsense", "policy = 'nonsense': allowed is"),
    ("info --size 3 --figure OUT/a.png", "size = 3: allowed is 4 or more"),
    ("info --size 65 --figure OUT/a.png", "size = 65: allowed is up to 64"),
    ("info --figure OUT/a.jpg", "a.jpg: allowed is a name that ends in .png"),
    ("bench nonsense", "what = 'nonsense': allowed is readout"),
    ("bench readout --repeats 2", "repeats = 2: allowed is 3 or more"),
    ("camera --key THINGS/good.key", "Missing option '--link'"),
    ("camera --link pty", "Missing option '--key'"),
    ("camera --link pty --key THINGS/good.key --policy nonsense", "policy = 'nonsense': allowed is secure, paper, raster"),
    ("camera --link pty --key THINGS/good.key --baud 3", "baud = 3: allowed is 50 to 1000000000 bits a second"),
    ("camera --link pty --key THINGS/good.key --views 0", "views = 0: allowed is 1 or more"),
    ("camera --link pty --key THINGS/good.key --client nobody", "client = 'nobody': this key has none of that name"),
    ("camera --link udp://x:1 --key THINGS/good.key", "link = udp://x:1: a camera cannot serve there; allowed is pty, tcp://"),
    ("camera --link tcp://8.8.8.8:1 --key THINGS/good.key", "host = 8.8.8.8: allowed is a loopback address"),
    (
        "nonsense",
        "'nonsense'; allowed is demo, live, eval, infer, train, convert, export, batch, replay, audit, camera, hil, bench",
    ),
    ("demo --record OUT", ": allowed is with --key, as a throw-away key would read it never again"),
    ("recording", "Missing command; allowed is info, check, export, import"),
    ("recording info", "Missing argument 'RECORDING'"),
    ("recording export THINGS/good.keycam", "Missing option '--out'"),
    ("recording export THINGS/good.keycam --out OUT.mp4", "out.mp4: allowed is a name that ends in .mkv"),
    ("recording import THINGS/good.mkv", "Missing option '--out'"),
    ("keys", "Missing command; allowed is new, seal, open, wrap, show, rotate, revoke, admit"),
    ("keys nonsense", "'nonsense'; allowed is new, seal, open, wrap, show, rotate, revoke, admit"),
    ("keys new", "Missing argument 'file'"),
    ("keys seal THINGS/good.key", "Missing argument 'out'"),
    ("keys wrap THINGS/good.key OUT", "Missing option '--public-key'"),
    ("keys revoke THINGS/good.key", "Missing option '--client'"),
    (f"keys new OUT --device {'x' * 65}", "allowed is 1 to 64 bytes of printable text"),
    ("keys open THINGS/good.key OUT --client nobody", "client = 'nobody': this key has none of that name; allowed is host"),
    (
        "infer THINGS/good.png --key THINGS/good.key --client lab",
        "client = 'lab': this key has none of that name; allowed is host",
    ),
]


@pytest.mark.parametrize(("line", "says"), BAD_LINES, ids=[line for line, _ in BAD_LINES])
def test_a_bad_line_is_refused(command: Command, things: Path, tmp_path: Path, line: str, says: str) -> None:
    refuses(run_line(command, line, things, tmp_path), BAD_ARGUMENT, says)
    assert list(tmp_path.rglob("*")) == []


BAD_FILES = [
    ("infer THINGS/missing.png", "image = THINGS/missing.png: there is no such file; allowed is"),
    ("infer THINGS/pictures", "image = THINGS/pictures: this is not a file; allowed is"),
    ("infer THINGS/zero.png", "image = THINGS/zero.png: the file has zero bytes; allowed is"),
    ("infer THINGS/text.png", "image = THINGS/text.png: it cannot be decoded; allowed is"),
    ("infer THINGS/cut.jpg", "image = THINGS/cut.jpg: it cannot be decoded; allowed is"),
    ("infer THINGS/file/a.png", "image = THINGS/file/a.png: "),
    ("demo --out OUT --image THINGS/missing.png", "image = THINGS/missing.png: there is no such file; allowed is"),
    ("demo --out OUT --image THINGS/pictures", "image = THINGS/pictures: this is not a file; allowed is"),
    ("demo --out OUT --image THINGS/zero.png", "image = THINGS/zero.png: the file has zero bytes; allowed is"),
    ("demo --out OUT --image THINGS/cut.jpg", "image = THINGS/cut.jpg: it cannot be decoded; allowed is"),
    ("demo --out OUT --camera 98", "camera = 98: it does not open; allowed is"),
    ("demo --out OUT --camera 100", "camera = 100: allowed is 0 to 99"),
    ("demo --out THINGS/file", "out = THINGS/file: a file is in the place of a folder; allowed is"),
    ("demo --out THINGS/file/under", "out = THINGS/file/under: a file is in the place of a folder; allowed is"),
    ("infer THINGS/good.png --model vgg16", "model = 'vgg16': no weights are shipped for it; allowed is"),
    ("infer THINGS/good.png --weights THINGS/none", "weights = THINGS/none: there is no such file; allowed is"),
    ("infer THINGS/good.png --weights THINGS/pictures", "weights = THINGS/pictures: it is a folder; allowed is"),
    ("infer THINGS/good.png --weights THINGS/zero.png", "zero.png: it is not a readable safetensors file"),
    ("infer THINGS/good.png --weights THINGS/text.safetensors", "text.safetensors: it is not a readable safetensors file"),
    ("infer THINGS/good.png --weights THINGS/other.safetensors", "other.safetensors: they belong to another network; allowed is"),
    ("infer THINGS/good.png --weights THINGS/shapes.safetensors", "they belong to another network; allowed is"),
    (
        "eval --data THINGS/pictures --dataset camvid",
        "data = THINGS/pictures: CamVid is not there; allowed is",
    ),
    ("eval --data THINGS/file --dataset camvid", "data = THINGS/file: CamVid is not there; allowed is"),
    ("train --data THINGS/pictures --dataset camvid --out OUT", "data = THINGS/pictures: CamVid is not there; allowed is"),
    ("eval --data THINGS/no-sheets --weights THINGS/none", "weights = THINGS/none: there is no such file; allowed is"),
    ("infer THINGS/good.png --key THINGS/none.key", "key = THINGS/none.key: there is no such file; allowed is"),
    ("infer THINGS/good.png --key THINGS/pictures", "key = THINGS/pictures: it cannot be read"),
    ("infer THINGS/good.png --key THINGS/short.key", "key = THINGS/short.key: it has 62 digits; allowed is"),
    ("infer THINGS/good.png --key THINGS/long.key", "key = THINGS/long.key: it has 66 digits; allowed is"),
    ("infer THINGS/good.png --key THINGS/spaced.key", "key = THINGS/spaced.key: it is not hexadecimal; allowed is"),
    ("infer THINGS/good.png --key THINGS/word.key", "key = THINGS/word.key: it is not hexadecimal; allowed is"),
    ("infer THINGS/good.png --key THINGS/binary.key", "key = THINGS/binary.key: it is not a text file; allowed is"),
    ("infer THINGS/good.png --key THINGS/huge.key", "key = THINGS/huge.key: it is longer than 65536 bytes; allowed is"),
    ("camera --link pty --key THINGS/none.key", "key = THINGS/none.key: there is no such file; allowed is"),
    ("camera --link pty --key THINGS/short.key", "key = THINGS/short.key: it has 62 digits; allowed is"),
    ("camera --link pty --key THINGS/good.key --source THINGS/none.mp4", "video = THINGS/none.mp4: there is no such file"),
    ("camera --link pty --key THINGS/good.key --profile none", "profile = none: allowed is ideal, low-light"),
    ("camera --link THINGS/none --key THINGS/good.key", "link = THINGS/none: "),
    ("camera --link pty --key THINGS/good.key --state THINGS/file", "state = THINGS/file: it cannot be used (File exists)"),
    ("camera --link pty --key THINGS/good.key --state OUT --faults THINGS/none/door", "faults = THINGS/none/door: "),
    ("info --key THINGS/short.key", "key = THINGS/short.key: it has 62 digits; allowed is"),
    ("info --key THINGS/none.key --figure OUT/a.png", "key = THINGS/none.key: there is no such file; allowed is"),
    ("info --figure THINGS/pictures", "figure = THINGS/pictures: a folder is in the place of the file; allowed is"),
    ("info --figure THINGS/file/a.png", "figure = THINGS/file/a.png: a file is in the place of a folder; allowed is"),
    ("keys new THINGS/good.key", "file = THINGS/good.key: it exists, and a key is never overwritten; allowed is"),
    ("keys new THINGS/pictures", "file = THINGS/pictures: it exists, and a key is never overwritten; allowed is"),
    ("keys new THINGS/none/a.key", "file = THINGS/none/a.key: it cannot be made"),
    (
        "demo --out OUT --frames 1 --image THINGS/good.png --key THINGS/none.key --record OUT/a",
        "key = THINGS/none.key: there is no",
    ),
    ("recording info THINGS/none", "recording = THINGS/none: there is no such folder; allowed is"),
    ("recording check THINGS/pictures", "recording = THINGS/pictures: it has no index; allowed is"),
    ("recording check THINGS/good.png", "recording = THINGS/good.png: it is a file, and no video but FFV1 keeps the samples"),
    ("recording check THINGS/good.keycam --key THINGS/short.key", "key = THINGS/short.key: it has 62 digits; allowed is"),
    ("recording export THINGS/empty.keycam --out OUT/a.mkv", "it has no frame that can be read; allowed is"),
    (
        "recording export THINGS/good.keycam --out THINGS/file/a.mkv",
        "out = THINGS/file/a.mkv: a file is in the place of a folder",
    ),
    ("recording import THINGS/good.png --out OUT", "video = THINGS/good.png: it is compressed with png; allowed is an .mkv file"),
    (
        "recording import THINGS/good.jpg --out OUT",
        "video = THINGS/good.jpg: it is compressed with mjpeg, a lossy codec, which destroys",
    ),
    ("recording import THINGS/none.mkv --out OUT", "video = THINGS/none.mkv: it cannot be read as a video (No such file"),
    ("recording import THINGS/none.mkv --out THINGS/pictures", "out = THINGS/pictures: something is there already; allowed is"),
    ("recording import THINGS/none.mkv --out THINGS/file", "out = THINGS/file: a file is in the place of a folder; allowed is"),
    ("eval --data THINGS/file", "data = THINGS/file: it is a file; allowed is"),
    (
        "eval --data THINGS/no-sheets",
        "data = THINGS/no-sheets: test.webp or test_labels.npy is missing or unreadable; allowed is",
    ),
    ("eval --data THINGS/bad-sheet", "data = THINGS/bad-sheet: test.webp or test_labels.npy is missing or unreadable"),
    ("eval --data THINGS/bad-manifest", "data = THINGS/bad-manifest: manifest.json is damaged; allowed is"),
    ("eval --data THINGS/list-manifest", "data = THINGS/list-manifest: manifest.json is damaged; allowed is"),
    ("train --out OUT --data THINGS/no-sheets", "data = THINGS/no-sheets: train_0.webp or train_0_labels.npy is missing"),
]


@pytest.mark.parametrize(("line", "says"), BAD_FILES, ids=[line for line, _ in BAD_FILES])
def test_a_bad_file_is_refused(command: Command, things: Path, tmp_path: Path, line: str, says: str) -> None:
    before = contents(things)
    refuses(run_line(command, line, things, tmp_path), BAD_FILE, says.replace("THINGS", str(things)))
    assert contents(things) == before
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def run_line(command: Command, line: str, things: Path, out: Path) -> Run:
    words = (word.replace("THINGS", str(things)).replace("OUT", str(out / "out")) for word in line.split())
    return command(*words)


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {file: file.read_bytes() if file.is_file() else None for file in folder.rglob("*")}


def test_the_content_of_a_key_file_is_never_shown(command: Command, things: Path) -> None:
    for name in ("short", "long", "spaced", "word", "binary", "huge"):
        run = command("infer", things / "good.png", "--key", things / f"{name}.key")
        assert "1f1f" not in run.err
        assert "1f 1f" not in run.err
        assert "xyxy" not in run.err
        assert "\\x80" not in run.err


def test_a_folder_of_training_that_is_a_file_is_refused_before_training(command: Command, small_data: Path, things: Path) -> None:
    run = command("train", "--data", small_data, "--out", things / "file", "--epochs", 10_000)
    refuses(run, BAD_FILE, f"out = {things / 'file'}: a file is in the place of a folder; allowed is")


@pytest.mark.parametrize("line", ["demo --frames 100000 --out OUT", "train --data DATA --epochs 10000 --out OUT"])
def test_a_folder_that_may_not_be_written_is_refused_before_the_work(
    command: Command, small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    # Simulated, as permissions do not stop every user.
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "TemporaryFile", forbidden)
    run = run_line(command, line.replace("DATA", str(small_data)), tmp_path, tmp_path)
    refuses(run, BAD_FILE, f"out = {tmp_path / 'out'}: it cannot be written (Permission denied); allowed is")


def test_a_folder_in_the_place_of_the_contact_sheet_stays_and_is_named(command: Command, picture: Path, left_over: Path) -> None:
    in_the_way = left_over / "demo-secure.png"
    in_the_way.mkdir(parents=True)
    run = command("demo", "--image", picture, "--frames", 1, "--out", left_over)
    refuses(run, BAD_FILE, f"out = {in_the_way}: a folder is in the place of the file; allowed is")
    assert list(left_over.iterdir()) == [in_the_way]


def test_data_that_cannot_be_downloaded_are_refused_and_leave_no_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", offline)
    for folder in (tmp_path / "missing", tmp_path):
        run = command("eval", "--data", folder)
        refuses(run, BAD_FILE, f"data = {folder}: CIFAR-10 is not there and could not be downloaded (no network); allowed is")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pictures", "labels"),
    [
        (100, np.zeros(101, np.int64)),
        (100, np.full(100, 10)),
        (100, np.full(100, -1)),
        (100, np.zeros(100)),
        (100, np.zeros((100, 1), np.int64)),
    ],
    ids=["too many", "too high", "too low", "floating point", "two axes"],
)
def test_labels_that_do_not_belong_to_the_sheet_are_refused(
    command: Command, tmp_path: Path, pictures: int, labels: np.ndarray
) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    write_sheet(tmp_path, "test", pictures, 1)
    np.save(tmp_path / "test_labels.npy", labels)
    refuses(command("eval", "--data", tmp_path), BAD_FILE, f"data = {tmp_path}: ", "test_labels.npy", "allowed is")


@pytest.mark.parametrize("keep", [0, 100, -1000], ids=["nothing", "the beginning", "all but the end"])
def test_a_truncated_checkpoint_is_refused_and_stays(command: Command, small_data: Path, left_over: Path, keep: int) -> None:
    line = ("train", "--data", small_data, "--out", left_over, "--images", 8, "--epochs", 1)
    assert command(*line).code == 0
    checkpoint = left_over / "resnet20.checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes()[:keep])
    before = contents(left_over)
    refuses(command(*line), BAD_FILE, f"checkpoint = {checkpoint}: it is damaged, or of another version; allowed is to delete it")
    assert contents(left_over) == before


def test_a_process_refuses_as_the_function_does(process, tmp_path: Path) -> None:
    run = process("demo", "--frames", 0, "--json", folder=tmp_path)
    refuses(run, BAD_ARGUMENT, "frames = 0: allowed is 1 or more")
    run = process("infer", "missing.png", "--json", folder=tmp_path)
    refuses(run, BAD_FILE, "image = missing.png: there is no such file; allowed is")


def test_a_defect_of_keycam_itself_is_not_passed_off_as_bad_input(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("keycam.about.about", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        command("info")

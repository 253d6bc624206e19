"""How the command line is run: in this process where that shows as much, else as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import keycam
from keycam.command import main

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(keycam.__file__).parents[1])}
"""A process in any folder runs the same keycam as this one."""

END_S = 20.0
"""Far longer than a process takes to end, so that a hang fails instead of hanging."""

# A parent may have told its children to ignore Ctrl-C, as a shell does with jobs in the background.
OBEY_CTRL_C = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('keycam', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True)
class Run:
    """What one run of the command line gave back."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Standard output as JSON, which must be all that there is."""
        assert self.code == 0, self.err
        result: dict[str, Any] = json.loads(self.out)
        return result


Command = Callable[..., Run]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process: what it prints includes what its C libraries print."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["keycam", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Run(int(ended.value.code or 0), out, err)

    return run


def process(*arguments: object, folder: Path | None = None) -> Run:
    """Run the command line as a process of its own, to its end."""
    line = [sys.executable, "-m", "keycam", *map(str, arguments)]
    done = subprocess.run(line, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session", name="process")
def process_fixture() -> Command:
    return process


@pytest.fixture(scope="session")
def interrupted() -> Callable[..., tuple[Run, float]]:
    """Start the command line, press Ctrl-C when `ready` says so, and give its end and the seconds that it took to end."""

    def run(*arguments: object, ready: Callable[[], bool], and_s: float = 0.0) -> tuple[Run, float]:
        line = [sys.executable, "-c", OBEY_CTRL_C, *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(line, env=ENVIRONMENT, **pipes) as running:
            try:
                deadline_s = time.monotonic() + 60
                while not ready():
                    assert running.poll() is None, running.communicate()
                    assert time.monotonic() < deadline_s
                    time.sleep(0.01)
                time.sleep(and_s)
                assert running.poll() is None, "it ended before it could be interrupted"
                began_s = time.monotonic()
                running.send_signal(signal.SIGINT)
                out, err = running.communicate(timeout=END_S)
                return Run(running.returncode, out, err), time.monotonic() - began_s
            finally:
                running.kill()

    return run


def write_sheet(folder: Path, name: str, pictures: int, seed: int) -> None:
    """A sheet of `pictures` tiles with labels, as CIFAR-10's lossless copy has them; the last row is filled up."""
    rng = np.random.default_rng(seed)
    rows = -(-pictures // 100)
    # Flat tiles with a little noise: they are quick to write, and a network can learn something of them.
    labels = rng.integers(0, 10, rows * 100)
    tiles = np.clip(24 * labels[:, None, None, None] + rng.integers(0, 24, (rows * 100, 32, 32, 3)), 0, 255).astype(np.uint8)
    sheet = tiles.reshape(rows, 100, 32, 32, 3).swapaxes(1, 2).reshape(32 * rows, 3200, 3)
    assert cv2.imwrite(str(folder / f"{name}.webp"), sheet, [cv2.IMWRITE_WEBP_QUALITY, 101])
    np.save(folder / f"{name}_labels.npy", labels[:pictures].astype(np.int64))


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in the form of sheets, with 5 x 64 training pictures and 100 test pictures of noise."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "manifest.json").write_text("{}")
    for number in range(5):
        write_sheet(folder, f"train_{number}", 64, number)
    write_sheet(folder, "test", 100, 5)
    return folder


@pytest.fixture(scope="session")
def small_camvid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the SegNet tutorial has it, with four pictures of each split: sky above, road below, noise over both."""
    folder, rng = tmp_path_factory.mktemp("camvid"), np.random.default_rng(1)
    for split in ("train", "val", "test"):
        (folder / split).mkdir()
        (folder / f"{split}annot").mkdir()
        for number in range(4):
            labels = np.where(np.arange(180)[:, None] < 60 + 20 * number, 0, 3) * np.ones((1, 240), int)
            labels[:20, :20] = 11  # void
            image = np.clip(200 - 40 * labels[..., None] + rng.integers(0, 30, (180, 240, 3)), 0, 255)
            assert cv2.imwrite(str(folder / split / f"{number}.png"), image.astype(np.uint8))
            assert cv2.imwrite(str(folder / f"{split}annot" / f"{number}.png"), labels.astype(np.uint8))
    return folder


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture file with something to see, wider than high."""
    down, right = np.mgrid[:120, :160]
    channels = np.stack([right, 2 * down, 255 - right], axis=-1)
    file = tmp_path_factory.mktemp("picture") / "picture.png"
    Image.fromarray(channels.astype(np.uint8)).save(file)
    return file


@pytest.fixture
def left_over(tmp_path: Path) -> Iterator[Path]:
    """An output folder's place; after the test no temporary file may lie in it or beside it."""
    yield tmp_path / "out"
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file.name.startswith(".")]
    assert not list(tmp_path.rglob("*.unfinished"))

"""`keycam live --headless`, and every line that is refused."""

from pathlib import Path

import pytest
from PIL import Image

from .conftest import Command
from .test_refusals import refuses, run_line, things  # noqa: F401

BAD_ARGUMENT, BAD_SOURCE = 2, 3


def test_the_demonstration_runs_without_a_display_and_measures(command: Command) -> None:
    result = command("live", "demo", "--headless", "--frames", "4", "--json").json()
    assert result["frames"] == 4
    assert result["camera"] == "640x480"
    assert result["keep"] == "latest"
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p99"]
    assert result["refused"] == {}


def test_a_folder_is_gone_over_once_and_every_picture_is_answered_for(command: Command, things: Path) -> None:  # noqa: F811
    run = command("live", things / "pictures", "--headless", "--fps", "100")
    assert run.code == 0
    assert "frames answered for" in run.out
    assert "secure" in run.out


def test_pictures_of_any_size_fill_the_array(command: Command, tmp_path: Path) -> None:
    for number, size in enumerate([(1, 1), (7, 3), (641, 2), (2, 999)]):
        Image.new("RGB", size, (200, 100, 50)).save(tmp_path / f"{number}.png")
    assert command("live", tmp_path, "--headless", "--fps", "100", "--json").json()["frames"] == 4


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("live --window --headless", "--window and --headless: a run is shown or it is not; allowed is one of them"),
        ("live demo --policy nonsense", "policy = 'nonsense': allowed is secure, paper, raster"),
        ("live demo --shuffle both", "shuffle = 'both': allowed is every-layer or input"),
        ("live demo --keep some", "keep = 'some': allowed is latest or all"),
        ("live demo --fps 0", "fps = 0: allowed is above 0, up to 240"),
        ("live demo --fps nan", "fps = nan: allowed is above 0, up to 240"),
        ("live demo --frames 0", "frames = 0: allowed is 1 or more"),
        ("live demo --port 65536", "port = 65536: allowed is up to 65535"),
        ("live demo --record OUT", ": allowed is with --key, as a throw-away key would read it never again"),
        ("live camera:/dev/none", "key: there is none for the camera at /dev/none; allowed is its key file, with --key"),
        ("live browser --headless", "source = browser: allowed is with the page"),
        ("live demo --headless --model nonsense", "model = 'nonsense': allowed is resnet20,"),
    ],
)
def test_a_bad_line_is_refused(command: Command, things: Path, tmp_path: Path, line: str, says: str) -> None:  # noqa: F811
    refuses(run_line(command, line, things, tmp_path), BAD_ARGUMENT, says)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("live THINGS/missing.mp4 --headless", "video = THINGS/missing.mp4: there is no such file"),
        ("live THINGS/zero.png --headless", "image = THINGS/zero.png: the file has zero bytes"),
        ("live THINGS/cut.jpg --headless", "image = THINGS/cut.jpg: it cannot be decoded"),
        ("live THINGS/no-sheets --headless", "folder = THINGS/no-sheets: it holds no image"),
        ("live 98 --headless", "camera = 98: it does not open"),
        ("live http://user:pa55@127.0.0.1:9/x --headless", "camera = http://127.0.0.1:9/x: it does not open"),
        ("live demo --headless --key THINGS/none.key", "key = THINGS/none.key: there is no such file"),
        ("live camera:/dev/none --key THINGS/good.key --headless", "link = /dev/none: "),
        ("live demo --headless --model vgg16", "model = 'vgg16': no weights are shipped for it"),
        ("live demo --headless --weights THINGS/text.safetensors", "text.safetensors: it is not a readable safetensors file"),
        ("live demo --headless --key THINGS/good.key --record THINGS/file", "recording = THINGS/file: "),
    ],
)
def test_a_bad_source_is_refused(command: Command, things: Path, tmp_path: Path, line: str, says: str) -> None:  # noqa: F811
    run = run_line(command, line, things, tmp_path)
    refuses(run, BAD_SOURCE, says.replace("THINGS", str(things)))
    assert "pa55" not in run.err


def test_a_window_without_a_screen_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    refuses(command("live", "demo", "--window"), BAD_SOURCE, "window: there is no display; allowed is a session with a screen")


def test_a_page_on_a_port_in_use_is_refused(command: Command) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = command("live", "demo", "--no-browser", "--port", taken.getsockname()[1])
    refuses(run, BAD_SOURCE, "the page cannot be served there (Address already in use); allowed is a free port")

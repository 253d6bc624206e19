"""`keycam transform`: train with a provider, apply, attack; and the path of Ito et al.'s table."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments import command as experiment_command
from experiments import ito_table1
from inference.models import load
from keycam.weights_file import write_weights
from privacy.transformation import UNet

from .conftest import ENVIRONMENT

QUICK = ("--features", "resnet20-block1", "--width", 2, "--epochs", 1, "--images", 20, "--batch-size", 10, "--json")


def test_a_transformation_is_trained_applied_and_attacked(command, small_data: Path, picture: Path, left_over: Path) -> None:
    card = command("transform", "train", "--data", small_data, "--out", left_over, "--model", "resnet20", *QUICK).json()
    assert json.loads((left_over / "transformation.json").read_text()) == card
    assert (card["alpha"], card["test_images"]) == (0.005, 20)
    other = load("resnet20")
    with torch.no_grad():
        next(other.parameters()).mul_(0.9)
    write_weights(left_over / "other.safetensors", other.state_dict())
    line = ("transform", "train", "--data", small_data, "--out", left_over, "--model", "resnet20")
    refused = command(*line, "--weights", left_over / "other.safetensors", *QUICK)
    assert refused.code == 3
    assert f"it was begun with classifier_sha256 = '{card['classifier_sha256']}' and not '" in refused.err
    weights = left_over / "transformation.safetensors"
    command("transform", "apply", picture, "--transformation", weights, "--out", left_over / "sent", "--json").json()
    with Image.open(left_over / "sent" / "picture.png") as sent, Image.open(picture) as plain:
        assert sent.size == plain.size  # 160 x 120, multiples of 8
        assert np.abs(np.asarray(sent).astype(int) - np.asarray(plain)).mean() > 5
    line = ("transform", "attack", "--data", small_data, "--transformation", weights, "--out", left_over / "attack")
    found = command(*line, "--width", 2, "--epochs", 2, "--images", 20, "--json").json()
    # Of another transformation's pairs the same folder is not taken up, nor of a scheme's.
    again = command(*line[:4], "--scheme", "le", *line[6:], "--width", 2, "--epochs", 2, "--images", 20)
    assert again.code == 3
    assert "it was begun with sent_sha256 = " in again.err
    # Pictures of mean square error below 1 have more than 0 dB, and no network of two epochs reaches 60.
    assert 0 < found["median_psnr_recovered_db"] < 60
    assert Path(found["figure"]).stat().st_size > 5000


def test_an_inverse_network_is_tried_on_what_a_scheme_sends(command, small_data: Path, tmp_path: Path) -> None:
    line = ("transform", "attack", "--data", small_data, "--width", 2, "--epochs", 1, "--images", 20, "--json")
    as_sent = {}
    for scheme in ("keycam-raster", "keycam-secure"):
        found = command(*line, "--scheme", scheme, "--out", tmp_path / scheme).json()
        assert found["scheme"] == scheme
        assert 0 < found["median_psnr_recovered_db"] < 60
        as_sent[scheme] = found["median_psnr_as_sent_db"]
    assert as_sent["keycam-raster"] == 100
    assert as_sent["keycam-secure"] < 10
    for arguments in (("--scheme", "rot13"), (), ("--scheme", "le", "--transformation", "h.safetensors")):
        run = command(*line[:4], "--out", tmp_path / "none", *arguments)
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith("keycam: scheme = ")
        assert not (tmp_path / "none").exists()


def test_a_provider_elsewhere_needs_the_same_secret(command, small_data: Path, tmp_path: Path) -> None:
    secret, other = tmp_path / "secret", tmp_path / "other"
    secret.write_text("a secret of some length")
    other.write_text("another secret of length")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    provide = ["transform", "provide", "resnet20", "--address", address, "--secret-file", str(secret)]
    with subprocess.Popen([sys.executable, "-m", "keycam", *provide], env=ENVIRONMENT) as provider:
        try:
            train = ("transform", "train", "--data", small_data, "--out", tmp_path / "out", "--provider", address, *QUICK)
            for _ in range(600):
                refused = command(*train, "--secret-file", other)
                if "refused" not in refused.err:
                    break
            assert refused.code == 3
            assert f"provider = {address}: it knows another secret; allowed is host:port" in refused.err
            taken = command(*provide)
            assert taken.code == 3
            assert f"address = {address}: Address already in use; allowed is a free port" in taken.err
            assert 0 <= command(*train, "--secret-file", secret).json()["transformed_accuracy"] <= 1
        finally:
            provider.terminate()


def test_a_picture_is_never_written_over_by_what_is_sent_of_it(command, tmp_path: Path) -> None:
    door = tmp_path / "door.png"
    Image.new("RGB", (8, 8), "green").save(door)
    before, link = door.read_bytes(), tmp_path / "elsewhere" / "door.png"
    link.parent.mkdir()
    link.symlink_to(door)
    weights = tmp_path / "h.safetensors"
    write_weights(weights, UNet(2).state_dict())
    line = ("transform", "apply", door, "--transformation", weights, "--out")
    for out in (tmp_path, tmp_path / "elsewhere" / "..", link.parent):
        refused = command(*line, out)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err == f"keycam: out = {out}: it holds door.png, a picture to be transformed; allowed is another folder\n"
    assert door.read_bytes() == before
    command(*line, tmp_path / "sent", "--json").json()
    command(*line, tmp_path / "sent", "--json").json()  # over one's own, as before
    assert door.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("train --data DATA --out OUT", 2, "model = None: allowed is one of --model and --provider"),
        ("train --data DATA --out OUT --model resnet20 --alpha 2", 2, "alpha = 2.0: allowed is 0 to 1"),
        ("train --data DATA --out OUT --model resnet20 --features x", 2, "features = 'x': allowed is vgg16-relu1_2"),
        ("train --data DATA --out OUT --provider here --secret-file OUT", 2, "provider = 'here': allowed is HOST:PORT"),
        ("train --data DATA --out OUT --provider a:1", 2, "secret_file = None: allowed is a file"),
        ("provide resnet20 --address a:0 --secret-file OUT", 2, "address = 'a:0': allowed is HOST:PORT with a port"),
        (
            "provide resnet20 --address a:1 --secret-file OUT",
            3,
            "secret_file = OUT: No such file or directory; allowed is a file with the secret",
        ),
        ("apply OUT.png --transformation OUT --out OUT", 3, "transformation = OUT: there is no such file"),
        ("attack --data DATA --transformation OUT --out NEW", 3, "transformation = OUT: there is no such file"),
        ("attack --data DATA --transformation DATA --out NEW", 3, "transformation = DATA: it is a folder; allowed is"),
        ("train --data DATA --out OUT --model resnet20 --secret-file NEW", 2, "secret_file = NEW: allowed is with --provider"),
        (
            "train --data DATA --out OUT --provider a:1 --weights NEW --secret-file NEW",
            2,
            "weights = NEW: allowed is with --model",
        ),
    ],
)
def test_a_bad_line_is_refused(command, small_data: Path, tmp_path: Path, line: str, code: int, says: str) -> None:
    places = {"DATA": small_data, "OUT": tmp_path / "out", "NEW": tmp_path / "new"}
    for word, place in places.items():
        line, says = line.replace(word, str(place)), says.replace(word, str(place))
    run = command("transform", *line.split())
    assert says in run.err
    assert run.err.count("\n") == 1
    assert run.out == ""
    assert run.code == code


@pytest.mark.slow
def test_the_published_table_goes_through_all_of_its_stages(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], small_data: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["experiment", "--data", str(small_data), "--out", str(tmp_path), "--quick"])
    with pytest.raises(SystemExit) as ended:
        experiment_command.run(ito_table1.experiment)
    out, err = capfd.readouterr()
    assert ended.value.code in (0, None), err
    assert "91.72" in out
    record = json.loads((tmp_path / "ito-resnet20.json").read_text())
    assert set(record["figures"]["keycam"]) == {"plain", "alpha 0.005"}
    assert "inverse network, alpha 0.005" in record["remarks"]


def test_only_alphas_of_the_published_table_are_taken_and_each_once() -> None:
    assert ito_table1.chosen_alphas(None) == ito_table1.ITO_ALPHAS
    assert ito_table1.chosen_alphas([0.01, 0.005, 0.01]) == (0.005, 0.01)
    with pytest.raises(ValueError, match=r"alpha = 0\.02: allowed is 0\.0, 0\.001, 0\.005"):
        ito_table1.chosen_alphas([0.005, 0.02])

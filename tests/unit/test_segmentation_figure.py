"""The figure of masks: what it shows is what the networks say, and the link shows nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from experiments.segmentation_figure import FIGURE, draw, rows
from inference.models import build, load


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, with which the classes of the pixels lie near one another."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "random.safetensors"
    save_file(build("fcn_resnet12").state_dict(), file)
    return file


def test_the_masks_are_those_of_the_plain_and_the_keyed_network_and_the_link_is_noise(weights: Path, tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, 4, 5, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    network, shown = load("fcn_resnet12", weights), list(rows(images, weights=weights))
    assert [np.array_equal(row.image, image) for row, image in zip(shown, images, strict=True)] == [True, True]
    for row in shown:
        x = torch.from_numpy(row.image).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            expected = network(x)[0].argmax(0).numpy()
        assert np.array_equal(row.plain, expected)
        assert np.array_equal(row.keyed, expected)
        assert len(np.unique(expected)) > 1
        assert (row.wrong_key != expected).mean() > 0.05
        # Under the mask every value is as likely: 3,840 samples have a mean of 127.5 with a standard error of 1.2.
        assert row.link.mean() == pytest.approx(127.5, abs=6)
        neighbours = np.corrcoef(row.link[:, :-1].ravel(), row.link[:, 1:].ravel())[0, 1]
        assert abs(neighbours) < 0.1  # five standard errors of 0.017
    draw(shown, tmp_path / "figure.webp")
    with Image.open(tmp_path / "figure.webp") as picture:
        assert picture.format == "WEBP" and picture.width == 1200


def test_the_figure_of_the_documentation_is_there_and_small() -> None:
    assert 50_000 < FIGURE.stat().st_size < 400_000

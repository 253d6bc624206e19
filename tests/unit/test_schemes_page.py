"""docs/schemes.md: its table has every scheme, and the measurement behind it would show a scheme that loses something."""

import numpy as np
import pytest
import torch
from torch import nn

from experiments import schemes
from experiments.schemes import PAGE, AccuracyRow, measure, put_in, table
from inference.datasets import LabelledImages
from privacy.schemes import SCHEMES, Sent, make_scheme


class Brightest(nn.Module):
    """A network of ten classes that answers with the row of its brightest pixel, modulo 10."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        row = x.sum(1).flatten(1).argmax(1) // x.shape[3]
        return nn.functional.one_hot(row % 10, 10).float()


def pictures() -> LabelledImages:
    images = np.random.default_rng(0).integers(0, 200, (60, 12, 8, 3), np.uint8)
    labels = np.arange(60) % 10
    images[np.arange(60), labels, 3] = 255
    return LabelledImages(images, labels, tuple("abcdefghij"))


def test_the_page_has_every_scheme_and_no_answer_that_differs() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == list(SCHEMES)
    assert {row[3] for row in rows} == {"0"}
    assert len({row[2] for row in rows}) == 1
    assert next(row for row in rows if row[0] == "keycam-raster")[1] == rows[0][2]  # it hides nothing


def test_accuracy_is_all_with_the_key_little_without_and_refused_where_there_is_a_tag() -> None:
    rows = {row.scheme: row for row in measure(Brightest(), pictures())}
    for name, row in rows.items():
        assert (row.with_key, row.different_answers) == (1, 0)
        # 60 pictures and an answer in ten: 6 right on average, 20 are 6 standard deviations above. Pixels that do not move keep
        # the answer now and then, as a brightest one that is not complemented stays the brightest.
        assert row.on_sent == 1 if name == "keycam-raster" else row.on_sent < (0.6 if "pixel" in name else 20 / 60)
        assert (row.with_wrong_key is None) == make_scheme(name, np.random.default_rng(0), (12, 8)).notices_alterations


def test_the_highest_code_of_a_sample_is_white() -> None:
    class Level(nn.Module):
        """Answers 0 to 9 by the level of a picture, 0 to 1."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.one_hot((x.mean((1, 2, 3)) * 9).round().long(), 10).float()

    for white in (np.uint8(255), np.uint16(65535)):
        levels = np.arange(0, 10)[:, None, None, None] * np.ones((1, 4, 4, 3)) / 9 * white
        assert schemes.classes(Level(), levels.astype(white.dtype), batch=3).tolist() == list(range(10))


def test_a_scheme_that_loses_something_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lossy:
        def encrypt(self, images: np.ndarray) -> Sent:
            return Sent(images, np.zeros((len(images), 0), np.uint8))

        def decrypt(self, sent: Sent) -> np.ndarray:
            return sent.samples[:, ::-1].copy()

    monkeypatch.setattr(schemes, "make_scheme", lambda name, rng, shape: Lossy())
    (row,) = measure(Brightest(), pictures(), ["le"])
    assert row.on_sent == 1
    assert row.with_key < 0.5
    assert row.different_answers > 30


def test_the_table_is_put_between_its_marks() -> None:
    written = table([AccuracyRow("le", 0.123, 0.92, 3, 0.1), AccuracyRow("aes", 0.1, 0.92, 0, None)], 50)
    assert "| le | 12.3% | 92.0% | 3 | 10.0% |\n| aes | 10.0% | 92.0% | 0 | refused |\n" in written
    page = put_in("top\n<!-- accuracy -->\nold\n<!-- end of accuracy -->\nbottom\n", written)
    assert page == f"top\n<!-- accuracy -->\n\n{written}\n<!-- end of accuracy -->\nbottom\n"

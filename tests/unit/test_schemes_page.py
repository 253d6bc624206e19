"""docs/schemes.md: its tables have every scheme, and the measurements behind them would show what is lost or leaks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from experiments import schemes
from experiments.scheme_tables import bounds, comparison, fresh_keys
from experiments.schemes import PAGE, AccuracyRow, measure, printed, put_in, table
from inference.datasets import DataError, LabelledImages
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


def written(name: str) -> list[list[str]]:
    """The rows of one of the page's tables, without its headings."""
    text = PAGE.read_text().split(f"<!-- {name} -->")[1].split(f"<!-- end of {name} -->")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]


def test_the_page_has_every_scheme_and_no_answer_that_differs() -> None:
    rows = written("accuracy")
    assert [row[0] for row in rows] == list(SCHEMES)
    assert {row[3] for row in rows} == {"0"}
    assert len({row[2] for row in rows}) == 1
    assert next(row for row in rows if row[0] == "keycam-raster")[1] == rows[0][2]  # it hides nothing


def test_the_page_says_which_schemes_fall() -> None:
    rows = {row[0]: row for row in written("comparison") if row[0] != "---"}
    assert list(rows) == list(SCHEMES) == [row[0] for row in written("handling") if row[0] != "---"]
    for name, row in rows.items():
        known, chosen, again = row[2], row[3], float(row[4].strip("%")) / 100
        one_key = make_scheme(name, np.random.default_rng(0), (4, 4)).key_scope == "device"
        assert (known.isdigit(), chosen.isdigit()) == (one_key, one_key)
        # By chance 1 in 10,000; of 1000 more than 4 are found with a probability below 1e-5.
        assert (again <= 0.004) == (name in ("keycam-secure", "aes-256-gcm"))
        assert float(row[-1]) > 0
    assert float(rows["aes-256-gcm"][-1]) == pytest.approx(1, abs=0.3)


def test_the_page_has_the_price_of_fresh_orders() -> None:
    rows = [row for row in written("keys") if row[0] != "---"]
    assert {row[0] for row in rows} == {"mask alone", "row-column order", "block order", "full order", "full order and mask"}
    for _, _, key_ms, aes_gcm_ms, ratio in rows:
        assert float(ratio) == pytest.approx(float(key_ms) / float(aes_gcm_ms), rel=0.05, abs=0.06)  # of rounded times


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


def test_tables_are_put_between_their_marks() -> None:
    rows = table([AccuracyRow("le", 0.123, 0.92, 3, 0.1), AccuracyRow("aes", 0.1, 0.92, 0, None)], 50)
    assert "| le | 12.3% | 92.0% | 3 | 10.0% |\n| aes | 10.0% | 92.0% | 0 | refused |" in rows
    page = "top\n<!-- accuracy -->\nold\n<!-- end of accuracy -->\n<!-- keys -->\n<!-- end of keys -->\nbottom\n"
    page = put_in(put_in(page, "accuracy", rows), "keys", "new")
    assert page == (
        f"top\n<!-- accuracy -->\n\n{rows.strip()}\n\n<!-- end of accuracy -->\n"
        "<!-- keys -->\n\nnew\n\n<!-- end of keys -->\nbottom\n"
    )


def section(applies: bool = True, chance: dict[str, float] | None = None, **figures: object) -> dict[str, object]:
    return {"applies": applies, "frames": 100, "chance": chance or {}, **figures}


def audit_of(ssim: float) -> dict[str, object]:
    chance = {"ssim": 0.05, "key_entries_recovered": 0.01}
    alone = section(ssim=ssim, scrambled_ssim=0.02, key_entries_recovered=0.5, chance=chance)
    guessed = {"recaptured_found": 1e-4, "classifier_accuracy": 0.1}
    told = section(recaptured_found=0.998, classifier_accuracy=0.4, chance=guessed)
    static = {
        "ciphertext_only": alone, "known_plaintext": section(frames_to_break=8, frames_tried=[1, 8, 13]),
        "chosen_plaintext": {**section(key_entries_recovered=1.0), "frames": 5}, "histogram": told,
        "single_frame": section(False),
    }  # fmt: skip
    fresh = {
        **static, "known_plaintext": section(frames_to_break=None, frames_tried=[1, 8, 13]),
        "chosen_plaintext": section(key_entries_recovered=0.1),
        "single_frame": section(ssim=0.4, scrambled_ssim=0.1, entries_inside_blocks_recovered=1.0),
        "ciphertext_only": {**section(ssim=0.4, scrambled_ssim=0.1), "frames": 1},
    }  # fmt: skip
    return {"frames": 100, "schemes": {"static": static, "fresh": fresh, "clear": {**static, "known_plaintext": section(False)}}}


def test_what_the_commands_print_becomes_the_comparison() -> None:
    row = {"key_bits": 1234.5, "key_for_each": "device", "encrypt_ms": 1.0, "ratio_to_aes_gcm": 2.25}
    speeds = {
        "rows": [
            {"scheme": name, "height": height, "width": width, **row, "encrypt_ms": width / 960}
            for name in ("static", "fresh", "clear")
            for height, width in ((32, 32), (1080, 1920))
        ]
    }
    lines = comparison(audit_of(0.71), speeds).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    static, fresh, clear = (line.strip("| ").split(" | ") for line in lines[2:])
    assert static == [
        "static", "0.71 (link 0.02) (50.0%)", "8", "5", "99.8%", "40.0%", "-", "1,234",
        "device", "2.00", "2.2",
    ]  # fmt: skip
    assert fresh[1:4] == ["0.40 (link 0.10), each alone", "not from 13", "none do"]
    assert fresh[6] == "0.40 (link 0.10), inside of blocks 100%"
    assert clear[2] == "-"
    assert bounds(audit_of(0.7)) == "Chance gives: SSIM 0.05, key entries 1.00%, found again 0.01%, class told 10.00%."


def test_what_the_benchmark_prints_becomes_the_price_list() -> None:
    row = {"height": 1080, "width": 1920, "key_ms": 5.0, "aes_gcm_ms": 0.4, "ratio_to_aes_gcm": 12.5}
    rows = [{**row, "order": order, "mask": mask} for order, mask in (("raster", True), ("full", False), ("full", True))]
    assert [line.split(" | ")[0].strip("| ") for line in fresh_keys({"rows": rows}).splitlines()[2:]] == [
        "mask alone", "full order", "full order and mask",
    ]  # fmt: skip
    assert fresh_keys({"rows": rows}).splitlines()[3] == "| full order | 1920x1080 | 5.00 | 0.40 | 12.5 |"


def test_what_was_printed_is_not_asked_for_again(tmp_path: Path) -> None:
    first = printed(tmp_path / "kept", "info", "info")
    assert (tmp_path / "kept" / "info.json").exists()
    kept = json.loads((tmp_path / "kept" / "info.json").read_text())
    (tmp_path / "kept" / "info.json").write_text(json.dumps(kept | {"found": "kept"}))
    assert printed(tmp_path / "kept", "info", "info") == "kept"
    # Another question by the same name is another one.
    assert printed(tmp_path / "kept", "info", "info", "--profile", "ideal")["name"] == "ideal" != first
    with pytest.raises(DataError, match="keycam nonsense: exit code 2; allowed is what it says itself, above"):
        printed(tmp_path / "kept", "info", "nonsense")

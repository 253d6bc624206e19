"""Figures beyond the published ones: how they are counted, and how they are written down."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from adc import KeySchedule
from experiments import camera_accuracy, partial_keys
from experiments.accuracy_bars import accuracy_columns, chance_percent, draw_bars, interval
from experiments.camera_accuracy import at_bits, depths
from experiments.own_tables import BEYOND, OwnTable, own_markdown
from experiments.record import Record, read
from experiments.results_page import PAGE, own_section
from inference.datasets import LabelledImages
from inference.keyed import convert
from inference.keyed.positions import take_positions
from inference.models import load
from keycam.camera_accuracy import agreement
from keycam.captured import Batch
from keycam.picture_frames import AdcFrames
from privacy.scoring.partial_key import partly_right, score_partial_keys
from sensor_sim import DEMO_PROFILE, load_profile

RNG = np.random.default_rng(0)
TABLE = OwnTable("t", "A question", "How.", "bits", "python -m experiments.t", "t.png", "a curve")
RECORD = Record(
    experiment="t", command="python -m experiments.t", figures={"plain": {"6": 91.5, "7": 92.0}, "different": {"6": 0}}, seed=0,
    data={"name": "noise", "pictures": 7, "sha256": "ab" * 32}, wall_s=61.0, commit="c" * 40, hardware="an abacus",
    versions={"torch": "2"}, remarks={"sensor": "demo"},
)  # fmt: skip


@dataclass(eq=False)
class SaidBefore:
    """Ways whose answers are given, one list for each way, whatever the pictures show."""

    answers: dict[str, list[int]]
    twins: dict[str, None] = field(default_factory=lambda: {"keyed_input": None, "keyed_every_layer": None})

    def run(self, way: str, batch: Batch) -> tuple[Tensor, None]:
        said = [self.answers[way].pop(0) for _ in batch.plain]
        return torch.nn.functional.one_hot(torch.tensor(said), 3), None


def test_right_and_different_answers_are_counted_over_all_batches() -> None:
    pictures = LabelledImages(RNG.integers(0, 256, (5, 8, 8, 3), np.uint8), np.array([0, 1, 2, 0, 1]), tuple("abc"))
    ways = SaidBefore({"plain": [0, 1, 1, 0, 0], "keyed_input": [0, 1, 1, 0, 0], "keyed_every_layer": [0, 1, 2, 2, 1]})
    found = agreement(ways, AdcFrames(pictures.images), pictures, KeySchedule(bytes(32)), batch_size=2)  # type: ignore[arg-type]
    assert found.right == {"plain": 3, "keyed_input": 3, "keyed_every_layer": 4}
    assert found.different == 3
    assert found.accuracy()["plain"] == 0.6


def test_a_converter_of_another_depth_keeps_its_range_and_black_level_in_volts() -> None:
    profile = load_profile("machine-vision")
    deep, coarse = profile.readout, at_bits(profile, 6).readout
    assert coarse.bits == 6 < deep.bits
    assert coarse.lsb_v * 2**coarse.bits == pytest.approx(deep.lsb_v * 2**deep.bits)
    assert coarse.black_level_dn * coarse.lsb_v == pytest.approx(deep.black_level_dn * deep.lsb_v)
    assert coarse.inl_lsb * coarse.lsb_v == pytest.approx(deep.inl_lsb * deep.lsb_v)
    assert deep.inl_lsb > 0
    shallow = replace(DEMO_PROFILE, readout=replace(DEMO_PROFILE.readout, bits=8, black_level_dn=4.0))
    test = LabelledImages(np.zeros((1, 8, 8, 3), np.uint8), np.zeros(1, np.int64), ("a",))
    assert [row for row, _ in depths(test, 0, shallow)] == ["8", "7", "6"]


def test_a_keyed_network_with_a_partly_right_key_answers_as_the_score_of_that_key_says() -> None:
    pictures = RNG.integers(0, 256, (6, 4, 4, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    order = partial_keys.static_order(32, seed=0, number=1)
    assert np.array_equal(np.sort(order), np.arange(1024))
    assert not np.array_equal(order, partial_keys.static_order(32, seed=0, number=2))
    network = load("resnet20")
    wrong = partly_right(order, 0.9, seed=5)
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    keyed = convert(network, x[:1])
    with torch.inference_mode():
        emitted = take_positions(x, torch.from_numpy(order)[None].expand(6, -1))
        classes = keyed(emitted, torch.from_numpy(wrong)).argmax(1)
        plain = network(x).argmax(1)
    assert (classes != plain).any()
    score = score_partial_keys(network, pictures, classes.numpy(), order, (0.9, 1.0), seed=5)
    assert score.accuracies[0] == 1.0
    assert score.accuracies[1] == pytest.approx(float((classes == plain).float().mean()))


def test_the_spread_over_keys_is_their_lowest_and_highest_value() -> None:
    scores = [{"accuracy": {"0": value, "1": 90.0}, "SSIM": {"0": 0.1, "1": 1.0}} for value in (9.0, 10.0, 14.0)]
    found = partial_keys.over_keys(scores)
    assert found["accuracy"] == {"0": 11.0, "1": 90.0}
    assert found["accuracy, lowest key"]["0"] == 9.0
    assert found["accuracy, highest key"]["0"] == 14.0


def test_intervals_hold_the_share_and_chance_is_the_most_frequent_class() -> None:
    # Clopper and Pearson's interval of 0 of n ends at 1 - (0.025)^(1/n).
    assert interval(0.0, 10) == pytest.approx((0.0, 100 * (1 - 0.025 ** (1 / 10))))
    low, high = interval(10.0, 10_000)
    assert 9.4 < low < 10 < high < 10.7  # two standard errors of 0.3 % on either side
    pictures = LabelledImages(np.zeros((4, 8, 8, 3), np.uint8), np.array([0, 1, 1, 2]), tuple("abc"))
    assert chance_percent(pictures) == 50.0


def test_a_record_that_stands_for_itself_is_written_with_its_figure_and_its_gaps() -> None:
    assert own_markdown(TABLE, RECORD).splitlines() == [
        "| bits | plain | different |",
        "| --- | ---: | ---: |",
        "| 6 | 91.50 | 0 |",
        "| 7 | 92.00 | not measured |",
    ]
    shown = own_section(TABLE, RECORD)
    assert "![a curve](t.png)" in shown
    assert "- sensor: demo\n- 7 pictures of noise" in shown
    assert "Not measured yet, command: `python -m experiments.t`" in own_section(TABLE, None)
    assert "t.png" not in own_section(TABLE, None)
    with pytest.raises(ValueError, match="shows = '': allowed is a text for a picture"):
        replace(TABLE, shows="")
    assert len({table.experiment for table in BEYOND}) == len(BEYOND)


def test_whatever_was_measured_has_its_figure_in_the_documentation() -> None:
    for table in BEYOND:
        if table.picture:
            assert (PAGE.parent / table.picture).exists() == (read(table.experiment) is not None)


def test_every_figure_is_drawn_from_its_record(tmp_path: Path) -> None:
    rows = {"0": 10.0, "0.5": 40.0, "1": 90.0}
    likeness = {share: value / 100 for share, value in rows.items()}
    keys = replace(
        RECORD, remarks={"keys": "3"},
        figures={f"{name}{kind}": values for name, values in (("accuracy", rows), ("SSIM", likeness))
                 for kind in ("", ", lowest key", ", highest key")},
    )  # fmt: skip
    pictures = LabelledImages(np.zeros((4, 8, 8, 3), np.uint8), np.array([0, 1, 1, 2]), tuple("abc"))
    trained = replace(RECORD, figures=accuracy_columns({"static order": 75.0, "fresh order": 0.0}, pictures))
    curves = {"plain": {"6": 80.0, "12": 92.0}, camera_accuracy.DIFFERENT: {"6": 0, "12": 0}}
    camera = replace(RECORD, figures=curves)
    files = (
        partial_keys.draw(keys, 0.1, tmp_path / "keys.png"),
        draw_bars(trained, "test accuracy, %", tmp_path / "trained.png"),
        camera_accuracy.draw(camera, camera, DEMO_PROFILE, tmp_path / "camera.png"),
    )
    for file in files:
        with Image.open(file) as picture:
            assert picture.format == "PNG" and picture.width > 600
            assert len(picture.convert("RGB").getcolors(1 << 20)) > 50

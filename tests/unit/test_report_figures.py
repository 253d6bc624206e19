"""The report's plots: every axis says what it is, and no legend covers a curve or leaves its panel."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from calibration.capture_plan import CapturePlan
from calibration.characterisation import Characterisation, characterise
from calibration.converter_figures import effective_bits_figure, inl_figure
from calibration.dark_figures import dark_current_figure, doubling_figure
from calibration.spatial_figures import accumulated_figure, histogram_figure, image_figure, profile_figure, spectrum_figure
from calibration.transfer_figures import linearity_figure, snr_figure, transfer_figure
from keycam.simulated_bench import SimulatedBench
from sensor_sim import load_profile

FIGURES = (
    linearity_figure, transfer_figure, snr_figure, image_figure, profile_figure, spectrum_figure, histogram_figure,
    accumulated_figure, dark_current_figure, doubling_figure,
)  # fmt: skip


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    # Four planes make the largest legends; with 10 bits the converters take few frames, and the dark still shows its noise.
    base = load_profile("mobile")
    readout = replace(base.readout, bits=10, black_level_dn=64.0)
    profile = replace(base, height=64, width=48, readout=readout)
    with SimulatedBench(profile, 1) as bench:
        plan = CapturePlan(profile.default_exposure_s, stack_frames=8, dark_frames=2, warmer_k=(12.0, 24.0), hits_per_code=4)
        found: Characterisation = characterise(bench, plan)
    assert found.converters is not None
    drawn = {make.__name__: make(found) for make in FIGURES}
    drawn |= {make.__name__: make(found.converters) for make in (inl_figure, effective_bits_figure)}
    assert None not in drawn.values()
    return drawn  # type: ignore[return-value]


def test_every_axis_of_every_plot_has_a_name(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        for ax in figure.axes:
            is_bar = name == "image_figure" and ax.get_xlabel() == ""
            assert ax.get_ylabel(), name
            assert is_bar or ax.get_xlabel(), name
        assert any(ax.get_title() for ax in figure.axes), name


def test_no_legend_covers_a_curve_or_leaves_its_panel(figures: dict[str, Figure]) -> None:
    seen = 0
    for name, figure in figures.items():
        figure.draw_without_rendering()
        for ax in figure.axes:
            legend, panel = ax.get_legend(), ax.get_window_extent()
            if legend is None:
                continue
            box, seen = legend.get_window_extent(), seen + 1
            assert panel.x0 <= box.x0 < box.x1 <= panel.x1, (name, ax.get_title())
            assert panel.y0 <= box.y0 < box.y1 <= panel.y1, (name, ax.get_title())
            for line in ax.get_lines():
                places = line.get_transform().transform(np.asarray(line.get_xydata(), float))
                is_reference = line.get_linestyle() == ":"  # a dotted line through the whole panel has a title of its own
                covered = box.count_contains(places[np.isfinite(places).all(axis=1)])
                assert is_reference or not covered, (name, ax.get_title(), line.get_label())
    assert seen >= 15


def test_a_title_is_no_wider_than_its_panel(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        if name == "image_figure":  # over the image, which is as narrow as the array
            continue
        for ax in figure.axes:
            assert ax.title.get_window_extent().width <= 1.02 * ax.get_window_extent().width, (name, ax.get_title())

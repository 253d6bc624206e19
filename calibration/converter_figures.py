"""The report's figures of the converters: INL, DNL and effective bits by column."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibration.adc_linearity import ConverterFigures
from calibration.figure_style import GREY, legend_above, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 4096


def inl_figure(found: ConverterFigures) -> "Figure":
    """INL and DNL over the code: the mean of the columns, and how far single ones reach."""
    figure, (left, right) = new_figure(2)
    _band(left, found.ramp.inl_lsb, "ramp")
    left.plot(*_thin(found.sine.inl_lsb.mean(axis=0)), "--", color="#d35400", linewidth=0.8, label="sine, mean of the columns")
    _band(right, found.ramp.dnl_lsb, "ramp")
    left.set(xlabel="code, DN", ylabel="INL, LSB (endpoint fit)", title="Integral non-linearity")
    right.set(xlabel="code, DN", ylabel="DNL, LSB", title="Differential non-linearity")
    legend_above(left, columns=1)
    legend_above(right, columns=1)
    return figure


def effective_bits_figure(found: ConverterFigures) -> "Figure":
    """Effective bits and the greatest INL of each column."""
    figure, (left, right) = new_figure(2)
    left.plot(found.columns, found.effective_bits, ".", color="#222222", markersize=3)
    left.axhline(found.bits, color=GREY, linestyle="--", linewidth=0.9)
    left.set(xlabel="column", ylabel="effective bits", title="Effective bits (dashed: ideal converter)")
    right.plot(found.columns, np.abs(found.ramp.inl_lsb).max(axis=1), ".", color="#222222", markersize=3, label="|INL|")
    right.plot(found.columns, np.abs(found.ramp.dnl_lsb).max(axis=1), ".", color="#d35400", markersize=3, label="|DNL|")
    right.set(xlabel="column", ylabel="greatest of the column, LSB", title="Non-linearity by column")
    right.set_ylim(bottom=0)
    legend_above(right)
    return figure


def _band(ax: "Axes", values: NDArray[np.float64], drive: str) -> None:
    code, mean = _thin(values.mean(axis=0))
    low, high = _thin(values.min(axis=0))[1], _thin(values.max(axis=0))[1]
    ax.fill_between(code, low, high, color="#cfd8e3", linewidth=0, label=f"{drive}, all columns")
    ax.plot(code, mean, color="#222222", linewidth=0.8, label=f"{drive}, mean of the columns")


def _thin(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Values over codes from 1, at most `MOST_POINTS` of them, evenly chosen."""
    at = np.unique(np.linspace(0, values.size - 1, min(values.size, MOST_POINTS)).astype(np.int64))
    return at + 1, values[at]

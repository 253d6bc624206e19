"""The report's figures of the dark: mean and noise over exposure time, and dark current over temperature."""

from typing import TYPE_CHECKING

import numpy as np

from calibration.characterisation import Characterisation
from calibration.figure_style import PLANE_COLOURS, legend_above, new_figure
from calibration.measured import Measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def dark_current_figure(found: Characterisation) -> "Figure":
    """Dark mean and dark variance over the exposure time at the camera's own temperature, with the fitted lines."""
    figure, (left, right) = new_figure(2)
    for own, plane in zip(found.recording.planes, found.planes, strict=True):
        series, colour = own.dark_series[0], PLANE_COLOURS[plane.name]
        time = np.array([0, series.exposure_s[-1]])
        for ax, values in ((left, series.mean_dn), (right, series.variance_dn2)):
            ax.plot(series.exposure_s, values, "o", color=colour, label=plane.name)
        lines = [(left, series.mean_line())]
        if isinstance(plane.measured["dark_current_by_variance_e_per_s"], Measured):  # else quantisation hides the noise
            lines.append((right, series.variance_line()))
        for ax, line in lines:
            ax.plot(time, line.offset + line.slope * time, "-", color=colour, linewidth=0.8)
    compensated = " (the camera takes it off)" if found.compensated else ""
    left.set(xlabel="exposure, s", ylabel="mean, DN", title=f"Dark signal{compensated}")
    right.set(xlabel="exposure, s", ylabel="temporal variance, DN²", title="Noise in the dark")
    left.ticklabel_format(axis="y", useOffset=False)
    legend_above(left)
    legend_above(right)
    return figure


def doubling_figure(found: Characterisation) -> "Figure | None":
    """Dark current over the temperature; None where it was measured at one temperature or does not rise."""
    if not isinstance(found.planes[found.main].measured["doubling_temperature_k"], Measured):
        return None
    from matplotlib.ticker import ScalarFormatter

    figure, (ax,) = new_figure(1)
    for own, plane in zip(found.recording.planes, found.planes, strict=True):
        doubling = plane.measured["doubling_temperature_k"]
        if not isinstance(doubling, Measured):
            continue
        temperature = np.array([series.temperature_k for series in own.dark_series])
        rates = np.array([rate.value for rate in plane.dark_rates])
        colour, label = PLANE_COLOURS[plane.name], f"{plane.name}: doubles every {doubling.value:.2f} K"
        error = [1.96 * rate.standard_error for rate in plane.dark_rates]
        ax.errorbar(temperature, rates, yerr=error, fmt="o", color=colour, label=label, capsize=3)
        middle = np.exp(np.mean(np.log(np.maximum(rates, 1e-12))))
        ax.plot(
            temperature, middle * 2 ** ((temperature - temperature.mean()) / doubling.value), "-", color=colour, linewidth=0.8
        )
    ax.set(xlabel="temperature, K", ylabel="dark current, e-/s", yscale="log", title="Dark current over temperature")
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(ScalarFormatter())
    ax.legend()
    return figure

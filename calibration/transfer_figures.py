"""The report's figures of the light series: linearity, photon transfer, signal-to-noise ratio."""

from typing import TYPE_CHECKING

import numpy as np

from calibration.characterisation import Characterisation
from calibration.figure_style import GREY, PLANE_COLOURS, legend_above, new_figure
from calibration.snr import snr_of_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE_OVER_TOP = 1.05
"""So far above the highest signal a fitted line is drawn."""


def linearity_figure(found: Characterisation) -> "Figure":
    """Signal over the light with the fitted lines, and the deviations from them."""
    figure, (left, right) = new_figure(2)
    for own, plane in zip(found.recording.planes, found.planes, strict=True):
        points, line, colour = own.points, plane.linearity, PLANE_COLOURS[plane.name]
        left.plot(points.photons, points.signal_dn, ".", color=colour, label=plane.name)
        fitted = line.offset_dn + line.slope_dn_per_photon * points.photons
        shown = fitted <= LINE_OVER_TOP * points.signal_dn.max()  # above that is the legend
        left.plot(points.photons[shown], fitted[shown], "-", color=colour, linewidth=0.8)
        saturation = points.photons[points.saturation]
        left.plot([saturation, saturation], [0, points.signal_dn.max()], ":", color=colour, linewidth=0.8)
        right.plot(points.signal_dn[line.used], line.deviation_percent[line.used], ".-", color=colour, label=plane.name)
    left.set(xlabel="photons/pixel", ylabel="signal over dark, DN", title="Linearity: dots measured, dotted saturation")
    left.set_ylim(bottom=0)
    left.locator_params(axis="x", nbins=6)
    right.axhline(0, color=GREY, linewidth=0.8)
    right.set(xlabel="signal over dark, DN", ylabel="deviation from the line, %", title="Deviation, 5 to 95 % of saturation")
    legend_above(left)
    legend_above(right)
    return figure


def transfer_figure(found: Characterisation) -> "Figure":
    """Photon transfer: temporal variance over signal, with K as the slope, linear and logarithmic."""
    figure, (left, right) = new_figure(2)
    for own, plane in zip(found.recording.planes, found.planes, strict=True):
        points, colour = own.points, PLANE_COLOURS[plane.name]
        gain = plane.figure("system_gain_dn_per_e").value
        signal, noise = points.signal_dn, points.noise_dn2
        left.plot(signal, noise, ".", color=colour, label=f"{plane.name}: K = {gain:.4g} DN/e-")
        fitted = signal[points.linear]
        left.plot([0, fitted.max()], [0, gain * fitted.max()], "-", color=colour, linewidth=1.2)
        left.plot(signal[points.saturation], noise[points.saturation], "v", color=colour, markersize=8)
        shown = signal > 0
        deviation = np.sqrt(np.maximum(points.variance_dn2[shown], 1e-3))
        right.loglog(signal[shown], deviation, ".", color=colour)
        at = np.geomspace(max(signal[shown].min() / 100, 0.1), signal.max(), 200)
        right.loglog(at, np.sqrt(points.dark.variance_dn2 + gain * at), "-", color=colour, linewidth=0.8)
        prnu, dsnu = plane.figure("prnu_percent").value / 100, plane.figure("dsnu_e").value * gain
        if prnu or dsnu:
            right.loglog(at, np.hypot(dsnu, prnu * at), "--", color=colour, linewidth=0.8)
    left.set(
        xlabel="signal over dark, DN", ylabel="temporal variance over dark, DN²", title="Photon transfer: triangle = saturation"
    )
    right.set(xlabel="signal over dark, DN", ylabel="standard deviation, DN", title="Temporal noise (dashed: DSNU and PRNU)")
    legend_above(left, columns=1)
    return figure


def snr_figure(found: Characterisation) -> "Figure":
    """Measured SNR over the light, the model without and with the fixed patterns, and an ideal sensor's."""
    figure, (ax,) = new_figure(1, 4.2)
    for own, plane in zip(found.recording.planes, found.planes, strict=True):
        points, colour = own.points, PLANE_COLOURS[plane.name]
        names = ("quantum_efficiency", "temporal_dark_noise_e", "system_gain_dn_per_e", "dsnu_e", "prnu_percent")
        model = [plane.figure(name).value for name in names]
        lit = (points.signal_dn > 0) & (points.variance_dn2 > 0) & (np.arange(points.photons.size) <= points.saturation)
        ratio = points.signal_dn[lit] / np.sqrt(points.variance_dn2[lit])
        least = plane.figure("absolute_sensitivity_threshold_photons").value
        at = np.geomspace(least / 2, points.photons[points.saturation], 200)
        ax.loglog(points.photons[lit], ratio, ".", color=colour, label=f"{plane.name}, measured")
        ax.loglog(at, snr_of_model(at, *model[:3]), "-", color=colour, linewidth=1)
        ax.loglog(at, snr_of_model(at, *model), "--", color=colour, linewidth=1)
        ax.axvline(least, color=colour, linestyle=":", linewidth=0.8)
    for style, label in (("-", "temporal noise"), ("--", "with DSNU and PRNU")):  # of every plane in its colour
        ax.plot([], [], style, color="#222222", linewidth=1, label=label)
    ax.loglog(at, np.sqrt(at), color=GREY, linewidth=1, label="ideal sensor, QE 1")
    ax.axhline(1, color=GREY, linestyle=":", linewidth=0.8)
    ax.set(xlabel="photons/pixel", ylabel="SNR", title="Signal-to-noise ratio (dotted: absolute sensitivity threshold)")
    legend_above(ax, columns=3)
    return figure

"""The report's figures of the stacks: profiles, spectra and histograms of dark signal and photo-response."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibration.characterisation import Characterisation
from calibration.figure_style import GREY, PLANE_COLOURS, legend_above, new_figure
from calibration.figures import PlaneFigures
from calibration.histograms import accumulated, histogram
from calibration.recording import PlaneRecording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Image = NDArray[np.float64]


def dark_image_e(own: PlaneRecording, plane: PlaneFigures) -> Image:
    """The dark stack's deviations from its mean, (h, w) in e-."""
    return (own.dark.mean_dn - own.dark.mean_dn.mean()) / plane.figure("system_gain_dn_per_e").value


def response_image_percent(own: PlaneRecording) -> Image:
    """The response's deviations from its mean, (h, w) in %."""
    signal = own.half.mean_dn - own.dark.mean_dn
    return 100 * (signal / signal.mean() - 1)


def profile_figure(found: Characterisation) -> "Figure":
    """Means of the columns and rows of the main plane: dark signal above, response below."""
    own, plane = found.recording.planes[found.main], found.planes[found.main]
    good = ~found.defects[found.main].every
    figure, axes = new_figure(2)
    colour = PLANE_COLOURS[plane.name]
    for ax, image, unit in ((axes[0], dark_image_e(own, plane), "e-"), (axes[1], response_image_percent(own), "%")):
        for axis, style, label in ((0, "-", "mean of a column"), (1, "-", "mean of a row")):
            kept = np.where(good, image, 0).sum(axis=axis) / np.maximum(good.sum(axis=axis), 1)
            ax.plot(kept, style, color=colour if axis == 0 else GREY, linewidth=0.7, label=label)
        ax.set(xlabel="column or row of the plane", ylabel=f"deviation, {unit}")
        legend_above(ax)
    axes[0].set_title(f"Dark signal profiles ({plane.name})")
    axes[1].set_title("Photo-response profiles")
    return figure


def spectrum(image: Image, axis: int) -> Image:
    """Power spectrum along an axis, the mean over all lines, in the square of the image's unit; 0 to half a cycle per pixel.

    White noise of variance v has a level of v at every frequency (EMVA 1288 R4 Linear, 8.6).
    """
    centred = image - image.mean()
    power = np.abs(np.fft.rfft(centred, axis=axis)) ** 2 / image.shape[axis]
    mean: Image = power.mean(axis=1 - axis)
    return mean


def spectrum_figure(found: Characterisation) -> "Figure":
    """Horizontal and vertical spectrograms of the main plane: roots of the power, with the white part of the temporal noise."""
    own, plane = found.recording.planes[found.main], found.planes[found.main]
    good = ~found.defects[found.main].every
    figure, axes = new_figure(2)
    colour = PLANE_COLOURS[plane.name]
    gain, signal = plane.figure("system_gain_dn_per_e").value, (own.half.mean_dn - own.dark.mean_dn).mean()
    left_dark = np.sqrt(own.dark.temporal.total / own.dark.frames) / gain
    left_lit = 100 * np.sqrt(own.half.temporal.total / own.half.frames) / signal
    rows = ((axes[0], dark_image_e(own, plane), "e-", left_dark), (axes[1], response_image_percent(own), "%", left_lit))
    for ax, image, unit, left in rows:
        clean = np.where(good, image, np.median(image))
        for axis, shade, label in ((1, colour, "horizontal"), (0, GREY, "vertical")):
            power = spectrum(clean, axis)[1:]
            ax.plot(np.linspace(0, 0.5, power.size + 1)[1:], np.sqrt(power), color=shade, linewidth=0.8, label=label)
        if left > 0:
            ax.axhline(left, color="#d35400", linestyle="--", linewidth=0.9, label="what is left of the temporal noise")
        ax.set(xlabel="cycles/pixel", ylabel=f"root of the power, {unit}", ylim=(0, None))
        legend_above(ax)
    axes[0].set_title(f"Spectrogram of DSNU ({plane.name})")
    axes[1].set_title("Spectrogram of PRNU")
    return figure


def histogram_figure(found: Characterisation) -> "Figure":
    """Logarithmic histograms of the deviations of all photosites of the main plane, and the normal distribution."""
    own, plane = found.recording.planes[found.main], found.planes[found.main]
    figure, axes = new_figure(2)
    colour = PLANE_COLOURS[plane.name]
    gain, signal = plane.figure("system_gain_dn_per_e").value, (own.half.mean_dn - own.dark.mean_dn).mean()
    dark_spread = np.hypot(plane.figure("dsnu_e").value, np.sqrt(own.dark.temporal.total / own.dark.frames) / gain)
    lit_noise = 100 * np.sqrt(own.half.temporal.total / own.half.frames) / signal
    lit_spread = np.hypot(plane.figure("prnu_percent").value, lit_noise)
    # Means of whole codes are multiples of 1/frames DN: narrower bins would make a comb of them.
    step_e, step_percent = 1 / own.dark.frames / gain, 100 / own.half.frames / signal
    rows = (
        (axes[0], dark_image_e(own, plane), "e-", dark_spread, step_e),
        (axes[1], response_image_percent(own), "%", lit_spread, step_percent),
    )
    for ax, image, unit, spread, step in rows:
        bins = histogram(image, float(spread), step)
        label = f"measured, {bins.beyond} beyond" if bins.beyond else "measured"
        ax.step(bins.centres, np.maximum(bins.counts, 0.5), where="mid", color=colour, linewidth=1, label=label)
        ax.plot(bins.centres, np.maximum(bins.normal, 0.5), "--", color="#d35400", linewidth=1, label="normal distribution")
        ax.set(xlabel=f"deviation from the mean, {unit}", ylabel="photosites in a bin", yscale="log")
        ax.set_ylim(0.5, 2 * float(max(bins.counts.max(), bins.normal.max())))
        legend_above(ax)
    axes[0].set_title(f"Histogram of DSNU ({plane.name})")
    axes[1].set_title("Histogram of PRNU")
    return figure


def accumulated_figure(found: Characterisation) -> "Figure":
    """Share of the photosites that deviate by more than so much, each plane on its own."""
    figure, axes = new_figure(2)
    for own, plane in zip(found.recording.planes, found.planes, strict=True):
        for ax, image in ((axes[0], dark_image_e(own, plane)), (axes[1], response_image_percent(own))):
            curve = accumulated(image)
            ax.loglog(np.maximum(curve.deviation, 1e-3), curve.percent, color=PLANE_COLOURS[plane.name], label=plane.name)
    axes[0].set(xlabel="deviation from the mean, e-", ylabel="photosites beyond it, %", title="Accumulated histogram of DSNU")
    axes[1].set(xlabel="deviation from the mean, %", ylabel="photosites beyond it, %", title="Accumulated histogram of PRNU")
    for ax in axes:
        legend_above(ax)
    return figure


def image_figure(found: Characterisation) -> "Figure":
    """The dark and the half-saturated mean image of the main plane, stretched to their 1 and 99 % quantiles.

    Their titles are short, as they stand over the image alone and not over its colour bar.
    """
    own, plane = found.recording.planes[found.main], found.planes[found.main]
    figure, axes = new_figure(2)
    figure.subplots_adjust(right=0.91, wspace=0.55)  # the colour bars' labels stand beyond the panels
    for ax, image, unit in ((axes[0], dark_image_e(own, plane), "e-"), (axes[1], response_image_percent(own), "%")):
        low, high = np.quantile(image, (0.01, 0.99))
        shown = ax.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), interpolation="nearest", aspect="equal")
        height, width = image.shape
        beside = ax.inset_axes((1.03, 0, 0.05 * max(1, height / width), 1))  # as high as the image, whatever its shape
        figure.colorbar(shown, cax=beside, label=f"deviation, {unit}")
        ax.grid(False)
        ax.set(xlabel="column", ylabel="row")
    axes[0].set_title(f"Dark signal ({plane.name})")
    axes[1].set_title("Photo-response")
    return figure

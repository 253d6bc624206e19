"""What a readout order does to noise that lines share: measured on a simulated camera in both of its readout modes."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adc import RASTER, SECURE, KeySchedule
from calibration.figure_style import legend_above, new_figure
from calibration.line_noise import LinePower, LinePowerSums
from calibration.report import Section, picture
from calibration.stack import StackSums
from firmware_model import Camera, converter_of
from inference.receiver import Receiver
from sensor_sim import Sensor, SensorProfile
from sensor_sim.readout_figures import ReadoutMode

STACK_FRAMES, FRAMES = 16, 16
MODES: tuple[ReadoutMode, ...] = ("column_parallel", "random_access")
POLICIES = {"raster order": RASTER, "keyed order": SECURE}

Measured = dict[tuple[str, str], LinePower]
"""By readout mode and order."""


def measure_line_noise(profile: SensorProfile, seed: int) -> Measured:
    """Spectra of the lines' means in the dark: each mode with the raster order and with a fresh secret one for each frame."""
    found: Measured = {}
    for mode, (name, policy) in itertools.product(MODES, POLICIES.items()):
        switched = replace(profile, lens=None, readout=replace(profile.readout, mode=mode))
        schedule = KeySchedule(np.random.default_rng(seed).bytes(32), policy=policy)
        sensor, converter = Sensor(switched, seed), converter_of(switched, seed)
        receiver, black = Receiver(schedule), np.zeros((profile.height, profile.width, 3), np.float32)
        stack, sums = StackSums((profile.height, profile.width)), None
        exposure_s = profile.default_exposure_s
        with Camera(sensor, converter, schedule, itertools.count(), exposure_s=exposure_s) as camera:
            for number in range(STACK_FRAMES + FRAMES):
                raw = camera.capture(black)
                key = receiver.accept(raw)
                codes: NDArray[np.uint16] = raw.restore(key)[..., 0]
                if number < STACK_FRAMES:
                    stack.add(codes)
                else:
                    sums = sums or LinePowerSums(stack.stack())
                    sums.add(codes, key.order)
                key.wipe()
        assert sums is not None
        found[mode, name] = sums.power()
    return found


def readout_order_section(found: Measured) -> Section:
    """The spectra as a section of the report."""
    figure, axes = new_figure(2)
    shades = {"column_parallel": "#222222", "random_access": "#d35400"}
    for (mode, order), power in found.items():
        for ax, values in ((axes[0], power.on_rows), (axes[1], power.in_time)):
            frequency = np.linspace(0, 0.5, values.size + 1)[1:]
            line, shade = "-" if order == "keyed order" else "--", shades[mode]
            width = 0.9 if order == "keyed order" else 1.6
            ax.plot(frequency, _smooth(values), line, color=shade, linewidth=width, label=f"{mode}, {order}")
    axes[0].set(xlabel="cycles/row of the raster", ylabel="power over white noise", title="Means of the rows")
    axes[1].set(xlabel="cycles/line of the emission", ylabel="power over white noise", title="Means of W emitted samples")
    for ax in axes:
        ax.axhline(1, color="#9aa5b1", linewidth=0.8)
        ax.set_ylim(bottom=0)
        legend_above(ax, columns=1)
    caption = "Lines that share noise stand above 1, by W times the shared part of the variance; equal curves cover one another."
    means = {each: (float(power.on_rows.mean()), float(power.in_time.mean())) for each, power in found.items()}
    rows = means["column_parallel", "keyed order"][0], means["random_access", "keyed order"][0]
    text = (
        "Row noise is added line by line as the converters work. Read out in parallel into a frame store, it stays on the "
        f"raster's rows whatever the order of emission: {rows[0]:.2f} times white noise there, with a keyed order too. Read out "
        "at random, it follows the order of emission, and a keyed order spreads it over the raster as white noise: "
        f"{rows[1]:.2f} times on the rows. It then shows in the order of emission alone, which only the key's holder can undo."
    )
    return Section("Readout order", (picture(figure, caption),), text)


def as_json(found: Measured) -> dict[str, Any]:
    """Mean power over white noise by mode and order."""
    return {
        f"{mode}, {order}": {"on_rows": float(power.on_rows.mean()), "in_time": float(power.in_time.mean())}
        for (mode, order), power in found.items()
    }


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    width = max(values.size // 40, 1)
    padded = np.pad(values, width, mode="reflect") if values.size > width else values
    mean: NDArray[np.float64] = np.convolve(padded, np.ones(2 * width + 1) / (2 * width + 1), mode="valid")
    return mean if values.size > width else values

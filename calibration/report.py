"""The report: figures in tables and the standard's plots, in one HTML file that needs nothing beside it."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calibration.characterisation import Characterisation
from calibration.converter_figures import effective_bits_figure, inl_figure
from calibration.dark_figures import dark_current_figure, doubling_figure
from calibration.figure_style import as_png
from calibration.spatial_figures import accumulated_figure, histogram_figure, image_figure, profile_figure, spectrum_figure
from calibration.transfer_figures import linearity_figure, snr_figure, transfer_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure of the report: its caption, and a PNG in base64."""

    caption: str
    png: str


@dataclass(frozen=True)
class Section:
    """A section of the report."""

    heading: str
    figures: tuple[Picture, ...]
    text: str = ""


def picture(figure: "Figure", caption: str) -> Picture:
    """A figure as the report holds it."""
    return Picture(caption, base64.b64encode(as_png(figure)).decode())


def write_report(found: Characterisation, title: str, more: Iterable[Section] = ()) -> str:
    """The report as HTML text; `more` sections come before the definitions."""
    import jinja2

    written = found.as_json()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("calibration", "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html.jinja").render(
        title=title,
        json=written,
        conditions=_conditions(written),
        planes=[_plane(name, plane) for name, plane in written["planes"].items()],
        sections=[*_sections(found), *more],
    )


def _conditions(written: dict[str, Any]) -> list[tuple[str, str]]:
    camera, conditions = written["camera"], written["conditions"]
    return [
        ("camera", f"{camera['device']}, {camera['width']} x {camera['height']}, {camera['bits']} bits, {camera['cfa']}"),
        ("analog gain, black level", f"{camera['analog_gain']:g}, {camera['black_level_dn']:g} DN"),
        ("exposure time", f"{conditions['exposure_s']:.6g} s"),
        ("temperature", f"{conditions['temperature_k']:.2f} K"),
        ("steps of light; frames in a stack", f"{conditions['steps']}; {conditions['stack_frames']}"),
        ("dark exposures", ", ".join(f"{time:.4g} s" for time in conditions["dark_exposures_s"])),
        ("dark temperatures", ", ".join(f"{kelvin:.2f} K" for kelvin in conditions["dark_temperatures_k"])),
    ]


def _plane(name: str, plane: dict[str, Any]) -> dict[str, Any]:
    rows = []
    for figure, entry in plane["measured"].items():
        known = entry["value"] is not None
        rows.append(
            {
                "name": figure,
                "value": f"{entry['value']:.5g}" if known else "not measured",
                "interval": " to ".join(f"{end:.5g}" for end in entry["interval"]) if known else "",
                "unit": entry["unit"],
                "note": entry.get("note", ""),
            }
        )
    defects = ", ".join(f"{count} {kind}" for kind, count in plane["defects"].items())
    return {"name": name, "rows": rows, "limited_by": plane["limited_by"], "defects": defects}


def _sections(found: Characterisation) -> list[Section]:
    own = found.recording.planes[found.main]
    images = f"Mean images of {own.plane.name} over {own.dark.frames} frames, without light and at half of saturation"
    sections = [
        Section(
            "Light",
            (
                picture(linearity_figure(found), "Signal over the light, and its deviation from the line that is fitted to it."),
                picture(transfer_figure(found), "Temporal noise over the signal: the slope of its variance is the system gain."),
                picture(snr_figure(found), "Signal-to-noise ratio over the light."),
            ),
        ),
        Section(
            "Non-uniformity",
            (
                picture(image_figure(found), f"{images}, stretched to their 1 and 99 % quantiles."),
                picture(profile_figure(found), "Means of columns and rows, without defects."),
                picture(spectrum_figure(found), "A level above the dashed line is a fixed pattern, a peak a periodic one."),
                picture(
                    histogram_figure(found),
                    "All photosites: those beside the normal distribution are defects or a tail; the legend counts those beyond.",
                ),
                picture(accumulated_figure(found), "How many photosites deviate by more than so much."),
            ),
        ),
    ]
    doubling = doubling_figure(found)
    dark = [picture(dark_current_figure(found), "Dark signal and its noise over the exposure time.")]
    dark += [] if doubling is None else [picture(doubling, "Dark current by its noise, with 95 % intervals.")]
    sections.append(Section("Dark current", tuple(dark)))
    if found.converters is not None:
        shown = found.converters.as_json()
        bits, hits = shown["effective_bits"], found.recording.plan.hits_per_code
        text = (
            f"{shown['columns_measured']} of {shown['columns']} columns. INL {shown['inl_lsb']['least']:.2f} to "
            f"{shown['inl_lsb']['most']:.2f} LSB (endpoint fit), DNL {shown['dnl_lsb']['least']:.2f} to "
            f"{shown['dnl_lsb']['most']:.2f} LSB, {shown['missing_codes']} missing codes, effective bits {bits['least']:.2f} to "
            f"{bits['most']:.2f}, median {bits['median']:.2f}."
        )
        caption = f"By code density, driven by a ramp and by a sine; a ramp of {hits} samples a code is known to 1/{hits} LSB."
        pictures = (
            picture(inl_figure(found.converters), caption),
            picture(effective_bits_figure(found.converters), "By a coherent sine fit; and each column's greatest deviations."),
        )
        sections.append(Section("Converters", pictures, text))
    return sections

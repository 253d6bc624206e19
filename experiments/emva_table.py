"""Each shipped profile on the bench: configured, measured and by PyPI's emva1288 on the same frames, in one table.

`python -m experiments.emva_table [--size HxW] [--seed N]`; docs/calibration.md holds what it printed.
"""

from dataclasses import dataclass, replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from calibration.capture_plan import CapturePlan
from calibration.defect_map import find_defects
from calibration.figures import plane_figures
from calibration.measured import Measured
from calibration.recording import record
from experiments.command import run
from experiments.emva_oracle import WatchedBench, oracle_figures
from experiments.emva_truth import true_figures
from keycam.commands.options import MOST_SEED
from keycam.frame_size import parsed_size
from keycam.simulated_bench import SimulatedBench
from sensor_sim import load_profile, profile_names

FIGURES = (
    "system_gain_dn_per_e", "quantum_efficiency", "temporal_dark_noise_e", "full_well_e", "saturation_capacity_e", "snr_max_db",
    "dynamic_range_db", "prnu_percent", "dsnu_e", "prnu_all_percent", "dsnu_all_e", "dark_current_e_per_s",
    "doubling_temperature_k", "linearity_error_percent",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One figure of one plane: configured, ours and the oracle's, None where there is none."""

    profile: str
    plane: str
    figure: str
    configured: float | None
    ours: Measured | str
    oracle: float | None

    @property
    def off_percent(self) -> float | None:
        """How far ours is from what was configured, %."""
        return _percent(self.ours, self.configured)

    @property
    def off_oracle_percent(self) -> float | None:
        """How far ours is from the oracle's, %."""
        return _percent(self.ours, self.oracle)


def compared(name: str, size: tuple[int, int], seed: int, plan: CapturePlan | None = None) -> list[Row]:
    """The rows of a shipped profile, at another size, by default with the quick plan."""
    profile = replace(load_profile(name), height=size[0], width=size[1])
    rows = []
    with SimulatedBench(profile, seed) as bench:
        watched = WatchedBench(bench)
        recording = record(watched, plan or CapturePlan.quick(profile.default_exposure_s))
    for own in recording.planes:
        bad = find_defects(own.dark, own.half).every
        ours = plane_figures(own, bad).measured
        true = true_figures(replace(profile, lens=None), seed, recording, own, bad)
        oracle = oracle_figures(watched, own.plane)
        rows += [Row(name, own.plane.name, figure, true.get(figure), ours[figure], oracle.get(figure)) for figure in FIGURES]
    return rows


def _percent(ours: Measured | str, other: float | None) -> float | None:
    return None if isinstance(ours, str) or not other else 100 * (ours.value / other - 1)


def _shown(value: float | None, digits: int = 5) -> str:
    return "" if value is None else f"{value:.{digits}g}"


def experiment(
    size: Annotated[str, typer.Option(help="Of the array, HxW.")] = "480x640",
    seed: Annotated[int, typer.Option(help="Which die.", min=0, max=MOST_SEED)] = 1,
    profile: Annotated[list[str] | None, typer.Option(help="Only these of the shipped profiles; repeat it for several.")] = None,
) -> None:
    """Each shipped profile on the bench: configured, measured, and what emva1288 finds in the same frames."""
    height, width = parsed_size(size)
    for name in profile or ():
        if name not in profile_names():
            raise ValueError(f"profile = {name!r}: allowed is {', '.join(profile_names())}")
    console = Console(width=150)
    for name in profile or profile_names():
        table = Table(title=f"{name}, {height}x{width}, die {seed}")
        for heading in ("plane", "figure", "configured", "measured", "95 % interval", "off, %", "emva1288", "off, %"):
            table.add_column(heading, justify="left" if heading in ("plane", "figure") else "right")
        for row in compared(name, (height, width), seed):
            ours = row.ours
            value, interval = (
                (ours, "") if isinstance(ours, str) else (_shown(ours.value), " to ".join(map(_shown, ours.interval)))
            )
            off, off_oracle = _shown(row.off_percent, 2), _shown(row.off_oracle_percent, 2)
            table.add_row(row.plane, row.figure, _shown(row.configured), value, interval, off, _shown(row.oracle), off_oracle)
        console.print(table)


if __name__ == "__main__":
    run(experiment)

"""Results as tables for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from keycam.demo import DemoResult


def print_json(result: dict[str, Any]) -> None:
    """Write `result` and nothing else to standard output."""
    print(json.dumps(result, indent=2))


def print_demo(result: "DemoResult") -> None:
    table = Table(title=f"{result.frames} frames, policy {result.plan.policy}")
    for heading in ("photograph", "shows", "plain network sees"):
        table.add_column(heading)
    for name, seen in result.by_photograph.items():
        table.add_row(name, result.notes[name], ", ".join(f"{label} {count}" for label, count in seen.most_common()))
    figures = result.as_json()
    _show(table)
    _show(
        _pairs(
            {
                "keyed class = plain class": f"{figures['agreement']:.1%}",
                "largest difference of a logit": f"{figures['max_abs_logit_difference']:.2e}",
                "wrong key's class = plain class": f"{figures['wrong_key_agreement']:.1%}",
                "frames a host with a wrong key refuses": f"{figures['frames_refused_by_wrong_key_host']} of {result.frames}",
                "frames a second, comparisons included": f"{figures['frames_per_second']:.1f}",
                "median time of each stage": ", ".join(f"{k} {v:.2f} ms" for k, v in figures["median_stage_ms"].items()),
                "picture": figures["picture"],
            }
        )
    )


def print_evaluation(result: dict[str, Any]) -> None:
    title = f"{result['model']}, {result['images']} CIFAR-10 test pictures through {result['through']}, policy {result['policy']}"
    table = Table(title=title)
    for heading in ("network", "accuracy", "pictures a second"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, accuracy in result["accuracy"].items():
        table.add_row(name.replace("_", " "), f"{accuracy:.2%}", f"{result['images_per_second'][name]:.0f}")
    _show(table)
    _show(
        _pairs(
            {
                "predictions that differ from plain": str(result["different_predictions"]),
                "largest difference of a logit": f"{result['max_abs_logit_difference']:.2e}",
            }
        )
    )


def print_inference(result: dict[str, Any]) -> None:
    table = Table(title=f"{result['image']}: {result['model']}, policy {result['policy']}, frame {result['counter']}")
    table.add_column("class")
    table.add_column("probability", justify="right")
    for answer in result["answers"]:
        table.add_row(answer["class"], f"{answer['probability']:.1%}")
    _show(table)


def print_training(result: dict[str, Any]) -> None:
    _show(_pairs({name.replace("_", " "): str(value) for name, value in result.items()}))


def print_readout_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    table = Table(title=f"readout, {rows[0]['bits']} bits")
    table.add_column("policy", no_wrap=True)
    for heading in ("size", "frames/s", "total, ms", "key, ms", "convert, ms", "ratio to raster"):
        table.add_column(heading, justify="right")
    for row in rows:
        times = ("" if row[name] is None else f"{row[name]:.2f}" for name in ("total_ms", "key_ms", "convert_ms"))
        size, frames = f"{row['width']}x{row['height']}", f"{row['frames_per_second']:.1f}"
        table.add_row(row["policy"], size, frames, *times, f"{row['ratio_to_raster']:.2f}")
    _show(table)


def print_about(result: dict[str, Any]) -> None:
    _show(_pairs({"keycam": result["keycam"], "python": result["python"], **result["packages"], **result.get("key", {})}))
    models = Table(title="networks")
    models.add_column("name")
    models.add_column("weights")
    for name, model in result["models"].items():
        models.add_row(name, "shipped" if model["shipped_weights"] else "train them with 'keycam train'")
    _show(models)
    policies = Table(title="policies")
    for heading in ("name", "order", "refresh", "mask", "what it does not protect"):
        policies.add_column(heading)
    for name, policy in result["policies"].items():
        policies.add_row(name, policy["order"], policy["refresh"], "yes" if policy["mask"] else "no", policy["caution"] or "")
    _show(policies)
    timing = Table(title="a 1080p 12-bit Bayer array, by readout order")
    for heading in ("order", "line time, us", "frame time, ms", "frame store, KiB", "first sample after, ms"):
        is_name = heading == "order"
        timing.add_column(heading, justify="left" if is_name else "right", no_wrap=is_name)
    for order, times in result["timing_1080p"].items():
        timing.add_row(
            order,
            f"{1e6 * times['line_time_s']:.2f}",
            f"{1e3 * times['frame_time_s']:.2f}",
            f"{times['frame_store_bytes'] / 1024:.1f}",
            f"{1e3 * times['first_sample_s']:.3f}",
        )
    _show(timing)


def _pairs(pairs: dict[str, str]) -> Table:
    table = Table(show_header=False)
    for name, value in pairs.items():
        table.add_row(name, value)
    return table


def _show(table: Table) -> None:
    Console().print(table)

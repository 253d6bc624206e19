"""Results as tables for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keycam.printable import printable
from keycam.table import Cell, Table, show

if TYPE_CHECKING:
    from keycam.demo import DemoResult


MOST_IN_A_CELL = 40
"""Characters from which a field of a benchmark is a sentence."""


def print_json(result: dict[str, Any]) -> None:
    """Write `result` and nothing else to standard output."""
    print(json.dumps(result, indent=2))


def print_demo(result: "DemoResult") -> None:
    table = Table(title=f"{result.frames} frames, policy {result.policy}")
    for heading in ("photograph", "shows", "plain network sees"):
        table.add_column(heading)
    for name, seen in result.by_photograph.items():
        table.add_row(name, result.notes[name], ", ".join(f"{label} {count}" for label, count in seen.most_common()))
    figures = result.as_json()
    show(table)
    show(
        _pairs(
            {
                "keyed class = plain class": f"{figures['agreement']:.1%}",
                "largest difference of a logit": f"{figures['max_abs_logit_difference']:.2e}",
                "wrong key's class = plain class": f"{figures['wrong_key_agreement']:.1%}",
                "frames a host with a wrong key refuses": f"{figures['frames_refused_by_wrong_key_host']} of {result.frames}",
                "frames a second, comparisons included": f"{figures['frames_per_second']:.1f}",
                "median time of each stage": ", ".join(f"{k} {v:.2f} ms" for k, v in figures["median_stage_ms"].items()),
                **({"frames refused": _counted(result.refused)} if result.refused else {}),
                **({} if result.link is None else {"link": _link(result.link)}),
                "picture": figures["picture"],
                **({"recording": figures["recording"]} if "recording" in figures else {}),
            }
        )
    )


def _link(link: dict[str, Any]) -> str:
    outcomes, faults = link["outcomes"], link["faults"]
    return f"{link['name']}: {outcomes['frames_complete']} frames, {outcomes['bytes']} bytes, {_counted(faults) or 'no faults'}"


def _counted(causes: Mapping[str, int]) -> str:
    return ", ".join(f"{cause} {times}" for cause, times in causes.items())


def print_evaluation(result: dict[str, Any]) -> None:
    """What `keycam eval` found, of classes or of masks."""
    if result["dataset"] != "cifar10":
        _print_masks(result)
        return
    title = f"{result['model']}, {result['images']} CIFAR-10 test pictures through {result['through']}, policy {result['policy']}"
    table = Table(title=title)
    for heading in ("network", "accuracy", "pictures a second"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, accuracy in result["accuracy"].items():
        table.add_row(name.replace("_", " "), f"{accuracy:.2%}", f"{result['images_per_second'][name]:.0f}")
    show(table)
    show(
        _pairs(
            {
                "predictions that differ from plain": str(result["different_predictions"]),
                "largest difference of a logit": f"{result['max_abs_logit_difference']:.2e}",
                **({"PSNR to the scene": f"{result['psnr_to_scene_db']:.2f} dB"} if "psnr_to_scene_db" in result else {}),
                **({"accuracy against exposure": result["figure"]} if "figure" in result else {}),
            }
        )
    )


def _print_masks(result: dict[str, Any]) -> None:
    pictures = f"{result['images']} test pictures of {result['dataset']}"
    title = f"{result['model']}, {pictures} through {result['through']}, policy {result['policy']}"
    table = Table(title=title)
    for heading in ("network", "mean IoU", "pixel accuracy", "pictures a second"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for name, mean_iou in result["mean_iou"].items():
        accuracy, speed = result["pixel_accuracy"][name], result["images_per_second"][name]
        table.add_row(name.replace("_", " "), f"{mean_iou:.2%}", f"{accuracy:.2%}", f"{speed:.1f}")
    show(table)
    by_class = Table(title="IoU of the plain network")
    by_class.add_column("class")
    by_class.add_column("IoU", justify="right")
    for name, iou in result["class_iou"]["plain"].items():
        by_class.add_row(name, "not there" if iou is None else f"{iou:.2%}")
    show(by_class)
    show(
        _pairs(
            {
                "pixels of the keyed masks that differ from plain": f"{result['different_pixels']} of {result['pixels']:,}",
                "largest difference of a score": f"{result['max_abs_logit_difference']:.2e}",
            }
        )
    )


def print_audit(result: dict[str, Any], report: Path | None = None) -> None:
    """An audit's figures beside what chance gives, the verdict, and where the report lies."""
    from keycam.audit.figure_rows import figure_rows
    from keycam.audit.verdict import verdict

    policy, several = result["policy"], result["keys"] > 1
    masked = "a mask" if policy["mask"] else "no mask"
    table = Table(title=f"{result['source']}: {policy['order']} order, refresh {policy['refresh']}, {masked}")
    headings = ("attack", "figure", "found", *(("95 % interval",) if several else ()), "by chance", "limit of chance")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("attack", "figure") else "right", max_width=MOST_IN_A_CELL)
    for section in figure_rows(result):
        attack = section.name
        for row in section.rows:
            table.add_row(attack, row.label, row.value, *((row.interval,) if several else ()), row.chance, row.limit)
            attack = ""
    show(table)
    found = verdict(result)
    print(f"{found.level}: {found.sentence}")
    if report is not None:
        print(printable(f"report: {report}"))


def print_scheme_audit(result: dict[str, Any]) -> None:
    """The audit of schemes: a line for each attack's figures, scheme by scheme, beside what chance gives."""
    from keycam.audit.explained import figure_label, figure_text

    table = Table(title=f"{result['source']}: {result['frames']} frames of {result['size_px'][1]}x{result['size_px'][0]}")
    for heading in ("scheme", "attack", "frames", "figure", "found", "by chance", "limit of chance"):
        table.add_column(heading, justify="left" if heading in ("scheme", "attack", "figure") else "right")
    for scheme, sections in result["schemes"].items():
        table.add_section()
        first = scheme
        for name, section in sections.items():
            attack, frames = name.replace("_", " "), str(section["frames"])
            figures = [figure for figure, value in section.items() if isinstance(value, float)]
            for figure in figures:
                levels = (section[levels].get(figure) for levels in ("chance", "chance_limit"))
                texts = ("" if level is None else figure_text(figure, level) for level in levels)
                table.add_row(first, attack, frames, figure_label(figure), figure_text(figure, section[figure]), *texts)
                first = attack = frames = ""
            if "frames_to_break" in section:
                needed = section["frames_to_break"] or f"more than {section['frames_tried'][-1]}"
                table.add_row("", "", "", "frames to 99 % of the key", str(needed))
    show(table)
    for name in next(iter(result["schemes"].values())):
        says = {scheme: sections[name]["says"] for scheme, sections in result["schemes"].items() if "says" in sections[name]}
        for sentence in dict.fromkeys(says.values()):
            schemes = ", ".join(scheme for scheme, said in says.items() if said == sentence)
            print(printable(f"{name.replace('_', ' ')}, {schemes}: {sentence}"))


def print_inference(result: dict[str, Any]) -> None:
    table = Table(title=f"{result['image']}: {result['model']}, policy {result['policy']}, frame {result['counter']}")
    table.add_column("class")
    table.add_column("probability", justify="right")
    for answer in result["answers"]:
        table.add_row(answer["class"], f"{answer['probability']:.1%}")
    show(table)


def print_batch(result: dict[str, Any]) -> None:
    """What a batch or a replay saw in each footage, and where its files lie."""
    table = Table(title=f"{result['model']}, policy {result['policy']}, key {result['key']}")
    for heading in ("footage", "frames", "seconds", "mostly", "share"):
        table.add_column(heading, justify="right" if heading in ("frames", "seconds", "share") else "left")
    for name, seen in result["footage"].items():
        mostly, share = next(iter(seen["mean_shares"].items()))
        table.add_row(name, str(seen["frames"]), f"{seen['duration_s']:.2f}", mostly, f"{share:.1%}")
    show(table)
    pairs = {"frames done now": str(result["frames_done"]), "frames a second": f"{result['frames_per_second']:.1f}"}
    pairs |= {name.replace("_", " "): result[name] for name in ("summary", "contact_sheet") if name in result}
    if result.get("done_before"):
        pairs["done before"] = ", ".join(result["done_before"])
    if result.get("incomplete"):
        pairs["incomplete"] = ", ".join(result["incomplete"])
    show(_pairs({**pairs, "set aside": ", ".join(result["set_aside"]) or "nothing"}))


def print_training(result: dict[str, Any]) -> None:
    show(_pairs({name.replace("_", " "): str(value) for name, value in result.items()}))


def print_conversion(result: dict[str, Any]) -> None:
    """A converted network: what its file takes and gives, and how its answers compare with the plain network's."""

    def shapes(tensors: dict[str, list[int | None]]) -> str:
        named = {name: ", ".join("any" if side is None else str(side) for side in shape) for name, shape in tensors.items()}
        return "; ".join(f"{name} ({shape})" for name, shape in named.items())

    show(
        _pairs(
            {
                "network": f"{result['model']}, {result['parameters']:,} parameters",
                "inputs": shapes(result["inputs"]),
                "outputs": shapes(result["outputs"]),
                "operators rewritten for secret orders": str(result["operators_rewritten"]),
                "operators kept as they are": str(result["operators_kept"]),
                "batch norms folded away": str(result["batch_norms_folded"]),
                "largest difference from the plain answers": f"{result['max_relative_difference']:.1e}",
                "classes that differ": f"{result['classes_that_differ']:.2%}",
                "largest difference with a wrong key": f"{result['wrong_key_difference']:.2f}",
                "file": f"{result['file']}, {result['bytes']:,} bytes",
            }
        )
    )


def print_rows(what: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows of a benchmark, a column for each of their fields; height and width share one. Sentences have a table below."""
    table = Table(title=what)
    names = [name for name in rows[0] if name not in ("height", "width")]
    sized = "width" in rows[0]
    sentences = [name for name in names if any(len(str(row[name])) > MOST_IN_A_CELL for row in rows)]
    names = [name for name in names if name not in sentences]
    for name in [names[0], *(["size"] if sized else []), *names[1:]]:
        heading = name.replace("_per_second", "/s").replace("_ms", ", ms").replace("_", " ")
        is_text = isinstance(rows[0].get(name), str)
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=is_text)
    for row in rows:
        cells = [_cell(row[name]) for name in names]
        table.add_row(cells[0], *([f"{row['width']}x{row['height']}"] if sized else []), *cells[1:])
    show(table)
    if sentences:
        said = Table(*(name.replace("_", " ") for name in (names[0], *sentences)))
        for spoken in dict.fromkeys(tuple(row[name] for name in (names[0], *sentences)) for row in rows):
            said.add_row(*spoken)
        show(said)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    return "" if value is None else str(value)


def print_calibration(result: dict[str, Any]) -> None:
    """A calibration: the figures of each colour plane with their 95 % intervals and notes, the converters, the files."""
    planes = result["planes"]
    for name, plane in planes.items():
        table = Table(title=f"{result['camera']['device']}, {name}")
        for heading in ("figure", "value", "95 % interval", "unit"):
            table.add_column(heading, justify="left" if heading in ("figure", "unit") else "right")
        for figure, entry in plane["measured"].items():
            known = entry["value"] is not None
            interval = " to ".join(f"{end:.5g}" for end in entry["interval"]) if known else ""
            table.add_row(figure, f"{entry['value']:.5g}" if known else "not measured", interval, entry["unit"])
        show(table)
        for figure, entry in plane["measured"].items():
            if entry.get("note"):
                print(printable(f"{figure}: {entry['note']}"))
    pairs = {f"{name}: {kind} defects": str(count) for name, plane in planes.items() for kind, count in plane["defects"].items()}
    converters = result["converters"]
    if converters is not None:
        bits, inl = converters["effective_bits"], converters["inl_lsb"]
        pairs["effective bits of the converters, median"] = f"{bits['median']:.2f}"
        pairs["INL of all columns, LSB"] = f"{inl['least']:.2f} to {inl['most']:.2f}"
        pairs["missing codes"] = str(converters["missing_codes"])
    show(_pairs({**pairs, "files": result["files"]}))


def print_comparison(result: dict[str, Any]) -> None:
    """Two calibrations side by side."""
    table = Table(title=f"A: {result['a']}, B: {result['b']}")
    for heading in ("plane", "figure", "unit", "A", "B", "difference, %", "agree"):
        table.add_column(heading, justify="left" if heading in ("plane", "figure", "unit") else "right")
    for row in result["rows"]:
        numbers = ("" if row[name] is None else f"{row[name]:.5g}" for name in ("a", "b"))
        difference = "" if row["difference_percent"] is None else f"{row['difference_percent']:+.2f}"
        table.add_row(row["plane"], row["figure"], row["unit"], *numbers, difference, row["note"] or _cell(row["agree"]))
    show(table)
    if result["conditions"]:
        sides = (f"{name} {_figure(said['a'])} and {_figure(said['b'])}" for name, said in result["conditions"].items())
        print(printable(f"A and B were not measured alike: {', '.join(sides)}"))
    counts = {
        "figures that differ by more than their intervals allow": str(result["differ"]),
        "figures that were not compared": str(result["not_compared"]),
    }
    show(_pairs(counts))


def print_profile(sheet: dict[str, Any]) -> None:
    """A sensor's sheet: its figures, group by group."""
    table = Table(title=sheet["name"])
    table.add_column("figure")
    table.add_column("value")
    groups = {name: value for name, value in sheet.items() if isinstance(value, dict)}
    for name, value in sheet.items():
        if name not in groups and name != "name":
            table.add_row(name, _figure(value))
    for group, figures in groups.items():
        table.add_section()
        for name, value in figures.items():
            table.add_row(f"{group}: {name}", _figure(value))
    show(table)


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return ", ".join(map(_figure, value)) if isinstance(value, (tuple, list)) else str(value)


def print_about(result: dict[str, Any]) -> None:
    show(_pairs({"keycam": result["keycam"], "python": result["python"], **result["packages"], **result.get("key", {})}))
    models = Table(title="networks")
    models.add_column("name")
    models.add_column("weights")
    for name, model in result["models"].items():
        models.add_row(name, "shipped" if model["shipped_weights"] else "train them with 'keycam train'")
    show(models)
    show(_pairs({"sensor profiles": ", ".join(result["profiles"])}))
    policies = Table(title="policies")
    for heading in ("name", "order", "refresh", "mask", "what it does not protect"):
        policies.add_column(heading)
    for name, policy in result["policies"].items():
        policies.add_row(name, policy["order"], policy["refresh"], "yes" if policy["mask"] else "no", policy["caution"] or "")
    show(policies)
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
    show(timing)


def print_key(result: dict[str, Any]) -> None:
    holds = "the master of a device" if result["purpose"] == "device" else "one client's secret for one epoch"
    shown = {"fingerprint": result["fingerprint"], "form": result["form"], "holds": holds, "device": result["device"]}
    show(_pairs({"file": result["file"], **shown, "created": result["created"] or "not noted"}))
    table = Table()
    for heading in ("client", "epoch", "state"):
        table.add_column(heading)
    for name, client in result["clients"].items():
        table.add_row(name, str(client["epoch"]), "revoked" if client["revoked"] else "active")
    show(table)


def print_recording(result: dict[str, Any]) -> None:
    """What a command says of a recording, and each kind of trouble with what it means."""
    from inference.recording import MEANINGS

    shown = {name.replace("_", " "): _figure(value) for name, value in result.items() if not isinstance(value, dict | None)}
    if "policy" in result:
        policy = result["policy"]
        shown["policy"] = f"{policy['order']} order, refresh {policy['refresh']}, {'a mask' if policy['mask'] else 'no mask'}"
    for name in ("began", "ended"):
        if f"{name} s" in shown:
            shown[f"{name}, UTC"] = datetime.fromtimestamp(result[f"{name}_s"], UTC).isoformat(" ", "milliseconds")[:-6]
            del shown[f"{name} s"]
    shown |= {f"refused: {cause}": str(count) for cause, count in result.get("refused", {}).items()}
    shown |= {f"{cause}: {count}": MEANINGS[cause] for cause, count in result.get("trouble", {}).items()}
    show(_pairs(shown))


def _pairs(pairs: Mapping[str, Cell]) -> Table:
    table = Table(show_header=False)
    for name, value in pairs.items():
        table.add_row(name, value)
    return table

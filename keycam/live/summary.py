"""What a live run came to, as a table."""

from typing import Any

from keycam.table import Table, show


def print_live(result: dict[str, Any]) -> None:
    """The summary of `run_live` for people."""
    source, latency = result["source_state"], result["latency_ms"]
    refused = {f"refused: {cause}": count for cause, count in result["refused"].items()}
    rows = {
        "source": f"{result['source']}, {result['camera']}",
        "network": f"{result['model']}, {result['shuffle']}, policy {result['policy']}",
        "frames answered for": f"{result['frames']:,}",
        "frames a second": f"{result['mean_frames_per_second'] or 0:.1f}",
        "glass to result": "no frame" if latency is None else _listed({share: f"{ms:.1f} ms" for share, ms in latency.items()}),
        "median time of each stage": _listed({stage: f"{ms:.2f} ms" for stage, ms in result["stage_ms"].items()}),
        "frames that gave way or were refused": _listed(result["dropped"] | refused) or "none",
        "times that the source was lost": str(source["losses"]),
    }
    if source["link"] is not None:
        rows["link"] = _listed(source["link"]["faults"]) or "no faults"
    if result["recorded"] is not None:
        rows["frames recorded"] = f"{result['recorded']:,}"
    table = Table(show_header=False)
    for name, value in rows.items():
        table.add_row(name, value)
    show(table)


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())

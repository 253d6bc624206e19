"""What a batch found, in one file: of each footage what was seen in it, and of all how it went."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keycam.batch.rows import named_shares
from keycam.batch.seeing import ANNOTATED, MASKS, RECORDING, ROWS

SUMMARY = "summary.json"


def rows_in(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of a footage, one by one: a day of video has millions."""
    with (folder / ROWS).open() as file:
        for line in file:
            yield json.loads(line)


def summarised(folder: Path, ledger: dict[str, Any]) -> dict[str, Any]:
    """The summary of one footage from its rows and its ledger."""
    classes: Counter[str] = Counter()
    shares: Counter[str] = Counter()
    spent_ms: Counter[str] = Counter()
    frames, last_s = 0, 0.0
    for row in rows_in(folder):
        frames, last_s = frames + 1, row["time_s"]
        classes[row["class"]] += 1
        shares.update(named_shares(row))
        spent_ms.update(row["timings_ms"])
    files = {
        "rows": ROWS,
        **{name: file for name, file in (("video", ANNOTATED), ("masks", MASKS)) if (folder / file).exists()},
        **({"recordings": RECORDING} if (folder / RECORDING).exists() else {}),
    }
    return {
        "source": ledger["source"],
        "frames": frames,
        "height": ledger["height"],
        "width": ledger["width"],
        "duration_s": round(last_s, 3),
        "classes": dict(classes.most_common()),
        "mean_shares": {name: round(share / frames, 6) for name, share in shares.most_common()},
        "mean_stage_ms": {name: round(spent / frames, 3) for name, spent in spent_ms.items()},
        "files": {name: str(Path(folder.name) / file) for name, file in files.items()},
    }

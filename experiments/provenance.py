"""Where a result came from: commit, machine, versions and data."""

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from inference.datasets import LabelledImages, SegmentedImages

PACKAGES = ("keycam", "torch", "torchvision", "numpy", "numba")
_REPOSITORY = Path(__file__).parents[1]
_WRITTEN = (":(exclude)experiments/results", ":(exclude)docs")
_HASH, _SHOWN = 40, 12
"""Characters of a commit's digest, and how many of them are shown."""


def commit() -> str:
    """The commit of this clone, "unknown" where it is no clone.

    Where tracked files differ from it, "-modified-" and a digest of the differences stand behind it. What experiments write
    themselves, records and pages, is no difference.
    """
    try:
        head, difference = _git("rev-parse", "HEAD"), _git("diff", "HEAD", "--", ".", *_WRITTEN)
        return f"{head}-modified-{hashlib.sha256(difference.encode()).hexdigest()[:8]}" if difference else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def shortened(commit: str) -> str:
    """A commit as pages show it: what stands behind its digest stays."""
    return commit[:_SHOWN] + commit[_HASH:]


def hardware() -> str:
    """Processor, threads and GPU in words."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return f"{_processor()}, {torch.get_num_threads()} threads{gpu}"


def versions() -> dict[str, str]:
    """Of Python and of what computes."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def data_card(name: str, pictures: LabelledImages | SegmentedImages) -> dict[str, Any]:
    """Which pictures were answered for."""
    return {"name": name, "pictures": len(pictures), "sha256": pictures.sha256}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=_REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.strip()

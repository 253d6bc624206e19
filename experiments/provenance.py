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


def commit() -> str:
    """The commit of this clone, "-modified" behind it where tracked files differ from it, "unknown" where it is no clone."""
    try:
        head = _git("rev-parse", "HEAD")
        return f"{head}-modified" if _git("status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def hardware() -> str:
    """Processor, threads and GPU in words."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return f"{_processor()}, {torch.get_num_threads()} threads{gpu}"


def versions() -> dict[str, str]:
    """Of Python and of what computes."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def data_card(name: str, pictures: LabelledImages | SegmentedImages) -> dict[str, Any]:
    """Which pictures were answered for: the digest is that of the pixels and labels, however the files pack them."""
    digest = hashlib.sha256(pictures.images.tobytes() + pictures.labels.tobytes()).hexdigest()
    return {"name": name, "pictures": len(pictures), "sha256": digest}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=_REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.strip()

"""`keycam audit`: what an eavesdropper learns from the frames that a camera emits under a readout policy."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from adc import ReadoutPolicy
from inference.datasets import LabelledImages, load_cifar10
from inference.models import load
from keycam.audit_cases import Arrays, Case, cases
from keycam.audit_footage import Footage, load_footage
from keycam.policy import named_policy
from keycam.progress import progress
from privacy.scoring.partial_key import score_partial_keys

EXAMPLES = 20_000
"""Training pictures from which the histogram classifier learns."""
PARTIAL_KEY_PICTURES = 1000
LEAST_FRAMES = 3


@dataclass(frozen=True)
class AuditPlan:
    """What `keycam audit` is asked to do.

    Attributes
    ----------
    source, data
        "cifar10" with its folder, "photographs", or an image, a folder, a video file, a camera.
    frames
        How many frames the eavesdropper has.
    policy
        A policy by name; `order`, `refresh` and `mask` change a part of it.
    size
        (H, W) of the audited frames; None for the source's own or 36x48.
    keys
        How many independent keys the ciphertext-only attack is tried on.
    """

    source: str = "photographs"
    data: Path | None = None
    frames: int = 100
    policy: str = "secure"
    order: str | None = None
    refresh: str | None = None
    mask: bool | None = None
    size: tuple[int, int] | None = None
    keys: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.frames < LEAST_FRAMES:
            raise ValueError(f"frames = {self.frames}: allowed is {LEAST_FRAMES} or more")
        if self.keys < 1:
            raise ValueError(f"keys = {self.keys}: allowed is 1 or more")
        self.readout_policy()

    def readout_policy(self) -> ReadoutPolicy:
        """The policy that is audited. Raises `ValueError` for one that does not exist."""
        named = named_policy(self.policy)
        return ReadoutPolicy(
            order=self.order or named.order,  # type: ignore[arg-type]
            refresh=self.refresh or named.refresh,  # type: ignore[arg-type]
            mask=named.mask if self.mask is None else self.mask,
        )


def run_audit(plan: AuditPlan) -> dict[str, Any]:
    """Emit the source's scenes under the policy, let the attacker's own process at them, and score what it found.

    The attacker is handed files of emitted frames and never a key. Every section of the result holds the number of
    `frames`, its figures, their `chance` level and the `seed`.
    """
    policy = plan.readout_policy()
    footage = load_footage(plan.source, plan.data, plan.frames, plan.size, plan.seed)
    training = _training(plan.data) if footage.labels is not None and plan.data is not None else None
    network = load("resnet20") if footage.labels is not None else None
    tried = list(cases(footage, training, policy, plan.keys, network, plan.seed))
    with tempfile.TemporaryDirectory(prefix="keycam-audit-") as folder:
        found = _attacked(tried, Path(folder), plan.seed)
        scored = [(case.section, case.score(guess)) for case, guess in zip(tried, found, strict=True)]
    result: dict[str, Any] = {
        "source": plan.source,
        "policy": {"order": policy.order, "refresh": policy.refresh, "mask": policy.mask},
        "ciphertext_only": _over_keys([figures for section, figures in scored if section == "ciphertext_only"]),
    }
    for section, figures in scored:
        if section != "ciphertext_only":
            result.setdefault(section, {}).update(figures)
    result["partial_key"] = _partial_key(footage, network, plan.seed)
    return result


def _training(data: Path) -> LabelledImages:
    return load_cifar10("train", data).first(EXAMPLES)


def _attacked(tried: list[Case], folder: Path, seed: int) -> Iterator[Arrays]:
    """What the attacker finds in each case, in their order."""
    given, found = folder / "seen", folder / "found"
    given.mkdir()
    found.mkdir()
    for number, case in enumerate(tried):
        task = json.dumps({"attack": case.attack, "seed": seed})
        np.savez(given / f"{number:03}.npz", **case.given, task=task)  # type: ignore[arg-type]
    command = [sys.executable, "-m", "privacy.attacker", str(given), str(found)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attacker:
        assert attacker.stdout is not None
        for _ in progress(attacker.stdout, "attacking", len(tried)):
            pass
    if attacker.returncode:
        raise RuntimeError(f"the attacker's process ended with exit code {attacker.returncode}")
    for number in range(len(tried)):
        with np.load(found / f"{number:03}.npz") as guess:
            yield {name: guess[name] for name in guess.files}


def _over_keys(scores: list[dict[str, Any]]) -> dict[str, Any]:
    """The medians over all keys; for several also each key's figures and a 95 % interval of the neighbours' mean."""
    if len(scores) == 1:
        return scores[0]
    numbers = [name for name, figure in scores[0].items() if isinstance(figure, float)]
    neighbours = np.array([score["neighbours_recovered"] for score in scores])
    half = 1.96 * float(neighbours.std(ddof=1)) / len(scores) ** 0.5
    mean = float(neighbours.mean())
    return {
        **scores[0],
        **{name: float(np.median([score[name] for score in scores])) for name in numbers},
        "keys": len(scores),
        "neighbours_interval": [mean - half, mean + half],
        "of_each_key": [{name: score[name] for name in numbers} for score in scores],
    }


def _partial_key(footage: Footage, network: nn.Module | None, seed: int) -> dict[str, Any]:
    """Accuracy with partly right keys, for footage that has classes; a fixed order stands for any."""
    if footage.many_labels is None or network is None:
        return {"frames": 0, "says": "needs classes; audit --source cifar10", "chance": None, "seed": seed}
    scenes, labels = footage.many[:PARTIAL_KEY_PICTURES], footage.many_labels[:PARTIAL_KEY_PICTURES]
    order = np.random.default_rng(seed).permutation(scenes.shape[1] * scenes.shape[2])
    score = score_partial_keys(network, scenes, labels, order, seed=seed)
    accuracies = {f"{share:g}": accuracy for share, accuracy in zip(score.shares, score.accuracies, strict=True)}
    return {"frames": score.frames, "accuracy_by_share": accuracies, "chance": score.chance, "seed": seed}

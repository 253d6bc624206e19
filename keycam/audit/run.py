"""The audit: emit the scenes under the policy, let the attacker's process at the frames, and score what it found."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import keycam
from adc import KeySchedule
from inference.models import load
from keycam.audit.attacking import Attacker
from keycam.audit.attacks import attacks_on
from keycam.audit.case import Row, Scored
from keycam.audit.emission import emission_of
from keycam.audit.footage import load_footage
from keycam.audit.histogram import PART, SampleHistogram, flatness, sample_histogram
from keycam.audit.over_keys import summary
from keycam.audit.partial_key import partial_key_part, partly_right_keys, steps
from keycam.audit.plan import AuditPlan
from keycam.audit.sweep import frames_to_break
from keycam.progress import progress

Parts = dict[tuple[str, ...], list[Scored]]
"""For each part of the result, what was scored on each key."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What an audit found.

    Attributes
    ----------
    plan
        What was asked.
    result
        All figures, as `--json` prints them.
    rows
        Frames for the contact sheet.
    samples
        Those of a scene before and on the link.
    """

    plan: AuditPlan
    result: dict[str, Any]
    rows: tuple[Row, ...]
    samples: SampleHistogram


def run_audit(plan: AuditPlan) -> Audit:
    """Try every attack on every key.

    The attacker is handed files of emitted frames and never a key. Every section of the result holds the number of
    `frames`, its figures (medians over the keys), their `chance` levels, the `chance_limit` that guessing hardly ever exceeds,
    the `seed`, and for several keys means with confidence intervals `over_keys`.

    Raises what `load_footage` raises.
    """
    policy = plan.readout_policy()
    footage = load_footage(plan)
    network = load("resnet20") if footage.labels is not None else None
    random = np.random.default_rng(plan.seed)
    swept = plan.swept(len(footage.scenes))
    tried = [attacks_on(footage, policy, swept, network, random, plan.seed) for _ in range(plan.keys)]
    scored: list[list[tuple[tuple[str, ...], Scored]]] = [[] for _ in tried]
    with _one_core_each(), Attacker(plan.seed) as attacker:
        listed = [(key, attack) for key, attacks in enumerate(tried) for attack in attacks]
        for key, attack in progress(listed, "attacking", len(listed)):
            case = attack()
            scored[key].append((case.part, case.score(attacker.tries(case.attack, case.given))))
        shares = progress(partly_right_keys(footage, network, plan.keys, plan.seed), "partly right keys", steps(plan.keys))
        partly_right = list(shares)
    schedules = [KeySchedule(random.bytes(32), device="audited", policy=policy) for _ in tried]
    samples = [sample_histogram(emission_of(footage.still[None], schedule)) for schedule in schedules]
    for of_key, histogram in zip(scored, samples, strict=True):
        of_key.append((PART, flatness(histogram)))
    parts = _by_part(scored)
    result = {
        "keycam": keycam.__version__,
        "source": plan.source,
        "size_px": list(footage.scenes.shape[1:3]),
        "policy": {"order": policy.order, "refresh": policy.refresh, "mask": policy.mask},
        "keys": plan.keys,
        "seed": plan.seed,
        **_sections(parts, plan.seed),
        "partial_key": partial_key_part(partly_right, footage, plan.seed),
    }
    rows = tuple(row for part, scores in parts.items() if part[0] != "sweep" for row in scores[0].rows)
    return Audit(plan, result, rows, samples[0])


@contextmanager
def _one_core_each() -> Iterator[None]:
    """Let networks run on one core each while several of them run: threads that share one network's work wait actively."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _by_part(scored: Sequence[Sequence[tuple[tuple[str, ...], Scored]]]) -> Parts:
    """What was scored on each key, the cases of one part put together."""
    parts: Parts = {}
    for key, of_key in enumerate(scored):
        for part, score in of_key:
            keys = parts.setdefault(part, [])
            if len(keys) > key:
                keys[key] = keys[key].joined(score)
            else:
                keys.append(score)
    return parts


def _sections(parts: Parts, seed: int) -> dict[str, Any]:
    """The result's sections; the sweep belongs to the attack that it repeats."""
    found: dict[str, Any] = {}
    sweep = []
    for part, scores in parts.items():
        section = summary(scores, seed)
        if part[0] == "sweep":
            sweep.append(section)
        elif len(part) == 1:
            found[part[0]] = section
        else:
            found.setdefault(part[0], {})[part[1]] = section
    if sweep:
        alone = found["ciphertext_only"]
        sweep.append(dict(alone))
        alone.update(sweep=sweep, frames_to_break=frames_to_break(sweep))
    return found

"""The audit: emit the scenes under the policy, let the attacker's process at the frames, and score what it found."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

import keycam
from adc import ReadoutPolicy
from keycam.audit.attacking import Attacker
from keycam.audit.case import Row, Scored
from keycam.audit.emitted import subject_of_source
from keycam.audit.histogram import PART, SampleHistogram, flatness, sample_histogram
from keycam.audit.over_keys import summary
from keycam.audit.partial_key import partial_key_part, partly_right_keys, steps
from keycam.audit.plan import AuditPlan
from keycam.audit.recorded import is_recording, subject_of_recording
from keycam.audit.sweep import frames_to_break
from keycam.progress import progress

Parts = dict[tuple[str, ...], list[Scored]]
"""For each part of the result, what was scored on each key."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What an audit found.

    Attributes
    ----------
    plan, policy
        What was asked, and under which policy the frames were emitted.
    result
        All figures, as `--json` prints them.
    rows
        Frames for the contact sheet.
    samples
        Those of a scene before and on the link.
    """

    plan: AuditPlan
    policy: ReadoutPolicy
    result: dict[str, Any]
    rows: tuple[Row, ...]
    samples: SampleHistogram


def run_audit(plan: AuditPlan) -> Audit:
    """Try every attack on every key.

    The attacker is handed files of emitted frames and never a key. Every section of the result holds the number of
    `frames`, its figures (medians over the keys), their `chance` levels, the `chance_limit` that guessing hardly ever exceeds,
    the `seed`, and for several keys means with confidence intervals `over_keys`.

    Raises what `subject_of_source` and `subject_of_recording` raise.
    """
    subject = subject_of_recording(plan) if is_recording(plan.source) else subject_of_source(plan)
    listed = [(key, attack) for key, attacks in enumerate(subject.attacks) for attack in attacks]
    scored: list[list[tuple[tuple[str, ...], Scored]]] = [[] for _ in subject.attacks]
    with _one_core_each(), Attacker(plan.seed) as attacker:
        for key, attack in progress(listed, "attacking", len(listed)):
            case = attack()
            scored[key].append((case.part, case.score(attacker.tries(case.attack, case.given))))
        shares = progress(partly_right_keys(subject, plan.keys, plan.seed), "partly right keys", steps(plan.keys))
        partly_right = list(shares)
    samples = [sample_histogram(emission) for emission in subject.large]
    for of_key, histogram in zip(scored, samples, strict=True):
        of_key.append((PART, flatness(histogram)))
    parts = _by_part(scored)
    policy = subject.policy
    result = {
        "keycam": keycam.__version__,
        "source": plan.source,
        "size_px": list(subject.scenes.shape[1:3]),
        "policy": {"order": policy.order, "refresh": policy.refresh, "mask": policy.mask},
        "keys": plan.keys,
        "seed": plan.seed,
        **subject.notes,
        **_sections(parts, plan.seed),
        **{name: {"frames": 0, "says": why, "chance": {}, "seed": plan.seed} for name, why in subject.absent.items()},
        "partial_key": partial_key_part(partly_right, subject, plan.seed),
    }
    rows = tuple(row for part, scores in parts.items() if part[0] != "sweep" for row in scores[0].rows)
    return Audit(plan, policy, result, rows, samples[0])


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
        alone["sweep"] = sweep
        if "key_entries_recovered" in alone:
            alone["frames_to_break"] = frames_to_break(sweep)
    return found

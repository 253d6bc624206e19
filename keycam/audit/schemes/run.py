"""The audit of schemes: one after another, all attacks on each, in one table."""

from dataclasses import dataclass
from typing import Any

import keycam
from inference.models import load
from keycam.audit.attacking import Attacker
from keycam.audit.case import Scored
from keycam.audit.footage import load_footage
from keycam.audit.over_keys import summary
from keycam.audit.plan import AuditPlan
from keycam.audit.schemes.feature_maps import feature_maps
from keycam.audit.schemes.recovery import chosen_plaintext, ciphertext_only, known_plaintext
from keycam.audit.schemes.single_frame import single_frame
from keycam.audit.schemes.subject import NotApplied, Subject
from keycam.audit.schemes.values import values
from keycam.progress import progress
from privacy.schemes import SCHEMES

ALL = "all"


def _tables(subject: Subject, attacker: Attacker) -> NotApplied:
    if subject.name.startswith("keycam-"):
        return NotApplied("tables are the same under every scheme of ours: 'keycam audit' attacks them")
    return NotApplied("its network has no tables of sampling offsets")


def _partial_key(subject: Subject, attacker: Attacker) -> NotApplied:
    return NotApplied("it needs no attacker, and no scheme: 'keycam audit' shows what partly right keys are worth")


SECTIONS = {
    "ciphertext_only": ciphertext_only,
    "known_plaintext": known_plaintext,
    "chosen_plaintext": chosen_plaintext,
    "histogram": values,
    "single_frame": single_frame,
    "feature_maps": feature_maps,
    "tables": _tables,
    "partial_key": _partial_key,
}


@dataclass(frozen=True)
class SchemeAuditPlan:
    """What `keycam audit --scheme` is asked to do.

    Attributes
    ----------
    scheme
        A name in `privacy.schemes.SCHEMES`, or "all".
    audit
        Source, number of frames, size and seed; its policy says nothing here.

    Raises ValueError for an unknown scheme.
    """

    scheme: str
    audit: AuditPlan

    def __post_init__(self) -> None:
        if self.scheme not in (ALL, *SCHEMES):
            raise ValueError(f"scheme = {self.scheme!r}: allowed is {ALL}, {', '.join(SCHEMES)}")

    @property
    def schemes(self) -> tuple[str, ...]:
        """The names of the schemes that are audited."""
        return tuple(SCHEMES) if self.scheme == ALL else (self.scheme,)


def run_scheme_audit(plan: SchemeAuditPlan) -> dict[str, Any]:
    """Try every attack on every scheme; the attacker is handed files of what travels and never a key.

    The result has a section for each attack on each scheme. `applies` says whether the attack has anything to work on;
    otherwise `because` says why not. Sections hold the number of `frames`, figures, their `chance` levels, the `chance_limit`
    that guessing hardly ever exceeds, and the `seed`.

    Raises what `load_footage` raises, and ValueError for a size that a scheme does not take.
    """
    footage, seed = load_footage(plan.audit), plan.audit.seed
    network = load("resnet20") if footage.labels is not None else None
    subjects = [Subject(name, footage, network, seed) for name in plan.schemes]
    for subject in subjects:
        subject.keyed(0, footage.scenes.shape[1:3])  # refuses a size before the work, not after half of it
    steps = [(subject, section, attack) for subject in subjects for section, attack in SECTIONS.items()]
    found: dict[str, dict[str, Any]] = {name: {} for name in plan.schemes}
    with Attacker(seed) as attacker:
        for subject, section, attack in progress(steps, "attacking", len(steps)):
            found[subject.name][section] = _section(attack(subject, attacker), seed)
    return {
        "keycam": keycam.__version__,
        "source": plan.audit.source,
        "size_px": list(footage.scenes.shape[1:3]),
        "frames": len(footage.scenes),
        "seed": seed,
        "schemes": found,
    }


def _section(found: Scored | NotApplied, seed: int) -> dict[str, Any]:
    if isinstance(found, NotApplied):
        return {"applies": False, "because": found.because, "frames": 0, "chance": {}, "chance_limit": {}, "seed": seed}
    return {"applies": True, **summary([found], seed)}

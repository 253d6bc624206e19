"""The audit of schemes: one after another, all attacks on each, in one table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import keycam
from inference.models import load
from keycam.audit.attacking import Attacker
from keycam.audit.case import Scored
from keycam.audit.footage import load_footage
from keycam.audit.over_keys import summary
from keycam.audit.plan import AuditPlan
from keycam.audit.schemes.audited import AuditedScheme, NotApplied
from keycam.audit.schemes.feature_maps import feature_maps
from keycam.audit.schemes.recovery import chosen_plaintext, ciphertext_only, known_plaintext
from keycam.audit.schemes.single_frame import single_frame
from keycam.audit.schemes.tables import tables
from keycam.audit.schemes.values import values
from keycam.progress import progress
from privacy.schemes import SCHEMES

ALL = "all"
NEEDED = "frames_to_break"
_ALONE = {"key": None, "policy": None, "order": None, "refresh": None, "mask": None, "sweep": False}
"""What a plan must leave as it is, and at what, where it is about schemes."""


def _partial_key(scheme: AuditedScheme, attacker: Attacker) -> NotApplied:
    return NotApplied("it needs no attacker, and no scheme: 'keycam audit' shows what partly right keys are worth")


SECTIONS = {
    "ciphertext_only": ciphertext_only,
    "known_plaintext": known_plaintext,
    "chosen_plaintext": chosen_plaintext,
    "histogram": values,
    "single_frame": single_frame,
    "feature_maps": feature_maps,
    "tables": tables,
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
        Source, number of frames, size, number of keys and seed; there is no policy in it.

    Raises ValueError for an unknown scheme, and where the plan says otherwise what is done to a picture.
    """

    scheme: str
    audit: AuditPlan

    def __post_init__(self) -> None:
        if self.scheme not in (ALL, *SCHEMES):
            raise ValueError(f"scheme = {self.scheme!r}: allowed is {ALL}, {', '.join(SCHEMES)}")
        asked = asdict(self.audit)
        for name, allowed in _ALONE.items():
            if asked[name] != allowed:
                raise ValueError(
                    f"{name} = {asked[name]}: allowed is none with --scheme, which says all that is done to a picture"
                )

    @property
    def schemes(self) -> tuple[str, ...]:
        """The names of the schemes that are audited."""
        return tuple(SCHEMES) if self.scheme == ALL else (self.scheme,)


def run_scheme_audit(plan: SchemeAuditPlan) -> dict[str, Any]:
    """Try every attack on every scheme; the attacker is handed files of what travels and never a key.

    The result has a section for each attack on each scheme. `applies` says whether the attack has anything to work on;
    otherwise `says` says why not. Sections hold the number of `frames`, figures, their `chance` levels, the `chance_limit`
    that guessing hardly ever exceeds, and the `seed`.

    Raises what `load_footage` raises, and ValueError for a size that a scheme does not take.
    """
    footage, seed = load_footage(plan.audit), plan.audit.seed
    network = load("resnet20") if footage.labels is not None else None
    audited = [AuditedScheme(name, footage, network, seed, key) for name in plan.schemes for key in range(plan.audit.keys)]
    for scheme in audited:
        scheme.keyed(0, scheme.size)  # refuses a size before the work, not after half of it
    steps = [(scheme, section) for scheme in audited for section in SECTIONS]
    found: dict[str, dict[str, list[Scored | NotApplied]]] = {
        name: {section: [] for section in SECTIONS} for name in plan.schemes
    }
    with Attacker(seed) as attacker:
        for scheme, section in progress(steps, "attacking", len(steps)):
            found[scheme.name][section].append(SECTIONS[section](scheme, attacker))
    return {
        "keycam": keycam.__version__,
        "source": plan.audit.source,
        "size_px": list(footage.scenes.shape[1:3]),
        "frames": len(footage.scenes),
        "keys": plan.audit.keys,
        "seed": seed,
        "schemes": {
            name: {section: _section(scores, seed) for section, scores in sections.items()} for name, sections in found.items()
        },
    }


def _section(scores: Sequence[Scored | NotApplied], seed: int) -> dict[str, Any]:
    """What came of one attack on all keys of a scheme."""
    if isinstance(scores[0], NotApplied):
        says = f"does not apply, because {scores[0].because}"
        return {"applies": False, "frames": 0, "says": says, "chance": {}, "chance_limit": {}, "seed": seed}
    scored = [score for score in scores if isinstance(score, Scored)]
    needed = [score.notes[NEEDED] for score in scored if NEEDED in score.notes]
    most = {NEEDED: None if None in needed else max(needed)} if needed else {}
    return {"applies": True, **summary(scored, seed), **most}

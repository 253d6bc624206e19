"""What no key of a scheme changes: which picture it is again, and what it shows."""

import numpy as np

from keycam.audit.attacking import Attacker
from keycam.audit.case import Figure, Scored
from keycam.audit.histogram import MOST_ASKED
from keycam.audit.schemes.audited import AuditedScheme
from privacy.scenes_again import captured_again
from privacy.scoring.chance import share_limit

EXAMPLES = 10_000
MOST_CLASSIFIED = 2000
NOW, BEFORE, THEIRS = 3, 4, 5
"""The keys of new frames, of earlier ones, and of the attacker's own."""


def values(scheme: AuditedScheme, attacker: Attacker) -> Scored:
    """New frames looked for among earlier ones under another key, and classes told after learning on frames of one's own."""
    found = _identification(scheme, attacker)
    footage = scheme.footage
    if footage.many_labels is None or footage.training is None:
        return found
    return found.joined(_classification(scheme, attacker))


def _identification(scheme: AuditedScheme, attacker: Attacker) -> Scored:
    scenes, seed = scheme.footage.many, scheme.seed
    asked = np.random.default_rng(seed).permutation(len(scenes))[:MOST_ASKED]
    earlier = scheme.sent(BEFORE, captured_again(scenes, seed))
    new = scheme.sent(NOW, captured_again(scenes[asked], seed + 1))
    found = attacker.tries("scheme_identification", scheme.given(sent=new, earlier=earlier))
    share, chance = float(np.mean(found["found"] == asked)), 1 / len(scenes)
    return Scored(
        len(asked), {"recaptured_found": Figure(share, chance, share_limit(chance, len(asked)))}, {"among": len(scenes)}
    )


def _classification(scheme: AuditedScheme, attacker: Attacker) -> Scored:
    footage = scheme.footage
    assert footage.many_labels is not None
    assert footage.training is not None
    examples, truth = footage.training.first(EXAMPLES), footage.many_labels[:MOST_CLASSIFIED]
    sent = scheme.sent(NOW, captured_again(footage.many[:MOST_CLASSIFIED], scheme.seed + 2), 1 << 20)
    theirs = scheme.sent(THEIRS, examples.images)
    given = scheme.given(sent=sent, examples=theirs, labels=examples.labels)
    found = attacker.tries("scheme_classification", given)
    share, chance = float(np.mean(found["classes"] == truth)), float(found["chance"])
    figures = {"classifier_accuracy": Figure(share, chance, share_limit(chance, len(truth)))}
    return Scored(len(truth), figures, {"classified": len(truth), "examples": len(examples)})

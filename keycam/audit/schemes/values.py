"""What no key of a scheme changes: which picture it is again, and what it shows."""

import numpy as np

from keycam.audit.attacking import Attacker
from keycam.audit.case import Figure, Scored
from keycam.audit.histogram import MOST_ASKED
from keycam.audit.schemes.subject import Subject
from privacy.scenes_again import captured_again
from privacy.scoring.chance import share_limit

EXAMPLES = 10_000
MOST_CLASSIFIED = 2000
NOW, BEFORE, THEIRS = 3, 4, 5
"""The keys of new frames, of earlier ones, and of the attacker's own."""


def values(subject: Subject, attacker: Attacker) -> Scored:
    """New frames looked for among earlier ones under another key, and classes told after learning on frames of one's own."""
    found = _identification(subject, attacker)
    footage = subject.footage
    if footage.many_labels is None or footage.training is None:
        return found
    return found.joined(_classification(subject, attacker))


def _identification(subject: Subject, attacker: Attacker) -> Scored:
    scenes, seed = subject.footage.many, subject.seed
    asked = np.random.default_rng(seed).permutation(len(scenes))[:MOST_ASKED]
    earlier = subject.sent(BEFORE, captured_again(scenes, seed))
    new = subject.sent(NOW, captured_again(scenes[asked], seed + 1))
    found = attacker.tries("scheme_identification", subject.given(sent=new, earlier=earlier))
    share, chance = float(np.mean(found["found"] == asked)), 1 / len(scenes)
    return Scored(
        len(asked), {"recaptured_found": Figure(share, chance, share_limit(chance, len(asked)))}, {"among": len(scenes)}
    )


def _classification(subject: Subject, attacker: Attacker) -> Scored:
    footage = subject.footage
    assert footage.many_labels is not None
    assert footage.training is not None
    examples, truth = footage.training.first(EXAMPLES), footage.many_labels[:MOST_CLASSIFIED]
    sent = subject.sent(NOW, captured_again(footage.many[:MOST_CLASSIFIED], subject.seed + 2), 1 << 20)
    theirs = subject.sent(THEIRS, examples.images)
    given = subject.given(sent=sent, examples=theirs, labels=examples.labels)
    found = attacker.tries("scheme_classification", given)
    share, chance = float(np.mean(found["classes"] == truth)), float(found["chance"])
    figures = {"classifier_accuracy": Figure(share, chance, share_limit(chance, len(truth)))}
    return Scored(len(truth), figures, {"classified": len(truth), "examples": len(examples)})

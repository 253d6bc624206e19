"""Pictures back from frames alone, from known scenes and from chosen ones."""

import numpy as np

from inference.datasets import CIFAR10_CLASSES
from keycam.audit.attacking import Attacker
from keycam.audit.case import MOST_PSNR_DB, Arrays, Figure, Scored
from keycam.audit.schemes.audited import AuditedScheme, NotApplied, Pictures
from privacy.attacks.guessed_map import GuessedMap
from privacy.attacks.map_from_chosen import scenes_to_choose
from privacy.scoring.alike import anywhere, nearest_alike, score_recovered
from privacy.scoring.answers import accuracy
from privacy.scoring.chance import share_limit
from privacy.scoring.map_score import entries_right, score_map
from privacy.seen import Samples

SCORED = 16
KNOWN_SCENES = 3
KNOWN_TRIED = (1, 2, 3, 5, 8, 13)
BROKEN_FROM = 0.99
_LATER = 1 << 20
"""Pictures that are encrypted after the attack have numbers from here on: one number is never used twice under one key."""
_PROBES = 1 << 21


def ciphertext_only(scheme: AuditedScheme, attacker: Attacker) -> Scored:
    """Frames alone: of pictures under one key all are attacked together, of others each by itself."""
    scenes = scheme.footage.scenes
    sent = scheme.sent(0, scenes)
    shown = np.linspace(0, len(scenes) - 1, min(len(scenes), SCORED)).round().astype(int)
    alone = scheme.structure.block == 1 and not scheme.one_key
    if alone:
        found = attacker.tries("pictures_in_place", scheme.given(sent=sent[shown]))
        return Scored(1, {**pictures_found(scheme, found["pictures"], scenes[shown], sent[shown]), **_time(found)})
    found = attacker.tries("map_from_frames", scheme.given(sent=sent))
    guess = GuessedMap.read(found)
    pictures = guess.undone(sent, scheme.structure)
    figures = {
        "key_entries_recovered": _entries(scheme, guess),
        **pictures_found(scheme, pictures[shown], scenes[shown], sent[shown]),
        **_answers(scheme, pictures),
        **_time(found),
    }
    return Scored(len(scenes), figures)


def known_plaintext(scheme: AuditedScheme, attacker: Attacker) -> Scored | NotApplied:
    """Three known scenes, and how many it takes."""
    if not scheme.structure.hidden:
        return NotApplied("pictures travel as they are")
    scenes = scheme.footage.scenes[: max(KNOWN_TRIED)]
    sent = scheme.sent(1, scenes)
    of_count = {}
    for count in sorted({min(tried, len(scenes)) for tried in KNOWN_TRIED}):
        given = scheme.given(scenes=scenes[:count], sent=sent[:count])
        of_count[count] = GuessedMap.read(attacker.tries("map_from_scenes", given))
    shares = entries_right(of_count.values(), scheme.keyed(1, scheme.size), scheme.structure, _PROBES, scheme.seed)
    enough = [count for count, share in zip(of_count, shares, strict=True) if share >= BROKEN_FROM]
    three = of_count[KNOWN_SCENES]
    figures = {"key_entries_recovered": _entries(scheme, three, key=1), **_later(scheme, three, key=1)}
    notes = {"frames_to_break": min(enough) if enough else None, "frames_tried": list(of_count)}
    return Scored(KNOWN_SCENES, figures, notes)


def chosen_plaintext(scheme: AuditedScheme, attacker: Attacker) -> Scored | NotApplied:
    """Scenes that say the number of every part of a picture."""
    if not scheme.structure.hidden:
        return NotApplied("pictures travel as they are")
    scenes = scenes_to_choose(scheme.structure, *scheme.size)
    guess = GuessedMap.read(attacker.tries("map_from_chosen", scheme.given(sent=scheme.sent(2, scenes))))
    return Scored(len(scenes), {"key_entries_recovered": _entries(scheme, guess, key=2), **_later(scheme, guess, key=2)})


def _entries(scheme: AuditedScheme, guess: GuessedMap, key: int = 0) -> Figure:
    """The share of key entries, of the keys of later pictures where each has its own."""
    score = score_map(guess, scheme.keyed(key, scheme.size), scheme.structure, _PROBES, scheme.seed)
    return Figure(score.entries, score.chance, score.limit)


def _later(scheme: AuditedScheme, guess: GuessedMap, key: int) -> dict[str, Figure]:
    """What the guess makes of later pictures."""
    scenes = scheme.footage.scenes[-SCORED:]
    sent = scheme.sent(key, scenes, _LATER)
    return pictures_found(scheme, guess.undone(sent, scheme.structure), scenes, sent)


def pictures_found(scheme: AuditedScheme, pictures: Pictures, scenes: Pictures, sent: Samples) -> dict[str, Figure]:
    """How like their scenes recovered pictures are, all (F, H, W, 3), beside what travelled and pixels in random places."""
    link = (sent >> (8 * (sent.dtype.itemsize - 1))).astype(np.uint8)
    found, on_link, by_chance = (
        score_recovered(each, scenes, scheme.structure, scheme.one_key)
        for each in (pictures, link, anywhere(scenes, scheme.seed))
    )
    chance = float(np.median(by_chance.ssim))
    # The median of n pictures strays by 1.25 of their spread / sqrt(n); 4 times that is beyond one in a thousand.
    limit = None if len(scenes) == 1 else chance + 5 * float(by_chance.ssim.std()) / len(scenes) ** 0.5
    psnr = [float(np.median(np.minimum(score.psnr_db, MOST_PSNR_DB))) for score in (found, by_chance)]
    return {
        "ssim": Figure(float(np.median(found.ssim)), chance, limit),
        "psnr_db": Figure(*psnr),
        "scrambled_ssim": Figure(float(np.median(on_link.ssim)), chance, limit),
    }


def _answers(scheme: AuditedScheme, pictures: Pictures) -> dict[str, Figure]:
    """What the plain network makes of all recovered pictures, the right way round."""
    if scheme.network is None or scheme.footage.labels is None:
        return {}
    scenes, labels = scheme.footage.scenes, scheme.footage.labels
    right = nearest_alike(pictures, scenes, scheme.structure, scheme.one_key)
    limit = share_limit(1 / len(CIFAR10_CLASSES), len(scenes))
    return {
        "accuracy_recovered": Figure(accuracy(scheme.network, right, labels), 1 / len(CIFAR10_CLASSES), limit),
        "accuracy_plain": Figure(accuracy(scheme.network, scenes, labels), 1 / len(CIFAR10_CLASSES), limit),
    }


def _time(found: Arrays) -> dict[str, Figure]:
    return {"wall_s": Figure(float(found["wall_s"])), "cpu_s": Figure(float(found["cpu_s"]))}

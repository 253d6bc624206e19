"""Which attacks an audit tries, and on what."""

from collections.abc import Callable
from functools import partial

import numpy as np
from torch import nn

from adc import KeySchedule, ReadoutPolicy
from adc.policy import OrderName
from inference.datasets import CIFAR10_CLASSES, LabelledImages
from keycam.audit.case import Case
from keycam.audit.ciphertext_only import ciphertext_only
from keycam.audit.emission import emission_of
from keycam.audit.footage import Footage
from keycam.audit.histogram import classification, identification
from keycam.audit.plaintext import chosen_plaintext, known_plaintext
from keycam.audit.single_frame import single_frame
from keycam.audit.tables import tables
from privacy.attacks.chosen_plaintext import chosen_scenes

Attack = Callable[[], Case]
"""A case yet to be made: what it gives the attacker may be large, so it is there only while it is tried."""
STRUCTURED_ORDERS: tuple[OrderName, ...] = ("row-column", "block")


def attacks_on(
    footage: Footage,
    policy: ReadoutPolicy,
    swept: tuple[int, ...],
    network: nn.Module | None,
    random: np.random.Generator,
    seed: int,
) -> list[Attack]:
    """All attacks on one key of each kind, throw-away keys out of `random`.

    Parameters
    ----------
    swept
        With how many of the frames, besides all of them, the attack on frames alone is tried.
    network
        Classifies recovered pictures, where the footage has classes.
    seed
        Of scenes and noise.
    """
    height, width, channels = footage.scenes.shape[1:]

    def schedule(of: ReadoutPolicy = policy) -> KeySchedule:
        return KeySchedule(random.bytes(32), device="audited", policy=of)

    overheard = emission_of(footage.scenes, schedule(), footage.labels)
    listed: list[Attack] = [partial(ciphertext_only, overheard, ("ciphertext_only",), network, seed)]
    listed += [partial(ciphertext_only, overheard.first(count), ("sweep", f"{count}"), network, seed) for count in swept]
    listed += [partial(known_plaintext, overheard), partial(_chosen, (height, width, channels), schedule())]
    listed += [partial(identification, footage.many, schedule(), schedule(), seed)]
    if footage.many_labels is not None and footage.training is not None:
        asked = LabelledImages(footage.many, footage.many_labels, CIFAR10_CLASSES)
        listed += [partial(classification, asked, footage.training, schedule(), schedule(), seed)]
    for order in STRUCTURED_ORDERS:
        seen, guessed = ReadoutPolicy(order, policy.refresh, policy.mask), ReadoutPolicy(order, "frame", False)
        listed += [partial(_single, footage, schedule(seen), schedule(guessed), seed)]
    return listed + [partial(tables, height, width, schedule())]


def _chosen(shape: tuple[int, int, int], schedule: KeySchedule) -> Case:
    return chosen_plaintext(emission_of(chosen_scenes(*shape), schedule))


def _single(footage: Footage, schedule: KeySchedule, guesses: KeySchedule, seed: int) -> Case:
    return single_frame(emission_of(footage.still[None], schedule), guesses, seed)

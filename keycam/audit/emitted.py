"""A source's scenes as what is audited: emitted under throw-away keys."""

from functools import partial

import numpy as np
from torch import nn

from adc import KeySchedule, ReadoutPolicy
from inference.datasets import CIFAR10_CLASSES, LabelledImages
from inference.models import load
from keycam.audit.case import Attack, Case
from keycam.audit.ciphertext_only import MOST_SCORED, ciphertext_only
from keycam.audit.emission import emission_of
from keycam.audit.footage import Footage, load_footage
from keycam.audit.histogram import classification, identification
from keycam.audit.plaintext import chosen_plaintext, known_plaintext
from keycam.audit.plan import AuditPlan
from keycam.audit.single_frame import STRUCTURED_ORDERS, single_frame
from keycam.audit.subject import Subject
from keycam.audit.tables import tables
from privacy.attacks.chosen_plaintext import chosen_scenes
from privacy.footage import true_orders


def subject_of_source(plan: AuditPlan) -> Subject:
    """The scenes of the plan's source under throw-away keys out of its seed. Raises what `load_footage` raises."""
    policy = plan.readout_policy()
    footage = load_footage(plan)
    labelled = None
    if footage.many_labels is not None:
        labelled = LabelledImages(footage.many, footage.many_labels, CIFAR10_CLASSES)
    network = None if labelled is None else load("resnet20")
    random = np.random.default_rng(plan.seed)
    swept = plan.swept(len(footage.scenes))
    attacks = tuple(tuple(_attacks(footage, policy, swept, network, random, plan.seed)) for _ in range(plan.keys))
    schedules = [KeySchedule(random.bytes(32), device="audited", policy=policy) for _ in range(plan.keys)]
    return Subject(
        policy=policy,
        attacks=attacks,
        large=tuple(emission_of(footage.still[None], schedule) for schedule in schedules),
        scenes=footage.scenes[:MOST_SCORED],
        labelled=labelled,
        network=network,
    )


def _attacks(
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
    scenes = chosen_scenes(*shape)
    next_order = true_orders(scenes[:1], schedule, first_counter=len(scenes))[0]
    return chosen_plaintext(emission_of(scenes, schedule), next_order)


def _single(footage: Footage, schedule: KeySchedule, guesses: KeySchedule, seed: int) -> Case:
    return single_frame(emission_of(footage.still[None], schedule), guesses, seed)

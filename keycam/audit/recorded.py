"""A recording as what is audited: the attacker has its frames as they were recorded, the scorer has the key."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from adc import FrameHeader, KeySchedule, RawFrame, ReadoutPolicy
from inference.receiver import FrameRefused, Receiver
from inference.recording import DamagedFrameError, Recording, RecordingError
from inference.recording.index import INDEX_NAME
from keycam.audit.case import Attack
from keycam.audit.ciphertext_only import MOST_SCORED, ciphertext_only
from keycam.audit.emission import Emission
from keycam.audit.histogram import next_frame
from keycam.audit.partners import partners
from keycam.audit.plaintext import known_plaintext
from keycam.audit.plan import AuditPlan
from keycam.audit.single_frame import STRUCTURED_ORDERS, single_frame
from keycam.audit.subject import Subject
from keycam.keyfile import open_key
from keycam.passphrase import known_passphrase
from keycam.progress import progress
from keycam.recording import schedule_of
from privacy.attacks.ciphertext_only import LEAST_FRAMES, MOST_PIXELS
from privacy.scoring.picture_score import LEAST_SIDE_PX
from privacy.seen import Order, Seen

MOST_SAMPLES = 2**27
"""Of large frames no more are taken than have so many samples together: half a gigabyte, with the restored ones."""
ROWS = 6
_ABSENT = {
    "chosen_plaintext": "does not apply: nobody chose what a recording shows",
    "tables": "does not apply: a recording holds no tables; they are the key, whatever was recorded",
}


def is_recording(source: str) -> bool:
    """Whether a source is the folder of a recording, or by its name should be one."""
    return Path(source).suffix == ".keycam" or (Path(source) / INDEX_NAME).is_file()


def subject_of_recording(plan: AuditPlan) -> Subject:
    """The frames of the recording `plan.source` under the key in `plan.key`; frames that the key does not accept are left out.

    Raises `RecordingError` or `KeyFileError` for what cannot be read or does not fit, and `ValueError` for options that a
    recording does not go with.
    """
    _refuse_what_is_recorded(plan)
    assert plan.key is not None
    recording = Recording(plan.source)
    header = recording.first_header
    if header is None:
        raise RecordingError(f"source = {plan.source}: none of its frames can be read; allowed is a recording with some")
    ask = partial(known_passphrase, plan.passphrase_file, str(plan.key))
    with open_key(plan.key, ask) as key, schedule_of(key, header) as schedule:
        overheard = _overheard(recording, schedule, header, plan)
    seen = overheard.emission.seen
    random = np.random.default_rng(plan.seed)
    return Subject(
        policy=header.policy,
        attacks=(tuple(_attacks(overheard, header.policy, plan, random)),),
        large=(overheard.emission.first(1),),
        scenes=overheard.emission.scenes[: _pictures(seen)],
        bits=seen.bits,
        absent=_ABSENT if header.policy.order in STRUCTURED_ORDERS else {**_ABSENT, "single_frame": _needs_structure(header)},
        notes={"recorded": len(recording), "refused": dict(overheard.refused)},
    )


@dataclass(frozen=True, eq=False)
class _Overheard:
    """Frames of a recording: those that are attacked, pairs of one and the next, and how many were left out by cause."""

    emission: Emission
    earlier: Seen
    following: Seen
    refused: Counter[str]


def _overheard(recording: Recording, schedule: KeySchedule, header: FrameHeader, plan: AuditPlan) -> _Overheard:
    """Frames taken evenly, each with the one after it, as far as the key accepts them."""
    geometry = header.geometry
    most = min(plan.frames, len(recording) - 1, max(LEAST_FRAMES, MOST_SAMPLES // (geometry.pixels * geometry.channels)))
    chosen = np.unique(np.linspace(0, len(recording) - 2, max(most, 1)).round().astype(int)).tolist()
    if len(chosen) < plan.frames:
        told = f"{len(chosen)} of its {len(recording)} frames are attacked"
        typer.echo(f"keycam: source = {plan.source}: {told}, each as large as {geometry.width}x{geometry.height}", err=True)
    frames: dict[int, RawFrame] = {}
    scenes: dict[int, NDArray[np.uint16]] = {}
    orders: dict[str, Order] = {}
    refused: Counter[str] = Counter()
    receiver = Receiver(schedule, live=False)
    wanted = sorted({*chosen, *(number + 1 for number in chosen)})
    for number in progress(wanted, "reading", len(wanted)):
        try:
            raw = recording[number]
            frame_key = receiver.accept(raw)
            frames[number] = raw
            if number in chosen:
                scenes[number] = raw.restore(frame_key)
                orders.setdefault("first", frame_key.order.astype(np.int64))
            frame_key.wipe()
        except DamagedFrameError as error:
            refused[f"damaged: {error.cause}"] += 1
        except FrameRefused as error:
            refused[error.cause] += 1
    kept = [number for number in chosen if number in frames]
    if len(kept) < LEAST_FRAMES:
        causes = ", ".join(f"{cause} {count}" for cause, count in refused.items()) or "there are no more"
        trouble = f"{len(kept)} of the {len(chosen)} frames looked at are accepted (refused: {causes})"
        allowed = f"allowed is the key that the recording was made under, and {LEAST_FRAMES + 1} frames or more"
        raise RecordingError(f"source = {plan.source}: {trouble}; {allowed}")
    pairs: list[int] = []
    for number in kept:  # what follows one of them is none of them, or it would be found for itself
        if number + 1 in frames and number - 1 not in pairs[-1:]:
            pairs.append(number)
    emission = Emission(_seen(frames, kept), np.stack([scenes[number] for number in kept]), orders["first"])
    return _Overheard(emission, _seen(frames, pairs), _seen(frames, [number + 1 for number in pairs]), refused)


def _seen(frames: dict[int, RawFrame], numbers: list[int]) -> Seen:
    geometry = frames[numbers[0]].header.geometry
    samples = np.stack([frames[number].samples for number in numbers])
    return Seen(samples, geometry.height, geometry.width, geometry.bits)


def _attacks(overheard: _Overheard, policy: ReadoutPolicy, plan: AuditPlan, random: np.random.Generator) -> Iterator[Attack]:
    emission, seen = overheard.emission, overheard.emission.seen
    small = seen.height * seen.width <= MOST_PIXELS and min(seen.height, seen.width) >= LEAST_SIDE_PX
    counts: list[tuple[Emission, tuple[str, ...]]] = [(emission, ("ciphertext_only",))]
    counts += [(emission.first(count), ("sweep", f"{count}")) for count in plan.swept(seen.count)]
    for some, part in counts:
        yield partial(ciphertext_only, some, part, None, plan.seed) if small else partial(partners, some, part)
    yield partial(known_plaintext, emission, 0 if small else ROWS)
    yield partial(next_frame, overheard.following, overheard.earlier)
    if policy.order in STRUCTURED_ORDERS:
        guesses = KeySchedule(random.bytes(32), device="audited", policy=ReadoutPolicy(policy.order, "frame", False))
        yield partial(single_frame, emission.first(1), guesses, plan.seed)


def _pictures(seen: Seen) -> int:
    """How many restored frames are compared with themselves under partly right keys: fewer where they are large."""
    return max(LEAST_FRAMES, min(MOST_SCORED, 2**20 // (seen.height * seen.width)))


def _needs_structure(header: FrameHeader) -> str:
    return f"does not apply: it needs a row-column or block order, and the recorded one is {header.policy.order}"


def _refuse_what_is_recorded(plan: AuditPlan) -> None:
    given: dict[str, Any] = {
        "data": plan.data, "policy": plan.policy, "order": plan.order, "refresh": plan.refresh, "mask": plan.mask,
        "size": plan.size_text,
    }  # fmt: skip
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} = {value}: allowed is none with a recording, which was made with its own")
    if plan.keys != 1:
        raise ValueError(f"keys = {plan.keys}: allowed is 1 with a recording, which was made under one key")
    if plan.key is None:
        raise ValueError(f"key = None: allowed is the key file of the camera or the client with --source {plan.source}")

"""The audit button: what an eavesdropper on this very link learns from its last frames, under the policy of now."""

import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from adc import KeySchedule, RawFrame
from keycam.audit.attacking import Attacker
from keycam.audit.case import Scored
from keycam.audit.ciphertext_only import ciphertext_only
from keycam.audit.emission import Emission, emission_of
from keycam.audit.histogram import flatness, sample_histogram
from keycam.audit.partners import partners
from keycam.live.live_camera import Session
from keycam.live.panes import Picture, as_8_bits, jpeg
from keycam.live.pipeline import Pipeline
from keycam.live.wire import packed
from keycam.policy import name_of
from privacy.seen import Samples, Seen
from sensor_sim.resample import resample

Tell = Callable[[str | bytes], None]
LEAST_FRAMES = 12
MOST_FRAMES = 60
SMALL = (36, 48)
"""Size (h, w) at which a whole picture is put together from frames alone: the attack is for up to 4096 pixels."""
BROKEN_FROM = 0.5
QUALITY = 95
END_S = 2.0


class AuditButton:
    """Runs one audit at a time, in a thread, with the attacker in a process that never sees a key.

    Parameters
    ----------
    pipeline
        Whose link is attacked.
    seed
        Of what the attacks draw.
    """

    def __init__(self, pipeline: Pipeline, seed: int) -> None:
        self._pipeline, self._seed = pipeline, seed
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._attacker: Attacker | None = None
        self._closing = False

    @property
    def is_running(self) -> bool:
        """Whether an audit is under way."""
        return self._thread is not None and self._thread.is_alive()

    def press(self, tell: Tell) -> None:
        """Begin; `tell` is given sentences on the way and the result at the end. Raises ValueError where it cannot begin."""
        with self._lock:
            if self.is_running:
                raise ValueError("audit: one is under way; allowed is one at a time")
            session, frames = self._pipeline.recent()
            if session is None or len(frames) < LEAST_FRAMES:
                trouble = f"the link has carried {len(frames)} frames to attack since its key was changed"
                raise ValueError(f"audit: {trouble}; allowed is {LEAST_FRAMES} or more, wait a moment")
            self._thread = threading.Thread(
                target=self._run, args=(session, frames[-MOST_FRAMES:], tell), name="keycam-audit", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """End what runs; harmless when repeated."""
        self._closing = True
        attacker, thread = self._attacker, self._thread
        if attacker is not None:
            attacker.kill()
        if thread is not None and thread.is_alive():
            thread.join(END_S)

    def _run(self, session: Session, frames: list[RawFrame], tell: Tell) -> None:
        try:
            _say(tell, "reading the last frames of the link")
            link, small = self._emissions(session, frames)
            with Attacker(self._seed) as self._attacker:
                if self._closing:
                    return
                found = self._audit(link, small, name_of(session.schedule.policy), tell)
            tell(found)
        except RuntimeError as error:  # keys that were overwritten, or an attacker that was ended
            if not self._closing:
                _say(tell, f"the audit was broken off ({error}); press again", is_over=True)
        finally:
            self._attacker = None

    def _emissions(self, session: Session, frames: list[RawFrame]) -> tuple[Emission, Emission]:
        """What the link carried; and the same views on a small array, under a throw-away key and the same policy."""
        schedule, geometry = session.schedule, frames[0].header.geometry
        keys = [schedule.frame_key(raw.header.counter, geometry) for raw in frames]
        seen = Seen(np.stack([raw.samples for raw in frames]), geometry.height, geometry.width, geometry.bits)
        scenes = np.stack([raw.restore(key) for raw, key in zip(frames, keys, strict=True)])
        link = Emission(seen, scenes, keys[0].order.astype(np.int64))
        views = (self._pipeline.networks.restored(raw, schedule).transpose(1, 2, 0) for raw in frames)
        thumbs: Samples = np.stack([as_8_bits(resample(view, SMALL).transpose(2, 0, 1)) for view in views])
        throw_away = KeySchedule(secrets.token_bytes(32), device="audited", policy=schedule.policy)
        for key in keys:
            key.wipe()
        return link, emission_of(thumbs, throw_away)

    def _audit(self, link: Emission, small: Emission, policy: str, tell: Tell) -> bytes:
        figures = dict(flatness(sample_histogram(link.first(1))).figures)
        if policy == "raster":
            picture = small.scenes[-1]
            sentence = "The link carries the picture itself: there is nothing to attack."
            return _result("broken", sentence, policy, link, figures, {"link": picture, "rebuilt": picture})
        _say(tell, f"looking for neighbours among the {link.seen.height * link.seen.width:,} pixels of the link")
        neighbours = self._tried(partners(link, ("link",)))
        _say(tell, f"putting {SMALL[1]}x{SMALL[0]} pixels of the same views together, which takes a while")
        together = self._tried(ciphertext_only(small, ("small",), None, self._seed))
        figures |= neighbours.figures | together.figures
        row = together.rows[-1]
        # What an attacker puts together is nobody's secret; the scene beside it is shown where it was asked for.
        original = {"original": row.original} if self._pipeline.settings.reveal else {}
        pictures = {**original, "link": row.link, "rebuilt": row.recovered}
        return _result(*_verdict(figures), policy, link, figures, pictures)

    def _tried(self, case: Any) -> Scored:
        assert self._attacker is not None
        scored: Scored = case.score(self._attacker.tries(case.attack, case.given))
        return scored


def _verdict(figures: dict[str, Any]) -> tuple[str, str]:
    key, near = figures["key_entries_recovered"], figures["best_partner_within_2_px"]
    found = (
        f"{near.value:.1%} of the pixels asked about were told from which pixel they are next to (by chance {near.chance:.3%})"
    )
    if key.value >= BROKEN_FROM:
        return "broken", f"Frames alone gave {key.value:.0%} of the key on a small array, and on this link {found}."
    if near.value > near.limit or key.value > key.limit:
        return "leaks", f"The picture was not put together, but on this link {found}."
    return "nothing found", f"No attack on the frames finds more than guessing does: on this link {found}."


def _result(
    level: str, sentence: str, policy: str, link: Emission, figures: dict[str, Any], pictures: dict[str, Samples]
) -> bytes:
    header = {
        "type": "audit",
        "level": level,
        "sentence": sentence,
        "policy": policy,
        "frames": link.seen.count,
        "figures": {
            name: {"value": figure.value, "chance": figure.chance, "limit": figure.limit} for name, figure in figures.items()
        },
    }
    return packed(header, {name: jpeg(_of_8_bits(picture), QUALITY) for name, picture in pictures.items()})


def _of_8_bits(picture: Samples) -> Picture:
    return np.ascontiguousarray(picture).astype(np.uint8)


def _say(tell: Tell, sentence: str, is_over: bool = False) -> None:
    tell(json.dumps({"type": "auditing", "sentence": sentence, "over": is_over}))

"""Whatever bytes come, the parsers of frames and key files raise what they document and nothing else.

Some hundred cases of each kind run every time, and 100,000 in all with `-m slow`.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adc import BAYER_NAMES, FrameError, FrameHeader, Geometry, KeySchedule, RawFrame, ReadoutPolicy
from adc.frame import sealed
from adc.geometry import CFA_NAMES
from adc.policy import ORDER_NAMES, REFRESH_NAMES
from inference.receiver import FrameRefused, Receiver
from keycam import key_guard, key_text
from keycam.key import ClientEpoch, Key, KeyCard, KeyFileError, fingerprint
from keycam.key_guard import Plain, Sealed, Wrapped, reveal, seal, unseal

FEW, MANY = 300, 20_000
SCHEDULE = KeySchedule(bytes(range(32)), device="door", client="lab")
GEOMETRY = Geometry(4, 6, 12, "rggb")
HEADER = FrameHeader("door", 5, 0, GEOMETRY, SCHEDULE.policy, 64.0, 0.01, 1.0, 300.0, "lab")
FRAME = sealed(HEADER, np.arange(24, dtype=np.uint16)[:, None] * 170, SCHEDULE.frame_key(5, GEOMETRY))
SECRET = bytes(range(32))
CARD = KeyCard(
    "device", "döor", {"host": ClientEpoch(3), "lab": ClientEpoch(1, True)}, "2026-01-31T12:00:00Z", fingerprint(SECRET)
)
with pytest.MonkeyPatch.context() as patch:
    patch.setattr(key_guard, "LOG2_N", 10)
    QUICK_SEALED = seal(Key(CARD, bytearray(SECRET)), key_text.bound(CARD), "a")
TEXTS = [
    key_text.written(CARD, Plain(SECRET)),
    key_text.written(CARD, QUICK_SEALED),
    key_text.written(CARD, Wrapped(bytes(8), bytes(384))),
    SECRET.hex().encode(),
]


def fuzzed(property_: Callable[..., None], **strategies: st.SearchStrategy[Any]) -> Callable[[int], None]:
    """Run `property_` on so many cases, the same ones every time."""

    def run(cases: int) -> None:
        checks = settings(
            max_examples=cases, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )
        checks(given(**strategies)(property_))()

    return run


@st.composite
def damaged(draw: st.DrawFn, wholes: list[bytes]) -> bytes:
    """Whole bytes with some parts replaced, taken out, put in or repeated; or any bytes at all."""
    if draw(st.integers(0, 7)) == 0:
        return draw(st.binary(max_size=200))
    content = draw(st.sampled_from(wholes))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(content)))
        end = draw(st.integers(begin, min(len(content), begin + 9)))
        part = draw(st.one_of(st.binary(max_size=9), st.just(content[begin:end] * 2), st.just(content[end : end + 40])))
        content = content[:begin] + part + content[end:]
    return content


def header_or_refused(written: bytes) -> None:
    try:
        header = FrameHeader.from_bytes(written)
    except FrameError:
        return
    # What is read is written the same way: there is one form of a header.
    assert header.to_bytes() == written
    frame_or_refused(header, FRAME.samples, FRAME.tag)


def frame_or_refused(header: FrameHeader, samples: np.ndarray, tag: bytes) -> None:
    try:
        raw = RawFrame(header, samples, tag)
        Receiver(SCHEDULE).accept(raw)
    except FrameRefused as refused:
        assert refused.cause in ("device", "client", "epoch", "policy", "geometry", "replay", "tag")
    except FrameError:
        return
    else:
        assert header == HEADER
        assert np.array_equal(samples, FRAME.samples)
        assert tag == FRAME.tag


def header_survives(
    names: tuple[str, str], numbers: tuple[int, int], size: tuple[int, int, int], cfa: Any, kinds: Any, floats: Any
) -> None:
    even = 2 if cfa in BAYER_NAMES else 1
    geometry = Geometry(size[0] * even, size[1] * even, size[2], cfa)
    black, exposure, gain, temperature = floats
    try:
        header = FrameHeader(names[0], *numbers, geometry, ReadoutPolicy(*kinds), black, exposure, gain, temperature, names[1])
    except FrameError:
        return
    assert FrameHeader.from_bytes(header.to_bytes()) == header


def key_or_refused(text: bytes) -> None:
    try:
        card, guard = key_text.parsed(text)
        if isinstance(guard, Sealed):
            key = unseal(replace(guard, scrypt_log2_n=10), card, key_text.bound(card), "a")
        elif isinstance(guard, Plain):
            key = reveal(guard, card)
        else:
            return
    except KeyFileError as refused:
        assert "; allowed is" in str(refused)
        assert SECRET.hex()[:16] not in str(refused)
        return
    # A secret comes out only under its own card, or as bare digits that name themselves.
    assert fingerprint(key.secret) == key.card.fingerprint
    assert (key.secret == SECRET and key.card == CARD) or not text.lstrip().startswith(b"{")


def edited_key_or_refused(which: int, path: list[str], value: Any) -> None:
    """A key file whose JSON was edited in one place by somebody who knows how to make the checksum fit."""
    content = json.loads(TEXTS[which])
    place = content
    for name in path[:-1]:
        place = place.get(name, {}) if isinstance(place, dict) else {}
    if isinstance(place, dict):
        place[path[-1]] = value
    content.pop("checksum", None)
    content["checksum"] = key_text._checksum(content)
    text = json.dumps(content).encode()
    try:
        card, guard = key_text.parsed(text)
        if not isinstance(guard, Sealed) or guard.scrypt_log2_n != 10:
            return
        key = unseal(guard, card, key_text.bound(card), "a")
    except KeyFileError as refused:
        assert "; allowed is" in str(refused)
        return
    assert (key.secret, key.card) == (SECRET, CARD)


NAMES = st.text(max_size=70)
PLAIN_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    PLAIN_VALUES | st.sampled_from(["AAAA", "client", "plain", "0" * 16]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["keycam key", "purpose", "device", "clients", "created", "fingerprint", "guard"]
INNER = ["form", *"secret salt nonce check sealed scrypt_log2_n recipient wrapped host epoch revoked x".split()]
PATHS = st.tuples(st.sampled_from(FIELDS), st.lists(st.sampled_from(INNER), max_size=2)).map(lambda part: [part[0], *part[1]])
KINDS = {
    "headers": fuzzed(header_or_refused, written=damaged([HEADER.to_bytes()])),
    "frames": fuzzed(
        frame_or_refused,
        header=st.sampled_from([HEADER, replace(HEADER, counter=6), replace(HEADER, device="gate"), replace(HEADER, epoch=1)]),
        samples=st.one_of(
            st.just(FRAME.samples),
            st.tuples(st.integers(0, 23), st.integers(0, 2**16 - 1)).map(
                lambda change: np.where(np.arange(24) == change[0], change[1], FRAME.samples[:, 0]).astype(np.uint16)[:, None]
            ),
            st.tuples(st.integers(0, 30), st.integers(0, 3), st.sampled_from(["<u2", "<i4", "f8", "u1"])).map(
                lambda form: np.zeros(form[:2], form[2])
            ),
        ),
        tag=st.one_of(st.just(FRAME.tag), st.binary(max_size=20)),
    ),
    "written headers": fuzzed(
        header_survives,
        names=st.tuples(NAMES, NAMES),
        numbers=st.tuples(st.integers(-1, 2**64), st.integers(-1, 2**64)),
        size=st.tuples(st.integers(1, 32767), st.integers(1, 32767), st.integers(8, 16)),
        cfa=st.sampled_from(CFA_NAMES),
        kinds=st.tuples(st.sampled_from(ORDER_NAMES), st.sampled_from(REFRESH_NAMES), st.booleans()),
        floats=st.tuples(*[st.floats()] * 4),
    ),
    "key files": fuzzed(key_or_refused, text=damaged(TEXTS)),
    "edited key files": fuzzed(
        edited_key_or_refused,
        which=st.integers(0, 2),
        path=PATHS,
        value=VALUES,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_parsers_raise_only_what_they_document(kind: str) -> None:
    KINDS[kind](FEW)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_parsers_raise_only_what_they_document_in_twenty_thousand_cases_of_each_kind(kind: str) -> None:
    KINDS[kind](MANY)


def test_the_cases_reach_what_they_are_for() -> None:
    """The unharmed forms are accepted, so that refusing everything would not pass."""
    assert FrameHeader.from_bytes(HEADER.to_bytes()) == HEADER
    assert Receiver(SCHEDULE).accept(FRAME).counter == 5
    for text in TEXTS:
        card, guard = key_text.parsed(text)
        assert card.fingerprint == CARD.fingerprint
        if text is not TEXTS[3]:
            assert card == CARD
            assert key_text.written(card, guard) == text

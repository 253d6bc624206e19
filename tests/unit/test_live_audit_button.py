"""The audit button: what it hands to the attacker is what the link carried, and what it says follows from what was found."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from adc import POLICIES, KeySchedule, RawFrame
from inference.isp import isp
from inference.receiver import Receiver
from keycam.audit.case import Figure
from keycam.demo_camera import development, make_camera
from keycam.live import audit_button
from keycam.live.audit_button import LEAST_FRAMES, SMALL, AuditButton, _verdict
from keycam.live.live_camera import Session
from keycam.live.settings import LiveSettings
from keycam.live.wire import unpacked
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import load_photograph


@dataclass
class Networks:
    """Restores as the pipeline's networks do."""

    def restored(self, raw: RawFrame, schedule: KeySchedule) -> np.ndarray:
        return isp(raw, schedule.frame_key(raw.header.counter, raw.header.geometry), development(DEMO_PROFILE, None)).restore()


@dataclass
class StandIn:
    """A pipeline whose link has carried these frames."""

    session: Session
    frames: list[RawFrame]
    networks: Networks = field(default_factory=Networks)
    settings: LiveSettings = field(default_factory=LiveSettings)

    def recent(self) -> tuple[Session, list[RawFrame]]:
        return self.session, self.frames


def link_of(policy: str, frames: int) -> StandIn:
    schedule = KeySchedule(bytes(32), policy=POLICIES[policy])
    with make_camera(schedule, 0) as camera:
        scene = load_photograph("chelsea")
        carried = [camera.capture(np.roll(scene, 9 * number, axis=1)) for number in range(frames)]
    return StandIn(Session(schedule, KeySchedule(bytes(31) + b"x"), Receiver(schedule)), carried)


@pytest.fixture
def told() -> Iterator[list[str | bytes]]:
    yield []
    assert not [each for each in threading.enumerate() if each.name == "keycam-audit"]


def pressed(link: StandIn, told: list[str | bytes]) -> dict:
    button = AuditButton(link, 0)  # type: ignore[arg-type]
    button.press(told.append)
    deadline_s = time.monotonic() + 120
    while button.is_running:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    assert isinstance(told[-1], bytes)
    return unpacked(told[-1])[0]


def test_an_ordinary_cameras_link_needs_no_attack(told: list[str | bytes]) -> None:
    header = pressed(link_of("raster", LEAST_FRAMES), told)
    assert header["level"] == "broken"
    assert header["policy"] == "raster"
    assert header["frames"] == LEAST_FRAMES
    assert {pane["name"] for pane in header["panes"]} == {"link", "rebuilt"}
    assert header["figures"]["link_chi_square_per_dof"]["value"] > 10


class _Attacker:
    """Finds nothing but what it is told to, and keeps what it was given."""

    seen: ClassVar[list[tuple[str, dict]]] = []

    def __init__(self, seed: int) -> None:
        self.seen.clear()

    def __enter__(self) -> "_Attacker":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def tries(self, attack: str, given: dict) -> dict:
        self.seen.append((attack, given))
        pixels = given["frames"].shape[1]
        some = np.arange(64)
        found = {"asked": some, "partner": some[::-1], "order": np.arange(pixels), "partner_of": some}
        if attack == "ciphertext_only":
            found["partner"] = np.arange(pixels)[::-1]
        return {**found, "wall_s": np.float64(1), "cpu_s": np.float64(1)}


def test_the_attacker_gets_the_links_own_samples_and_a_small_array_and_no_key(
    told: list[str | bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_button, "Attacker", _Attacker)
    link = link_of("secure", LEAST_FRAMES)
    header = pressed(link, told)
    assert header["level"] == "nothing found"
    assert header["policy"] == "secure"
    (first, large), (second, small) = _Attacker.seen
    assert (first, second) == ("partners", "ciphertext_only")
    assert np.array_equal(large["frames"], np.stack([raw.samples for raw in link.frames]))
    assert set(large) == set(small) == {"frames", "shape"}
    assert tuple(small["shape"][:2]) == SMALL
    assert [json.loads(said)["type"] for said in told[:-1]] == ["auditing"] * 3  # type: ignore[arg-type]


@pytest.mark.parametrize(("reveal", "panes"), [(False, ["link", "rebuilt"]), (True, ["original", "link", "rebuilt"])])
def test_the_scene_itself_is_shown_only_where_the_restored_picture_was_asked_for(
    told: list[str | bytes], monkeypatch: pytest.MonkeyPatch, reveal: bool, panes: list[str]
) -> None:
    monkeypatch.setattr(audit_button, "Attacker", _Attacker)
    link = link_of("secure", LEAST_FRAMES)
    link.settings = LiveSettings(reveal=reveal)
    header = pressed(link, told)
    assert [pane["name"] for pane in header["panes"]] == panes
    assert "by chance" in header["sentence"]


def test_it_waits_for_frames_and_runs_once_at_a_time(told: list[str | bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_button, "Attacker", _Attacker)
    link = link_of("secure", LEAST_FRAMES)
    few = AuditButton(StandIn(link.session, link.frames[:3]), 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"the link has carried 3 frames .*; allowed is 12 or more"):
        few.press(told.append)
    button, going = AuditButton(link, 0), threading.Event()  # type: ignore[arg-type]
    button.press(lambda _: going.wait(20) and None)
    with pytest.raises(ValueError, match="audit: one is under way"):
        button.press(told.append)
    going.set()
    button.close()
    assert not button.is_running


def test_a_key_that_changes_meanwhile_breaks_it_off_with_a_word(told: list[str | bytes]) -> None:
    link = link_of("secure", LEAST_FRAMES)
    link.session.wipe()
    button = AuditButton(link, 0)  # type: ignore[arg-type]
    button.press(told.append)
    while button.is_running:
        time.sleep(0.01)
    last = json.loads(told[-1])
    assert last["over"]
    assert "press again" in last["sentence"]


@pytest.mark.parametrize(
    ("key", "near", "level"), [(0.9, 0.3, "broken"), (0.01, 0.3, "leaks"), (0.01, 0.0, "nothing found"), (0.2, 0.0, "leaks")]
)
def test_the_verdict_follows_from_what_is_beyond_chance(key: float, near: float, level: str) -> None:
    figures = {
        "key_entries_recovered": Figure(key, 0.001, 0.02),
        "best_partner_within_2_px": Figure(near, 0.0001, 0.003),
    }
    assert _verdict(figures)[0] == level

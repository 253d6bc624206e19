"""`keycam audit` of a recording: the attacker has the recorded samples, the scorer restores with the key."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import POLICIES, Converter, Geometry, readout
from inference.recording import RecordingWriter
from keycam.audit.partners import partners
from keycam.audit.plan import AuditPlan
from keycam.audit.recorded import subject_of_recording
from keycam.audit.run import run_audit
from keycam.key import new_key
from keycam.keyfile import write_plain
from privacy.attacks.partners import best_partners
from tests.privacy_scenes import crops

FRAMES, SIDE, BITS = 121, 16, 12


@dataclass(frozen=True, eq=False)
class Signal:
    signal_v: NDArray[np.float32]
    exposure_s: float = 1.0
    temperature_k: float = 300.0


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key, another device's key, and a recording under each of two policies."""
    folder = tmp_path_factory.mktemp("recorded")
    key = new_key("door", ["host"])
    write_plain(key, folder / "door.key")
    write_plain(new_key("door", ["host"]), folder / "other.key")
    scenes = crops(FRAMES, SIDE, seed=0, channels=1)
    converter = Converter(black_level_dn=64, bits=BITS)
    for policy in ("paper", "secure"):
        with key.schedule(POLICIES[policy]) as schedule, RecordingWriter(folder / f"{policy}.keycam") as writer:
            for number, scene in enumerate(scenes):
                signal = Signal(scene.astype(np.float32) * np.float32(15 * converter.lsb_v))
                writer.write(readout(signal, converter, schedule.frame_key(number, Geometry(SIDE, SIDE, BITS, "mono"))))
    return folder


def plan(recorded: Path, policy: str, **options: object) -> AuditPlan:
    given = {"source": str(recorded / f"{policy}.keycam"), "key": recorded / "door.key", "frames": FRAMES - 1, **options}
    return AuditPlan(**given)


def test_a_recording_under_one_order_falls_and_one_under_masks_does_not(recorded: Path) -> None:
    found = {policy: run_audit(plan(recorded, policy)).result for policy in ("paper", "secure")}
    for result in found.values():
        assert (result["recorded"], result["refused"], result["size_px"]) == (FRAMES, {}, [SIDE, SIDE])
        for name in ("chosen_plaintext", "tables", "single_frame"):
            assert result[name]["says"].startswith("does not apply") and {"frames", "chance", "seed"} <= set(result[name])
    paper, secure = found["paper"], found["secure"]
    assert paper["policy"] == {"order": "full", "refresh": "static", "mask": False}
    assert paper["ciphertext_only"]["neighbours_recovered"] > 0.5
    assert paper["known_plaintext"]["key_entries_recovered"] > 0.9
    assert secure["policy"] == {"order": "full", "refresh": "frame", "mask": True}
    for section in ("ciphertext_only", "known_plaintext", "histogram"):
        for figure, limit in secure[section]["chance_limit"].items():
            assert figure == "scene_chi_square_per_dof" or secure[section][figure] <= limit, figure


def test_the_attacker_has_the_recorded_samples_and_the_scorer_the_scenes(recorded: Path) -> None:
    subject = subject_of_recording(plan(recorded, "secure"))
    case = subject.attacks[0][0]()
    assert set(case.given) == {"frames", "shape"} and case.given["shape"].tolist() == [SIDE, SIDE, BITS]
    scenes = 64 + 15 * crops(FRAMES, SIDE, seed=0, channels=1).astype(int)
    assert abs(subject.scenes[0].astype(int) - scenes[0]).max() <= 1  # restored, to the rounding
    sent = case.given["frames"][0].astype(int).ravel()
    # Masked samples have nothing in common with the scene: a correlation of 256 pairs has standard error 1/16; 4 of them.
    assert abs(np.corrcoef(sent, scenes[0].ravel())[0, 1]) < 0.25


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ((), 2, "key = None: allowed is the key file of the camera or the client"),
        (("--key", "door.key", "--policy", "paper"), 2, "policy = paper: allowed is none with a recording"),
        (("--key", "door.key", "--no-mask"), 2, "mask = False: allowed is none with a recording"),
        (("--key", "door.key", "--size", "8x8"), 2, "size = 8x8: allowed is none with a recording"),
        (("--key", "door.key", "--keys", 2), 2, "keys = 2: allowed is 1 with a recording"),
        (("--key", "other.key"), 3, "0 of the 10 frames looked at are accepted (refused: tag 20); allowed is the key"),
        (("--key", "nothing.key"), 3, "nothing.key"),
    ],
)
def test_what_does_not_go_with_a_recording_is_refused(
    command, recorded: Path, monkeypatch, options, code: int, says: str
) -> None:
    monkeypatch.chdir(recorded)
    run = command("audit", "--source", "secure.keycam", "--frames", 10, *options)
    assert run.code == code and says in run.err and run.err.count("\n") <= 2


def test_a_name_without_a_recording_and_a_key_without_one_are_refused(command, recorded: Path) -> None:
    run = command("audit", "--source", recorded / "nothing.keycam", "--key", recorded / "door.key")
    assert run.code == 3 and "nothing.keycam" in run.err
    run = command("audit", "--key", recorded / "door.key")
    assert run.code == 2 and "allowed is none with --source photographs" in run.err


def test_neighbours_give_themselves_away_in_frames_too_large_to_be_laid_together() -> None:
    from keycam.audit.emission import emission_of

    scenes = crops(60, 72, seed=0, channels=1)
    for policy, least, most in (("paper", 0.5, 1.0), ("secure", 0.0, None)):
        with new_key("door", ["host"]).schedule(POLICIES[policy]) as schedule:
            emission = emission_of(scenes, schedule)
        found = best_partners(emission.seen, seed=1)
        times = {"wall_s": np.array(0.0), "cpu_s": np.array(0.0)}
        case = partners(emission, ("ciphertext_only",))
        figure = case.score({"asked": found.asked, "partner": found.partner, **times}).figures["best_partner_within_2_px"]
        assert least <= figure.value <= (figure.limit if most is None else most)
        assert len(np.unique(found.asked)) == 1024 and not np.any(found.asked == found.partner)


def test_partners_drawn_at_random_are_near_as_often_as_chance_says() -> None:
    from keycam.audit.emission import Emission
    from privacy.seen import Seen

    order = np.random.default_rng(0).permutation(30 * 40)
    emission = Emission(Seen(np.zeros((3, 1200, 1), np.uint8), 30, 40), np.zeros((3, 30, 40, 1), np.uint8), order)
    asked = np.repeat(np.arange(1200), 100)
    partner = (asked + np.random.default_rng(1).integers(1, 1200, asked.size)) % 1200
    times = {"wall_s": np.array(0.0), "cpu_s": np.array(0.0)}
    score = partners(emission, ("ciphertext_only",)).score({"asked": asked, "partner": partner, **times})
    figure = score.figures["best_partner_within_2_px"]
    # 120,000 pairs, each near with a probability of about .018: standard error 3.9e-4; 4 of them.
    assert figure.value == pytest.approx(figure.chance, abs=1.6e-3)

"""`keycam recording` and `keycam demo --record`: what was recorded is checked, exported, imported and refused."""

import errno
import json
import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from adc import KeySchedule
from adc.frame import sealed
from inference.recording import Recording, RecordingWriter
from tests.recorded_frames import GEOMETRY, header, keyed_frame, noise_frame, same


@pytest.fixture(scope="module")
def demonstration(process, picture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key, a recording of the demonstration under it, and what the demonstration said."""
    folder = tmp_path_factory.mktemp("demonstration")
    assert process("keys", "new", "door.key", "--device", "door", folder=folder).code == 0
    line = ("demo", "--image", picture, "--frames", 5, "--key", "door.key", "--record", "door.keycam", "--json")
    run = process(*line, folder=folder)
    assert run.err == ""
    (folder / "demo.json").write_text(json.dumps(run.json()))
    return folder


@pytest.fixture
def authentic(tmp_path: Path) -> Path:
    """A folder with a recording, `door.keycam`, of a few small frames."""
    with RecordingWriter(tmp_path / "door.keycam") as writer:
        for counter in range(4):
            writer.write(keyed_frame(counter))
    return tmp_path


def test_the_demonstration_is_recorded_as_its_link_carried_it(command, demonstration: Path) -> None:
    said = json.loads((demonstration / "demo.json").read_text())
    assert (said["frames"], said["agreement"], said["recording"]) == (5, 1.0, "door.keycam")
    assert said["frames_refused_by_wrong_key_host"] == 5
    info = command("recording", "info", demonstration / "door.keycam", "--json").json()
    assert (info["frames"], info["device"], info["client"], info["epoch"]) == (5, "door", "host", 0)
    assert info["policy"] == {"order": "full", "refresh": "frame", "mask": True}
    assert (info["height"], info["width"], info["bits"], info["cfa"]) == (256, 256, 12, "rggb")
    assert (info["first_counter"], info["last_counter"], info["chunks"], info["trouble"]) == (0, 4, 1, {})
    assert info["began_s"] < info["ended_s"]
    assert info["frames_per_second"] > 0
    assert info["bytes"] == (demonstration / "door.keycam" / "chunk-000000.raw").stat().st_size
    checked = command("recording", "check", demonstration / "door.keycam", "--key", demonstration / "door.key", "--json").json()
    assert (checked["frames"], checked["readable"], checked["accepted"]) == (5, 5, 5)
    assert (checked["refused"], checked["trouble"]) == ({}, {})


def test_a_second_demonstration_goes_on_with_the_counters_and_overwrites_nothing(
    command, demonstration: Path, picture: Path, tmp_path: Path
) -> None:
    line = ("demo", "--image", picture, "--frames", 2, "--key", demonstration / "door.key", "--out", tmp_path)
    before = Recording(demonstration / "door.keycam").index[-1].counter
    assert command(*line, "--record", tmp_path / "b.keycam").code == 0
    assert Recording(tmp_path / "b.keycam").index[0].counter > before
    run = command(*line, "--record", tmp_path / "b.keycam")
    assert run.code == 3
    assert run.err.startswith(f"keycam: recording = {tmp_path / 'b.keycam'}: something is there already; allowed is")
    assert run.err.count("\n") == 1
    assert len(Recording(tmp_path / "b.keycam")) == 2


def test_a_demonstration_without_a_picture_leaves_no_recording(command, demonstration: Path, tmp_path: Path) -> None:
    run = command(
        "demo", "--image", tmp_path / "none.png", "--key", demonstration / "door.key", "--out", tmp_path / "out",
        "--record", tmp_path / "a.keycam",
    )  # fmt: skip
    assert run.code == 3
    assert "there is no such file" in run.err
    assert not (tmp_path / "a.keycam").exists()


def test_the_key_of_the_camera_still_reads_after_rotation_and_that_of_a_client_of_the_next_epoch_does_not(
    command, demonstration: Path, tmp_path: Path
) -> None:
    key = tmp_path / "door.key"
    shutil.copy(demonstration / "door.key", key)
    recording = demonstration / "door.keycam"
    for name in ("then", "later"):
        assert command("keys", "open", key, tmp_path / f"{name}.key", "--client", "host").code == 0
        assert command("keys", "rotate", key).code == 0
    assert command("recording", "check", recording, "--key", tmp_path / "then.key").code == 0
    assert command("keys", "revoke", key, "--client", "host").code == 0
    assert command("recording", "check", recording, "--key", key).code == 0
    run = command("recording", "check", recording, "--key", tmp_path / "later.key", "--json")
    assert run.code == 1
    assert json.loads(run.out)["refused"] == {"epoch": 5}


def test_another_key_refuses_every_frame_by_cause_and_ends_with_one(command, demonstration: Path, tmp_path: Path) -> None:
    for device, cause in (("door", "tag"), ("gate", "device")):
        assert command("keys", "new", tmp_path / f"{device}.key", "--device", device).code == 0
        run = command("recording", "check", demonstration / "door.keycam", "--key", tmp_path / f"{device}.key", "--json")
        assert (run.code, run.err) == (1, "")
        checked = json.loads(run.out)
        assert (checked["accepted"], checked["readable"], checked["refused"]) == (0, 5, {cause: 5})


def test_damage_is_counted_by_cause_with_and_without_a_key(command, demonstration: Path, tmp_path: Path) -> None:
    recording = tmp_path / "door.keycam"
    shutil.copytree(demonstration / "door.keycam", recording)
    chunk = recording / "chunk-000000.raw"
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 4
    chunk.write_bytes(content)
    for key in ((), ("--key", demonstration / "door.key")):
        run = command("recording", "check", recording, *key, "--json")
        assert run.code == 1
        checked = json.loads(run.out)
        assert (checked["frames"], checked["readable"], checked["trouble"]) == (5, 4, {"crc": 1})
        assert checked.get("accepted", 4) == 4
    shown = command("recording", "check", recording)
    assert "crc: 1" in shown.out
    assert "their CRC-32 does not fit" in shown.out


def test_a_tail_that_was_broken_off_is_named_and_no_damage(command, demonstration: Path, tmp_path: Path) -> None:
    recording = tmp_path / "door.keycam"
    shutil.copytree(demonstration / "door.keycam", recording)
    with (recording / "chunk-000000.raw").open("ab") as file:
        file.write(b"KCAM and the beginning of a frame")
    with (recording / "index.jsonl").open("ab") as file:
        file.write(b'{"counter":')
    run = command("recording", "check", recording, "--key", demonstration / "door.key", "--json")
    assert run.json()["trouble"] == {"unfinished": 1}
    assert run.json()["accepted"] == 5
    for name in ("info", "check"):
        shown = command("recording", name, recording)
        assert shown.code == 0
        assert "unfinished: 1" in shown.out
        assert "broken off, or is being written" in shown.out


def test_a_line_that_is_gone_is_damage(command, authentic: Path) -> None:
    index = authentic / "door.keycam" / "index.jsonl"
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join([*lines[:2], b"#" + lines[2][1:], *lines[3:]]))
    run = command("recording", "check", authentic / "door.keycam", "--json")
    assert run.code == 1
    assert json.loads(run.out)["trouble"] == {"line": 1}


def test_a_repeated_frame_is_refused_as_a_replay(command, tmp_path: Path) -> None:
    (tmp_path / "lab.key").write_text(bytes(range(32)).hex())
    frame_key = KeySchedule(bytes(range(32))).frame_key(1, GEOMETRY)
    authentic = sealed(header(1, device="cam0", client="host"), noise_frame(1).samples, frame_key)
    with RecordingWriter(tmp_path / "a.keycam") as writer:
        for _ in range(2):
            writer.write(authentic)
    run = command("recording", "check", tmp_path / "a.keycam", "--key", tmp_path / "lab.key", "--json")
    assert run.code == 1
    checked = json.loads(run.out)
    assert (checked["accepted"], checked["refused"], checked["trouble"]) == (1, {"replay": 1}, {"counter": 1})


def test_an_exported_recording_comes_back_frame_by_frame(command, demonstration: Path, tmp_path: Path) -> None:
    video, again = tmp_path / "new" / "door.mkv", tmp_path / "further" / "door.keycam"
    exported = command("recording", "export", demonstration / "door.keycam", "--out", video, "--json").json()
    assert (exported["frames"], exported["bytes"], exported["trouble"]) == (5, video.stat().st_size, {})
    imported = command("recording", "import", video, "--out", again, "--json").json()
    assert (imported["frames"], imported["recording"]) == (5, str(again))
    before, after = Recording(demonstration / "door.keycam"), Recording(again)
    assert same(list(after), list(before))
    assert np.array_equal(after.index.rows, before.index.rows)
    assert command("recording", "check", again, "--key", demonstration / "door.key").code == 0
    # For ordinary footage it is not to be taken: it shows no scene.
    looked = command("batch", video, "--out", tmp_path / "out")
    assert (looked.code, looked.out) == (3, "")
    assert looked.err == (
        f"keycam: video = {video}: it is a recording of keyed frames, which show no scene; "
        f"allowed is footage, and for these frames 'keycam replay {video}'\n"
    )
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["chunk-000000.raw", "door.mkv", "index.jsonl"]


def test_an_export_takes_the_place_of_nothing(command, authentic: Path) -> None:
    video = authentic / "archive.mkv"
    video.write_bytes(b"the only copy of something else")
    run = command("recording", "export", authentic / "door.keycam", "--out", video)
    assert (run.code, run.out) == (2, "")
    assert run.err == f"keycam: out = {video}: something is there already; allowed is a new file\n"
    assert video.read_bytes() == b"the only copy of something else"


def test_a_recording_is_told_to_people_as_tables(command, authentic: Path) -> None:
    recording, video = authentic / "door.keycam", authentic / "a.mkv"
    for line in (
        ("info", recording),
        ("check", recording),
        ("export", recording, "--out", video),
        ("import", video, "--out", authentic / "b"),
    ):
        run = command("recording", *line)
        assert (run.code, run.err) == (0, "")
        assert "│ frames" in run.out
        assert "None" not in run.out
    assert "UTC" in command("recording", "info", recording).out


def test_an_h264_video_of_keyed_frames_is_refused_and_leaves_nothing(command, authentic: Path) -> None:
    with av.open(str(authentic / "door.mp4"), "w") as container:
        track = container.add_stream("libx264", rate=30)
        track.height, track.width, track.pix_fmt = GEOMETRY.height, GEOMETRY.width, "yuv420p"
        for raw in Recording(authentic / "door.keycam"):
            picture = (raw.samples.reshape(GEOMETRY.height, GEOMETRY.width) >> 4).astype(np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(track.encode(None))
    before = sorted(authentic.rglob("*"))
    run = command("recording", "import", authentic / "door.mp4", "--out", authentic / "b.keycam")
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith(
        f"keycam: video = {authentic / 'door.mp4'}: it is compressed with h264, a lossy codec, which destroys"
    )
    assert "no frame passes its tag or can be restored; allowed is" in run.err
    assert run.err.count("\n") == 1
    assert sorted(authentic.rglob("*")) == before


def test_an_import_and_an_export_that_fail_leave_nothing(command, authentic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = authentic / "a.mkv"
    assert command("recording", "export", authentic / "door.keycam", "--out", video).code == 0
    content = video.read_bytes()
    (authentic / "cut.mkv").write_bytes(content[: int(0.9 * len(content))])
    before = sorted(authentic.rglob("*"))
    run = command("recording", "import", authentic / "cut.mkv", "--out", authentic / "b.keycam")
    assert run.code == 3
    assert run.err.startswith(f"keycam: video = {authentic / 'cut.mkv'}: ")
    assert sorted(authentic.rglob("*")) == before
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 80:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    run = command("recording", "import", video, "--out", authentic / "b.keycam")
    monkeypatch.undo()
    assert run.code == 3
    says = (
        f"keycam: out = {authentic / 'b.keycam'}: it cannot be written (No space left on device); allowed is a folder in a folder"
    )
    assert run.err.startswith(says)
    assert sorted(authentic.rglob("*")) == before

"""`keycam recording`: what a recording holds, whether its frames are authentic, and lossless videos of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from adc import FrameHeader, KeySchedule
from inference.receiver import FrameRefused, Receiver
from inference.recording import Recording, RecordingError, RecordingWriter
from inference.recording.video import export_video, import_video
from keycam.atomic_file import whole_file, whole_folder
from keycam.key import Key
from keycam.keyfile import open_key
from keycam.passphrase import known_passphrase
from keycam.progress import progress


def describe_recording(path: Path) -> dict[str, Any]:
    """What a recording says of itself, without a key and without a look at every frame."""
    recording = Recording(path)
    header, rows = recording.first_header, recording.index.rows
    result: dict[str, Any] = {"recording": str(path), "frames": len(recording)}
    if header is not None:
        result |= {"device": header.device, "client": header.client, "epoch": header.epoch, "policy": asdict(header.policy)}
        result |= asdict(header.geometry)
    if len(rows):
        began_s, ended_s = float(rows["received_s"][0]), float(rows["received_s"][-1])
        rate = (len(rows) - 1) / (ended_s - began_s) if ended_s > began_s else None
        result |= {"first_counter": int(rows["counter"][0]), "last_counter": int(rows["counter"][-1])}
        result |= {"began_s": began_s, "ended_s": ended_s, "frames_per_second": rate}
    sizes = recording.chunk_sizes
    return result | {"chunks": len(sizes), "bytes": sum(sizes.values()), "trouble": recording.trouble}


def check_recording(path: Path, key_file: Path | None, passphrase_file: Path | None) -> dict[str, Any]:
    """Read every frame; with a key file also verify every tag. Says how many are readable, accepted, and refused by cause.

    The key of a device verifies what was recorded for any of its clients in any epoch, that of a client its own.
    """
    recording = Recording(path)
    result: dict[str, Any] = {"recording": str(path), "frames": len(recording), "key": None}
    if key_file is None:
        result["readable"] = sum(1 for _ in progress(recording, "checking", len(recording)))
        return result | {"trouble": recording.trouble}
    with open_key(key_file, lambda: known_passphrase(passphrase_file, str(key_file))) as key:
        result |= {"key": key.card.fingerprint, "readable": 0, "accepted": 0, "refused": {}}
        header = recording.first_header
        if header is not None:
            with schedule_of(key, header) as schedule:
                receiver = Receiver(schedule, live=False)
                for raw in progress(recording, "checking", len(recording)):
                    result["readable"] += 1
                    try:
                        receiver.accept(raw).wipe()
                    except FrameRefused:
                        continue  # the receiver counts it
                    result["accepted"] += 1
                result["refused"] = dict(receiver.refused)
    return result | {"trouble": recording.trouble}


def is_sound(checked: dict[str, Any]) -> bool:
    """Whether a check found every frame that was ever named, and with a key accepted them all.

    A frame that was broken off at the end is what a stop leaves behind, and no damage.
    """
    found = checked["readable"] if checked["key"] is None else checked["accepted"]
    return bool(found == checked["frames"] and "line" not in checked["trouble"])


def export_recording(path: Path, out: Path) -> dict[str, Any]:
    """Write a recording as FFV1 in Matroska. Raises `ValueError` for a name that is taken or does not end in .mkv."""
    if out.suffix.lower() != ".mkv":
        raise ValueError(f"out = {out}: allowed is a name that ends in .mkv, as other containers do not keep the headers")
    if out.exists():  # which may be all that is left of another recording
        raise ValueError(f"out = {out}: something is there already; allowed is a new file")
    recording = Recording(path)
    with whole_file(out, "out") as unfinished:
        frames = sum(1 for _ in progress(export_video(recording, unfinished), "exporting", len(recording)))
    result = {"recording": str(path), "video": str(out), "frames": frames, "bytes": out.stat().st_size}
    return result | {"trouble": recording.trouble}


def import_recording(video: Path, out: Path) -> dict[str, Any]:
    """Make a recording of a video that was exported, with the same frames and times. It appears when it is whole."""
    with whole_folder(out, "out") as unfinished, RecordingWriter(unfinished) as writer:
        for raw, received_s in progress(import_video(video), "importing", None):
            try:
                writer.write(raw, received_s)
            except RecordingError as error:
                raise error.__cause__ or error from None  # what the system said, of which `out` is the name to give
    return {"video": str(video), "recording": str(out), "frames": writer.frames}


def schedule_of(key: Key, header: FrameHeader) -> KeySchedule:
    """The schedule under which a frame with this header was made, if `key` is its device's or its client's."""
    if key.card.purpose == "client":
        return key.schedule(header.policy)
    # To read needs no counter, so a device's key may make those of clients and epochs that have ended.
    names = {"device": key.card.device, "client": header.client}
    return KeySchedule(key.secret, **names, epoch=header.epoch, policy=header.policy)

"""`keycam replay`: a keyed recording through the network, with the key."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adc import RASTER, FrameHeader, KeySchedule, RawFrame
from calibration.bench import CameraIdentity
from inference.answers import Network
from inference.receiver import Receiver
from inference.recording import Recording, RecordingError
from inference.recording.video import import_video
from inference.stream import stream
from keycam.atomic_file import whole_folder
from keycam.batch.fitting import fitted, settings_in
from keycam.batch.folder import write_json
from keycam.batch.in_flight import FramesInFlight
from keycam.batch.plan import ReplayPlan, named_shuffle, picture_size
from keycam.batch.seeing import write_results
from keycam.batch.sheet import SHEET, draw_sheet
from keycam.batch.summary import SUMMARY, summarised
from keycam.camera_corrections import UNCORRECTED, CameraCorrections, corrections_for
from keycam.demo_camera import development
from keycam.keyfile import open_key
from keycam.passphrase import known_passphrase
from keycam.policy import described
from keycam.progress import progress
from keycam.recording import schedule_of
from sensor_sim import DEMO_PROFILE, SensorProfile, load_profile

if TYPE_CHECKING:
    from keycam.batch.network import ChosenNetwork


def run_replay(plan: ReplayPlan) -> dict[str, Any]:
    """Run the network on the frames of a recording; the result as `--json` prints it.

    `refused` counts frames that the key does not accept, by cause, `trouble` those that cannot be read.

    Raises
    ------
    RecordingError
        For what is no recording, above all a video that a lossy codec made of one, and where the key accepts no frame.
    CorrectionsError
        For corrections that are damaged or of another camera than the recording's.
    KeyFileError, OutputError, ValueError
        For a key that cannot be used, a place that is taken or cannot be written, and what else is wrong with the plan.
    """
    began_s = time.perf_counter()
    footage = _Footage.opened(plan.recording)
    header = footage.header()
    profile, corrections = _profile_of(plan, header), _corrections_of(plan, header)
    with open_key(plan.key, lambda: known_passphrase(plan.passphrase_file, str(plan.key))) as key:
        schedule, fingerprint = schedule_of(key, header), key.card.fingerprint
    with schedule, whole_folder(plan.out, "out") as folder:
        from keycam.batch.network import choose_network  # torch: what needs none has been looked at

        chosen = choose_network(plan.model, plan.weights)
        place = folder / (plan.recording.resolve().name or "recording")
        place.mkdir()
        frames, refused = _seen(plan, footage, header, chosen, profile, corrections, schedule, place)
        if not frames:
            causes = ", ".join(f"{cause} {count}" for cause, count in refused.items()) or "none can be read"
            trouble = f"the key accepts none of its frames ({causes})"
            raise RecordingError(f"recording = {plan.recording}: {trouble}; allowed is the key of its camera or client")
        shape = {"height": header.geometry.height, "width": header.geometry.width}
        said = {
            "model": plan.model,
            "policy": described(schedule.policy),
            "key": fingerprint,
            "reveal": plan.reveal,
            "frames": frames,
            "footage": {place.name: summarised(place, {"source": str(plan.recording), **shape})},
            "set_aside": {},
            "incomplete": {},
            "refused": refused,
            "trouble": footage.trouble(),
        }
        write_json(folder / SUMMARY, said)
        title = f"keycam replay: {plan.model}, {described(schedule.policy)}"
        draw_sheet([place], [frames], chosen.classes, title, plan.reveal, folder / SHEET)
    seconds = time.perf_counter() - began_s
    files = {"summary": str(plan.out / SUMMARY), "contact_sheet": str(plan.out / SHEET)}
    speed = {"seconds": round(seconds, 3), "frames_per_second": round(frames / seconds, 3)}
    return {**said, **files, "frames_done": frames, **speed}


@dataclass(frozen=True)
class _Footage:
    """A recording's folder, or the lossless video that was exported of one."""

    path: Path
    recording: Recording | None

    @classmethod
    def opened(cls, path: Path) -> "_Footage":
        return cls(path, None if path.is_file() else Recording(path))

    def frames(self) -> Iterator[tuple[RawFrame, float]]:
        """Each frame that can be read and when it was received, s."""
        if self.recording is None:
            yield from import_video(self.path)
            return
        for number, raw in self.recording.numbered():
            yield raw, self.recording.index[number].received_s

    def header(self) -> FrameHeader:
        """Of the first frame. Raises RecordingError where there is none."""
        for raw, _ in self.frames():
            return raw.header
        raise RecordingError(f"recording = {self.path}: it has no frame that can be read; allowed is one with some")

    def trouble(self) -> dict[str, int]:
        return {} if self.recording is None else {str(cause): count for cause, count in self.recording.trouble.items()}

    def __len__(self) -> int:
        return 0 if self.recording is None else len(self.recording)


def _seen(
    plan: ReplayPlan,
    footage: _Footage,
    header: FrameHeader,
    chosen: "ChosenNetwork",
    profile: SensorProfile,
    corrections: CameraCorrections,
    schedule: KeySchedule,
    folder: Path,
) -> tuple[int, dict[str, int]]:
    """Write what the network sees; how many frames, and how many were refused by cause."""
    array, wanted = (header.geometry.height, header.geometry.width), chosen.size_for(picture_size(plan.size))
    least = wanted or (chosen.least_px, chosen.least_px)
    if array[0] < least[0] or array[1] < least[1]:
        trouble = f"its frames are {array[1]}x{array[0]} photosites"
        raise RecordingError(
            f"recording = {plan.recording}: {trouble}; allowed is {least[1]}x{least[0]} or more for {plan.model}"
        )
    settings = settings_in(array, wanted, profile, header.exposure_s)
    display = development(profile, None, header.exposure_s) if plan.reveal else None
    in_flight = FramesInFlight(schedule, display, corrections)

    def known() -> Iterator[RawFrame]:
        first_s = None
        for number, (raw, received_s) in enumerate(footage.frames()):
            first_s = received_s if first_s is None else first_s
            in_flight.add(raw, number, max(0.0, received_s - first_s))
            yield raw

    network: Network = chosen.plain()
    if schedule.policy != RASTER:
        network = chosen.keyed(schedule, fitted(array, wanted).picture, named_shuffle(plan.shuffle))
    frames = progress(known(), "replaying", len(footage) or None)
    receiver = Receiver(schedule, live=False)
    with stream(frames, receiver, network, settings=settings, corrections=corrections.of_frame) as results:
        seen = map(in_flight.seen, results)
        return write_results(seen, chosen.classes, array, folder, video=plan.video), dict(results.refused)


def _profile_of(plan: ReplayPlan, header: FrameHeader) -> SensorProfile:
    profile = DEMO_PROFILE if plan.profile is None else load_profile(plan.profile)
    geometry, readout = header.geometry, profile.readout
    theirs = (geometry.cfa, geometry.bits, header.black_level_dn)
    if theirs != (profile.cfa, readout.bits, readout.black_level_dn):
        trouble = f"frames of a {geometry.cfa} array with {geometry.bits} bits and black at {header.black_level_dn} DN"
        allowed = "the sensor that they came from, such as mobile for 'keycam live'"
        raise ValueError(f"profile = {profile.name}: the recording has {trouble}; allowed is {allowed}")
    return profile


def _corrections_of(plan: ReplayPlan, header: FrameHeader) -> CameraCorrections:
    return UNCORRECTED if plan.corrections is None else corrections_for(CameraIdentity.of_frame(header), plan.corrections)

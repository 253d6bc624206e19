"""What lies on disk says nothing about the scene under the secure policy, and everything under the raster one."""

import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adc import PAPER, RASTER, SECURE, KeySchedule, ReadoutPolicy
from inference.recording import Recording, RecordingWriter
from keycam.demo_camera import make_camera
from sensor_sim.resample import resample
from sensor_sim.scene import Scene, load_photograph

PHOTOGRAPHS = ("chelsea", "astronaut", "coffee")
SIDE_PX = 256
Samples = NDArray[np.float64]


def scene(name: str) -> Scene:
    photograph = load_photograph(name)
    side = min(photograph.shape[:2])
    return resample(photograph[:side, :side], (SIDE_PX, SIDE_PX))


def recording_of(folder: Path, policy: ReadoutPolicy) -> Recording:
    schedule = KeySchedule(bytes(range(32)), policy=policy)
    with make_camera(schedule, 0, itertools.count()) as camera, RecordingWriter(folder) as writer:
        for name in PHOTOGRAPHS:
            writer.write(camera.capture(scene(name)))
    return Recording(folder)


def on_disk(recording: Recording, number: int) -> Samples:
    """The samples of a frame as anybody reads them from the chunk, without this project's reader: 12 bits, lowest first."""
    line = recording.index[number]
    content = (recording.path / f"chunk-{line.chunk:06}.raw").read_bytes()[line.offset_bytes :][: line.size_bytes]
    octets = np.frombuffer(content, np.uint8)[line.header_bytes : -16].astype(np.uint16).reshape(-1, 3)
    pairs = np.stack([octets[:, 0] | (octets[:, 1] & 15) << 8, octets[:, 1] >> 4 | octets[:, 2] << 4], axis=1)
    return pairs.reshape(SIDE_PX, SIDE_PX).astype(np.float64)


def correlation(one: Samples, other: Samples) -> float:
    return abs(float(np.corrcoef(one.ravel(), other.ravel())[0, 1]))


def green(name: str) -> Samples:
    return scene(name)[..., 1].astype(np.float64)


# The correlation of n independent pairs has a standard error of 1 / sqrt(n); five of them miss once in 1.7 million.
LIMIT = 5 / SIDE_PX


def test_secure_samples_on_disk_correlate_neither_with_the_scene_nor_with_each_other(tmp_path: Path) -> None:
    recording = recording_of(tmp_path / "a", SECURE)
    frames = [on_disk(recording, number) for number in range(len(PHOTOGRAPHS))]
    for name, samples in zip(PHOTOGRAPHS, frames, strict=True):
        assert correlation(samples, green(name)) < LIMIT
        assert correlation(samples[:, :-1], samples[:, 1:]) < LIMIT
        assert correlation(samples[:-1], samples[1:]) < LIMIT
    for one, other in itertools.combinations(frames, 2):
        assert correlation(one, other) < LIMIT


def test_secure_bytes_on_disk_have_a_flat_histogram(tmp_path: Path) -> None:
    recording = recording_of(tmp_path / "a", SECURE)
    for number in range(len(PHOTOGRAPHS)):
        samples = on_disk(recording, number)
        counts = np.bincount(samples.astype(np.int64).ravel() >> 4, minlength=256)
        expected = samples.size / 256
        chi_square = float(((counts - expected) ** 2 / expected).sum())
        # Chi-square with 255 degrees of freedom: mean 255, standard deviation sqrt(510) = 22.6; five of them.
        assert abs(chi_square - 255) < 5 * 22.6


def test_the_looks_find_a_scene_that_is_there(tmp_path: Path) -> None:
    recording = recording_of(tmp_path / "a", RASTER)
    for number, name in enumerate(PHOTOGRAPHS):
        samples = on_disk(recording, number)
        # Green photosites of the Bayer array see what the green channel shows.
        assert correlation(samples[::2, 1::2], green(name)[::2, 1::2]) > 0.9
        counts = np.bincount(samples.astype(np.int64).ravel() >> 4, minlength=256)
        assert float(((counts - 256) ** 2 / 256).sum()) > 100 * 255


def test_a_policy_without_a_mask_shows_its_histogram_on_disk_and_no_layout(tmp_path: Path) -> None:
    samples = on_disk(recording_of(tmp_path / "a", PAPER), 0)
    assert correlation(samples, green(PHOTOGRAPHS[0])) < LIMIT
    counts = np.bincount(samples.astype(np.int64).ravel() >> 4, minlength=256)
    assert float(((counts - 256) ** 2 / 256).sum()) > 100 * 255


def test_the_sizes_of_secure_files_say_nothing_of_the_scene(tmp_path: Path) -> None:
    # Nothing is compressed: under an order alone a compressor's sizes would tell scenes apart.
    sizes = []
    for name in PHOTOGRAPHS:
        with (
            make_camera(KeySchedule(bytes(range(32))), 0, itertools.count()) as camera,
            RecordingWriter(tmp_path / name) as writer,
        ):
            for _ in range(2):
                writer.write(camera.capture(scene(name)), 1.0)
        sizes.append({file.name: file.stat().st_size for file in (tmp_path / name).iterdir()})
    assert sizes[0] == sizes[1] == sizes[2]

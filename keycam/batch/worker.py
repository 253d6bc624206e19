"""The worker: decodes a unit's footage, looks at it through the camera and the keyed network, and writes what it saw.

One worker lives in each process. It keeps its network, and opens the key's file by itself: neither a key nor a frame ever
passes between processes.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from adc import RASTER, KeySchedule, RawFrame
from firmware_model import Camera, converter_of
from firmware_model.camera import frame_seed
from inference.answers import Network
from inference.keyed import UnsupportedLayerError
from inference.receiver import Receiver
from inference.recording import RecordingWriter, recorded
from inference.stream import stream
from keycam.batch.fitting import Fitting, fitted
from keycam.batch.folder import UnitFolder
from keycam.batch.in_flight import FramesInFlight
from keycam.batch.network import choose_network
from keycam.batch.recipe import Recipe
from keycam.batch.seeing import RECORDING, write_results
from keycam.batch.units import Unit
from keycam.demo_camera import development
from keycam.policy import named_policy
from sensor_sim import Sensor

SIZES_KEPT = 4
"""Networks and sensors kept, of the footage sizes that came last."""


class Worker:
    """Goes through units of one recipe into one output folder; one at a time.

    Raises what `choose_network` and `Recipe.open_key` raise.
    """

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self._recipe, self._out = recipe, out
        self._chosen = choose_network(recipe.model, recipe.weights)
        if self._chosen.digest != recipe.digest:
            trouble = "its weights are others than those that the batch began with"
            raise ValueError(f"model = {recipe.model}: {trouble}; allowed is the same weights on all machines")
        self._key = recipe.open_key()
        self._schedule = self._key.schedule(named_policy(recipe.policy), recipe.client)
        self._key.wipe()
        self._one_at_a_time = threading.Lock()
        self._network = lru_cache(SIZES_KEPT)(self._made_network)
        self._sensor = lru_cache(SIZES_KEPT)(self._made_sensor)

    def run(self, unit: Unit, first_counter: int) -> None:
        """Do a unit under the counters from `first_counter` on, unless some worker has done it.

        Raises SceneError where its footage is damaged, CountersTaken, and OSError or RecordingError where results cannot be
        written.
        """
        folder = UnitFolder(self._out, unit.uid, first_counter)
        with self._one_at_a_time:
            if folder.is_done:
                return
            folder.claim()
            try:
                self._see(unit, first_counter, folder.path)
                folder.finish({"uid": unit.uid, "first": unit.first, "frames": unit.count, "first_counter": first_counter})
            except BaseException:
                folder.drop()
                raise

    def close(self) -> None:
        """Overwrite the keys."""
        with self._one_at_a_time:
            self._schedule.wipe()

    def _see(self, unit: Unit, first_counter: int, folder: Path) -> None:
        recipe, schedule, classes = self._recipe, self._schedule, self._chosen.classes
        fit = fitted(unit.frame, self._chosen.size_for(recipe.size))
        sensor = self._sensor(fit.array)
        in_flight = FramesInFlight(schedule, development(sensor.profile, None) if recipe.reveal else None)
        frames: Iterable[RawFrame] = _captured(unit, first_counter, sensor, schedule, in_flight)
        if recipe.record:
            frames = _recorded(frames, folder / RECORDING)
        settings = development(sensor.profile, fit.picture)
        with stream(frames, Receiver(schedule, live=False), self._network(fit), settings=settings) as results:
            count = write_results(map(in_flight.seen, results), classes, fit.array, folder, video=recipe.video)
        if count != unit.count:
            raise RuntimeError(f"{count} of {unit.count} frames came back, refused {results.refused}")

    def _made_network(self, fit: Fitting) -> Network:
        if self._schedule.policy == RASTER:
            return self._chosen.plain()
        try:
            return self._chosen.keyed(self._schedule, fit.picture, self._recipe.shuffle)
        except UnsupportedLayerError as error:  # which does not pass between processes
            raise ValueError(f"model = {self._recipe.model!r}: {error}") from error

    def _made_sensor(self, array: tuple[int, int]) -> Sensor:
        profile = replace(self._recipe.profile, height=array[0], width=array[1])
        return Sensor(profile, device_seed=self._recipe.seed)


def _captured(
    unit: Unit, first_counter: int, sensor: Sensor, schedule: KeySchedule, in_flight: FramesInFlight
) -> Iterator[RawFrame]:
    """The frames of a unit as the camera emits them."""
    profile = sensor.profile
    counters = iter(range(first_counter, first_counter + unit.count))
    converter = converter_of(profile, sensor.device_seed)
    scenes = unit.footage.scenes(unit.first, unit.ticks, unit.count)
    with Camera(sensor, converter, schedule, counters, exposure_s=profile.default_exposure_s) as camera:
        for number, (scene, time_s) in enumerate(zip(scenes, unit.time_s.tolist(), strict=False), unit.first):
            began_s = time.perf_counter()
            # From the frame's place and not from its counter: a unit that is done again takes other counters.
            raw = camera.capture(scene, frame_seed(sensor.device_seed, unit.noise, number))
            in_flight.add(raw, number, time_s, time.perf_counter() - began_s)
            yield raw


def _recorded(frames: Iterable[RawFrame], path: Path) -> Iterator[RawFrame]:
    with RecordingWriter(path) as writer:
        yield from recorded(frames, writer)

"""The camera: light goes in, keyed frames come out, and no counter is used twice."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from adc import ColumnConverter, Converter, CounterStore, FrameKey, Geometry, KeysAhead, KeySchedule, RawFrame, readout
from firmware_model.test_patterns import PatternSignal, TestPattern, ideal_of, pattern_codes
from firmware_model.window import Window
from sensor_sim import Exposure, MovingScene, Scene, Sensor


class Camera:
    """A sensor and a converter behind a key slot and a frame counter.

    The key of the next frame is made in a background thread while this one is exposed and read out; `close` ends it. A
    frame's key is wiped as soon as the frame is made.

    Parameters
    ----------
    sensor
        what collects the light.
    converter
        what turns its volts into DN; its depth is that of the frames.
    schedule
        the key slot: device, epoch, policy and the secret behind them.
    counters
        where frame counters come from. A camera whose frames leave this process needs a `CounterStore`; any rising
        iterator will do for a throw-away master. The camera reads one counter ahead and does not close it.
    exposure_s
        exposure time of the next frames, in s; may be changed between frames.
    window
        the part of the array that is read out; None for all of it.

    Raises
    ------
    ValueError
        if `exposure_s` is not above 0 and finite, or sensor, window and converter do not make a geometry.
    """

    def __init__(
        self,
        sensor: Sensor,
        converter: Converter | ColumnConverter,
        schedule: KeySchedule,
        counters: CounterStore | Iterator[int],
        *,
        exposure_s: float = 0.01,
        window: Window | None = None,
    ) -> None:
        profile = sensor.profile
        self._window = Window(0, 0, profile.height, profile.width) if window is None else window
        self.geometry = Geometry(self._window.height, self._window.width, converter.bits, profile.cfa)
        self.sensor = sensor
        self.converter = self._window.of_converter(converter)
        self.exposure_s = exposure_s
        self._keys = KeysAhead(schedule, self.geometry, counters)

    @property
    def exposure_s(self) -> float:
        """Exposure time of the next frame, in s."""
        return self._exposure_s

    @exposure_s.setter
    def exposure_s(self, exposure_s: float) -> None:
        if not 0 < exposure_s < math.inf:
            raise ValueError(f"exposure_s = {exposure_s}: allowed is above 0 and finite")
        self._exposure_s = exposure_s

    @property
    def analog_gain(self) -> float:
        """Gain before the converter, V/V; may be changed between frames."""
        return self.converter.analog_gain

    @analog_gain.setter
    def analog_gain(self, analog_gain: float) -> None:
        ideal = replace(ideal_of(self.converter), analog_gain=analog_gain)
        columns = self.converter
        self.converter = replace(columns, ideal=ideal) if isinstance(columns, ColumnConverter) else ideal

    def capture(self, scene: Scene | MovingScene, noise_seed: int | None = None) -> RawFrame:
        """Expose to a scene, float32 (h, w, 3) of linear light or one that moves, and read out one keyed frame.

        The noise of a frame follows from the sensor's device seed, the epoch and the counter, so a simulation can be
        repeated; or from `noise_seed`, 0 to 2**64 - 1, where the same frame is to come out under another counter. Raises
        RuntimeError once the camera is closed or the counters are used up, and what the sensor, the readout and the counter
        store raise.
        """

        def read(frame_key: FrameKey) -> RawFrame:
            seed = self._seed(frame_key) if noise_seed is None else noise_seed
            exposure = self.sensor.expose(scene, self.exposure_s, seed)
            return readout(self._window.of_exposure(exposure), self.converter, frame_key)

        return self._with_next_key(read)

    def capture_pattern(self, pattern: TestPattern) -> RawFrame:
        """Read out one keyed frame of a test pattern in the place of the sensor's signal; the converter's errors are left out.

        Raises ValueError for "off", and RuntimeError and what the counter store raises as `capture`.
        """

        def read(frame_key: FrameKey) -> RawFrame:
            ideal, exposure_s = ideal_of(self.converter), self.sensor.exposure_taken_s(self.exposure_s)
            codes = pattern_codes(pattern, self.geometry, frame_key.counter)
            temperature_k = self.sensor.profile.temperature_k
            signal = PatternSignal.of(codes, ideal, exposure_s=exposure_s, temperature_k=temperature_k)
            return readout(signal, ideal, frame_key)

        return self._with_next_key(read)

    def capture_voltages(self, voltages_v: NDArray[np.float32]) -> RawFrame:
        """Read out one keyed frame whose row r converts voltage r of float32 (H,) in every column, in the place of the signal.

        Raises ValueError for another shape, and RuntimeError and what the counter store raises as `capture`.
        """
        if voltages_v.dtype != np.float32 or voltages_v.shape != (self.geometry.height,):
            allowed = f"float32 ({self.geometry.height},)"
            raise ValueError(f"voltages_v = {voltages_v.dtype} {voltages_v.shape}: allowed is {allowed}")

        def read(frame_key: FrameKey) -> RawFrame:
            signal_v = np.ascontiguousarray(np.broadcast_to(voltages_v[:, None, None], self.geometry.shape))
            exposure_s, temperature_k = self.sensor.exposure_taken_s(self.exposure_s), self.sensor.profile.temperature_k
            return readout(Exposure(signal_v, exposure_s, temperature_k, self._seed(frame_key)), self.converter, frame_key)

        return self._with_next_key(read)

    def _seed(self, frame_key: FrameKey) -> int:
        return frame_seed(self.sensor.device_seed, frame_key.epoch, frame_key.counter)

    def _with_next_key(self, read: Callable[[FrameKey], RawFrame]) -> RawFrame:
        frame_key = next(self._keys, None)
        if frame_key is None:
            raise RuntimeError("the camera is closed or its frame counters are used up")
        try:
            with self._keys.leaving_cores():
                return read(frame_key)
        finally:
            frame_key.wipe()

    def close(self) -> None:
        """End the background thread; harmless when repeated."""
        self._keys.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def frame_seed(device_seed: int, epoch: int, counter: int) -> int:
    """Return the seed of one frame's temporal noise, 0 to 2**64 - 1: no two frames of a device share theirs but by chance."""
    return int(np.random.SeedSequence(device_seed, spawn_key=(epoch, counter)).generate_state(1, np.uint64)[0])

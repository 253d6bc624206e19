"""Footage to attack: scenes whose values are the samples, as a camera emits them under any readout policy."""

import numpy as np
from numpy.typing import NDArray

from adc import Geometry, KeySchedule
from privacy.seen import Order, Samples, Seen

CHANNEL_NAMES = {1: "mono", 3: "rgb"}


def geometry_of(scenes: Samples, bits: int) -> Geometry:
    """The geometry of scenes (F, H, W, C) with C of 1 or 3. Raises ValueError for any other shape."""
    if scenes.ndim != 4 or scenes.shape[-1] not in CHANNEL_NAMES or not len(scenes):
        raise ValueError(f"scenes = {scenes.dtype} {scenes.shape}: allowed is (F, H, W, 1) or (F, H, W, 3), at least one scene")
    return Geometry(scenes.shape[1], scenes.shape[2], bits, "mono" if scenes.shape[-1] == 1 else "rgb")


def emit(scenes: Samples, schedule: KeySchedule, bits: int = 8, first_counter: int = 0) -> Seen:
    """Read scenes out: order, then mask modulo 2**bits, as `adc.readout` does with samples that are whole numbers already.

    Parameters
    ----------
    scenes
        uint8 or uint16 (F, H, W, C), values below 2**bits.
    schedule
        A throw-away schedule: its counters begin at `first_counter` and must not have been used.
    """
    geometry = geometry_of(scenes, bits)
    frames = np.empty((len(scenes), geometry.pixels, geometry.channels), scenes.dtype)
    for number, scene in enumerate(scenes):
        frame_key = schedule.frame_key(first_counter + number, geometry)
        samples = scene.reshape(geometry.pixels, geometry.channels)[frame_key.order]
        if frame_key.mask is not None:
            samples = (samples.astype(np.uint16) + frame_key.mask) & np.uint16(2**bits - 1)
        frames[number] = samples
    return Seen(frames, geometry.height, geometry.width, bits)


def true_orders(scenes: Samples, schedule: KeySchedule, bits: int = 8, first_counter: int = 0) -> NDArray[np.int64]:
    """The orders of the frames that `emit` makes of the same arguments, int64 (F, P); for scorers only."""
    geometry = geometry_of(scenes, bits)
    keys = (schedule.frame_key(first_counter + number, geometry) for number in range(len(scenes)))
    return np.stack([frame_key.order.astype(np.int64) for frame_key in keys])


def restored(seen: Seen, order: Order) -> Samples:
    """Frames put back by one order, the true or a guessed one: (F, H, W, C). A mask stays on."""
    raster = np.empty_like(seen.frames)
    raster[:, order] = seen.frames
    return raster.reshape(seen.count, seen.height, seen.width, -1)

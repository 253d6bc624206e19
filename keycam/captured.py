"""Pictures through the keyed camera, beside what the same camera gives without a key."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adc import RASTER, KeySchedule
from inference.isp import isp
from inference.receiver import Receiver
from keycam.picture_frames import AdcFrames, CameraFrames


@dataclass(frozen=True, eq=False)
class Batch:
    """The same pictures in four forms; every x is float32 (N, 3, H, W) in channels-last memory, every order int64 (N, P)."""

    plain: Tensor
    keyed: Tensor
    order: Tensor
    wrongly_keyed: Tensor
    wrong_order: Tensor
    unkeyed: Tensor


def captured(
    source: AdcFrames | CameraFrames,
    count: int,
    schedule: KeySchedule,
    batch_size: int,
    master: Callable[[int], bytes] = secrets.token_bytes,
) -> Iterator[Batch]:
    """Send pictures 0 to `count` - 1 through the keyed camera, and through the same camera without a key, batch by batch.

    Every picture is one frame with a counter of its own; throw-away masters make the wrong keys. `master` draws these, of so
    many bytes: from a seeded generator where an experiment must be repeated.
    """
    receiver = Receiver(schedule, live=False)
    wrong = KeySchedule(master(32), device="eval", policy=schedule.policy)
    bare = KeySchedule(master(32), device="eval", policy=RASTER)
    for start in range(0, count, batch_size):
        rows = []
        for number in range(start, min(start + batch_size, count)):
            bare_key = bare.frame_key(number, source.geometry)
            raw = source.frame(number, schedule.frame_key(number, source.geometry))
            plain = isp(source.frame(number, bare_key), bare_key, source.settings)
            keyed = isp(raw, receiver.accept(raw), source.settings)
            misread = isp(raw, wrong.frame_key(number, source.geometry), source.settings)
            # Without a key the emitted samples are all there is: taken as if they lay in raster order.
            unkeyed = isp(raw, bare_key, source.settings)
            rows.append((plain.x, keyed.x, keyed.order, misread.x, misread.order, unkeyed.x))
        plain_x, keyed_x, order, misread_x, wrong_order, unkeyed_x = (np.stack(column) for column in zip(*rows, strict=True))
        yield Batch(
            plain=_pictures(plain_x),
            keyed=_pictures(keyed_x),
            order=_index(order),
            wrongly_keyed=_pictures(misread_x),
            wrong_order=_index(wrong_order),
            unkeyed=_pictures(unkeyed_x),
        )


def _pictures(x: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(x).contiguous(memory_format=torch.channels_last)


def _index(order: NDArray[np.uint32]) -> Tensor:
    return torch.from_numpy(order.astype(np.int64))

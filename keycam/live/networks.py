"""The three ways in which the live camera's network is run: with the right key, with a wrong one, and plain."""

import threading
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from adc import Geometry, KeySchedule, RawFrame
from inference.answers import ClassAnswer, MaskAnswer, answer_of, main_answer, restored_mask
from inference.choices import Shuffle
from inference.isp import IspSettings, KeyedImage, isp
from inference.keyed import KeyedNetwork, convert
from inference.stream import CorrectionsOf
from keycam.camera_corrections import UNCORRECTED
from keycam.demo_camera import development
from keycam.live.chosen_network import ChosenNetwork, cropped_to
from sensor_sim import SensorProfile

LiveAnswer = ClassAnswer | MaskAnswer
RESTORED_HEIGHT_PX = 240


class LiveNetworks:
    """A network with its keyed twins, which change with key and shuffle mode while frames come.

    It is what `inference.stream` calls: `networks(x, order)`.

    Parameters
    ----------
    chosen
        The plain network.
    profile, geometry
        Of the camera.

    Attributes
    ----------
    corrections
        Of the camera whose frames are to come.
    """

    corrections: CorrectionsOf

    def __init__(self, chosen: ChosenNetwork, profile: SensorProfile, geometry: Geometry) -> None:
        self.chosen, self.corrections = chosen, UNCORRECTED.of_frame
        size, crop = cropped_to(chosen.size, geometry)
        self.settings: IspSettings = replace(development(profile, size), crop=crop)
        self._restoring = development(profile, _restored_size(geometry))
        self._example = torch.zeros(1, 3, *size)
        self._twins: dict[Shuffle, KeyedNetwork] = {}
        self._schedule: KeySchedule | None = None
        self._keyed: KeyedNetwork | None = None
        self._lock = threading.Lock()

    def key(self, schedule: KeySchedule, shuffle: Shuffle) -> None:
        """Take the layers' orders of a schedule, and the twin for a shuffle mode; the first time of each takes a while."""
        with self._lock:
            if schedule is not self._schedule:
                with schedule.layer_orders() as layer_orders:
                    for twin in self._twins.values():
                        twin.rekey(layer_orders)
                self._schedule = schedule
            if shuffle not in self._twins:
                with schedule.layer_orders() as layer_orders:
                    self._twins[shuffle] = convert(self.chosen.network, self._example, shuffle, layer_orders)
            self._keyed = self._twins[shuffle]

    def __call__(self, x: Tensor, order: Tensor) -> object:
        """The keyed network's output for one frame."""
        return self._twin(x, order)

    def output_order(self, order: Tensor) -> object:
        """In which order that output is."""
        return self._twin.output_order(order)

    @property
    def _twin(self) -> KeyedNetwork:
        if self._keyed is None:
            raise RuntimeError("the networks have no key yet: call `key` first")
        return self._keyed

    def misread(self, raw: RawFrame, wrong: KeySchedule) -> LiveAnswer:
        """What who holds another key gets out of a frame."""
        image = self._image(raw, wrong, self.settings)
        order = torch.from_numpy(image.order.astype(np.int64))[None]
        with torch.inference_mode():
            return answer_of(self, torch.from_numpy(image.x)[None], order)

    def plain(self, raw: RawFrame, schedule: KeySchedule) -> LiveAnswer:
        """What the plain network says of the restored frame."""
        picture = torch.from_numpy(self._image(raw, schedule, self.settings).restore())[None]
        with torch.inference_mode():
            return plain_answer(self.chosen.network(picture))

    def restored(self, raw: RawFrame, schedule: KeySchedule) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        """The picture for people, float32 (3, h, w) in 0..1, of the whole array."""
        return self._image(raw, schedule, self._restoring).restore()

    def _image(self, raw: RawFrame, schedule: KeySchedule, settings: IspSettings) -> KeyedImage:
        frame_key = schedule.frame_key(raw.header.counter, raw.header.geometry)
        return isp(raw, frame_key, settings, self.corrections(raw.header))


def plain_answer(output: object) -> LiveAnswer:
    """What the output of a plain network says of one picture."""
    scores = main_answer(output)
    assert isinstance(scores, Tensor)
    if scores.ndim == 2:
        return ClassAnswer(scores[0].float().numpy().copy())
    mask = restored_mask(scores, None)
    counts = np.bincount(mask.reshape(-1), minlength=scores.shape[1])
    return MaskAnswer(mask, (counts / mask.size).astype(np.float32))


def agreement(one: LiveAnswer, other: LiveAnswer) -> float:
    """The share of a frame on which two answers agree: of a class all or nothing, of a mask pixel by pixel."""
    if isinstance(one, MaskAnswer) and isinstance(other, MaskAnswer):
        return float((one.mask == other.mask).mean())
    assert isinstance(one, ClassAnswer) and isinstance(other, ClassAnswer)
    return float(one.class_index == other.class_index)


def _restored_size(geometry: Geometry) -> tuple[int, int] | None:
    """A size for the page: half the array's where that still shows something."""
    if geometry.height < 2 * RESTORED_HEIGHT_PX or geometry.height % 2 or geometry.width % 2:
        return None
    return geometry.height // 2, geometry.width // 2

"""The device under test as an application sees it: registers by name, and frames that are verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from adc import KeySchedule, RawFrame
from hil.awake import AwakeTimer
from hil.board import Board
from hil.board_keys import schedule_of
from inference.receiver import FrameRefused
from keycam.link_receiver import LinkReceiver
from link.host import CameraLink, LinkStatistics
from link.register import Value

TAKE_S = 30.0


class TookTooLong(AssertionError):
    """Frames did not come in time."""


class Dut:
    """One camera through the host driver that applications use, faults of the link and the board's key included.

    Parameters
    ----------
    link
        the driver, opened with a client's key.
    board
        what is at its other end.

    Attributes
    ----------
    link, board
        as above.
    receiver
        lets frames in, and counts its verdicts in `statistics`.
    """

    def __init__(self, link: CameraLink, board: Board) -> None:
        self.link, self.board = link, board
        self.receiver = LinkReceiver(self.schedule, link)

    @cached_property
    def schedule(self) -> KeySchedule:
        """The key schedule of its frames, under the policy that it says it reads out with."""
        key = self.board.keys.client
        assert key is not None
        return schedule_of(key, str(self.link.read("readout_policy")))

    @property
    def statistics(self) -> LinkStatistics:
        """What happened on the link, by cause."""
        return self.link.statistics

    def read(self, name: str) -> Value:
        """What a register holds (docs/protocol.md). Raises ValueError for one that cannot be read, LinkFailure."""
        return self.link.read(name)

    def write(self, name: str, value: Value) -> None:
        """Write a register. Raises ValueError for what it does not take, CameraRefused where the camera does not."""
        self.link.write(name, value)

    def set(self, **values: Value) -> None:
        """Write registers, one after the other."""
        for name, value in values.items():
            self.write(name, value)

    def take(self, count: int, limit_s: float = TAKE_S) -> list[RawFrame]:
        """So many verified frames; those that the receiver refuses are counted in `statistics` and left out.

        Raises TookTooLong where they do not come within `limit_s` times the run's scale, and LinkFailure.
        """
        with self.frames(limit_s) as frames:
            taken = [raw for _, raw in zip(range(count), frames, strict=False)]
        if len(taken) < count:
            raise TookTooLong(f"{len(taken)} of {count} frames came within {self.board.scaled_s(limit_s):g} s")
        return taken

    @contextmanager
    def frames(self, limit_s: float = TAKE_S) -> Iterator[Iterator[RawFrame]]:
        """Verified frames as they come, for at most `limit_s` times the run's scale."""
        with self.link.frames() as stream:
            ending = AwakeTimer(self.board.scaled_s(limit_s), stream.stop)

            def verified() -> Iterator[RawFrame]:
                for raw in stream:
                    try:
                        self.receiver.accept(raw).wipe()
                    except FrameRefused:
                        continue
                    yield raw

            try:
                yield verified()
            finally:
                ending.cancel()

    def raster(self, raw: RawFrame) -> NDArray[np.uint16]:
        """A frame as only the key holder sees it, uint16 (H, W, C) in DN."""
        frame_key = self.schedule.frame_key(raw.header.counter, raw.header.geometry)
        try:
            return raw.restore(frame_key)
        finally:
            frame_key.wipe()

    def frame_bytes(self) -> int:
        """Bytes of a frame's samples on the link, with the settings as they are."""
        size = self.read("frame_bytes")
        assert isinstance(size, int)
        return size

"""The receiver of frames that come over a link: its verdicts stand in the link's statistics, beside what went wrong before."""

from adc import FrameKey, KeySchedule, RawFrame
from inference.receiver import FrameRefused, Receiver
from link.host import CameraLink


class LinkReceiver(Receiver):
    """A receiver in a live session that tells its link what it found of each frame.

    Parameters
    ----------
    schedule
        as that of `Receiver`.
    link
        where the frames come from.
    """

    def __init__(self, schedule: KeySchedule, link: CameraLink) -> None:
        super().__init__(schedule)
        self._link = link

    def accept(self, raw: RawFrame) -> FrameKey:
        """As `Receiver.accept`."""
        try:
            frame_key = super().accept(raw)
        except FrameRefused as error:
            self._link.judged(error.cause)
            raise
        self._link.judged()
        return frame_key

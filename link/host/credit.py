"""How far the camera may send: room for so many frames beyond those that are over."""

from link.messages import Credit


class CreditGrant:
    """The credit of one session.

    Parameters
    ----------
    session
        its number.
    frame_bytes
        samples of a frame on the link.
    window_frames
        how many frames may be under way or wait for the application.
    most_frames
        how many the application will take in all; None for no end.
    """

    def __init__(self, session: int, frame_bytes: int, window_frames: int, most_frames: int | None = None) -> None:
        self._session, self._frame_bytes, self._window_frames = session, frame_bytes, window_frames
        self._most_frames = most_frames
        self._taken = self._lost = self._astray = 0

    def of(self, taken: int, lost: int) -> Credit | None:
        """The message for so many frames that the application took and that were lost; None where it was said before."""
        if (taken, lost) == (self._taken, self._lost):
            return None
        self._taken, self._lost = taken, lost
        return self.message

    @property
    def message(self) -> Credit:
        """The present limit; saying it again does no harm."""
        frames = self._taken + self._window_frames
        if self._most_frames is not None:
            frames = min(frames, self._most_frames)
        return Credit(self._session, min((frames + self._lost + self._astray) * self._frame_bytes, 2**64 - 1))

    def renew(self) -> Credit:
        """Every frame that the window was for has vanished without a trace: give it once more."""
        self._astray += self._window_frames
        return self.message

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
    """

    def __init__(self, session: int, frame_bytes: int, window_frames: int) -> None:
        self._session, self._frame_bytes, self._window_frames = session, frame_bytes, window_frames
        self._over = 0
        self._astray = 0

    def of(self, frames_over: int) -> Credit | None:
        """The message for so many frames that the application took or that are lost; None where it was said before."""
        if frames_over <= self._over:
            return None
        self._over = frames_over
        return self.message

    @property
    def message(self) -> Credit:
        """The present limit; saying it again does no harm."""
        frames = self._over + self._astray + self._window_frames
        return Credit(self._session, min(frames * self._frame_bytes, 2**64 - 1))

    def renew(self) -> Credit:
        """Every frame that the window was for has vanished without a trace: give it once more."""
        self._astray += self._window_frames
        return self.message

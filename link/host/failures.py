"""What a host reports when it can go on no further: one sentence each, which says what to check."""

from link.status import Status


class LinkFailure(Exception):
    """A camera behind a link cannot be used; the message names the link, the trouble and what is allowed."""


class CameraSilent(LinkFailure):
    """No camera answered HELLO in time, or the link did not come back."""


class KeyRefused(LinkFailure):
    """Host and camera do not have the same key: another one, another epoch, another client, or none."""


class CameraRefused(LinkFailure):
    """The camera answered NACK; `status` says why, `where` which address or offset it is about."""

    def __init__(self, message: str, status: Status, where: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.where = where


class CommandLost(LinkFailure):
    """The session ended before a command was answered: whether it was carried out is not known."""


class SessionEnded(Exception):
    """The session is over; the driver says HELLO again. It does not leave `link.host`."""

"""What is wrong with the set-up and not with the board: an ERROR of the run, never a FAIL of the test."""

from link.transport.transport import LinkLost, PortError


class InfrastructureError(Exception):
    """Something between this machine and the board does not work; the message names it and what is allowed."""


def is_infrastructure(error: BaseException) -> bool:
    """Whether an exception, or one that led to it, says that the set-up is at fault: no port, a lost link, no side door.

    A board that answers nothing over a port that is there (CameraSilent) fails; one whose port is gone does not.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, InfrastructureError | LinkLost | PortError):
            return True
        seen.add(id(error))
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            return False
        error = cause
    return False

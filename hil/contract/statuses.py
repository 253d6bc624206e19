"""What answers and counters say, for the assertions of the contract."""

from hil.wire import Wire
from link.messages import Message, Nack
from link.status import Status


def status_of(answer: Message) -> Status:
    """Why a command was refused. Raises AssertionError where it was not."""
    if not isinstance(answer, Nack):
        raise AssertionError(f"the command was not refused, but answered by {answer}")
    return answer.status


def count(link: Wire, name: str) -> int:
    """A register that holds a whole number."""
    value = link.read(name)
    assert isinstance(value, int)
    return value

"""Registers by name: read, written, and written again after the camera was reset."""

import difflib
from collections.abc import Iterable

from link.host.dialogue import Dialogue
from link.host.failures import CameraRefused
from link.messages import Ack, Read, ReadReply, Write
from link.register import Register, Value
from link.registers import BY_NAME
from link.status import Status


def register_named(name: str) -> Register:
    """The register called `name`. Raises ValueError, which says what it may have meant."""
    if name not in BY_NAME:
        near = difflib.get_close_matches(name, BY_NAME, 3) or ("those of docs/protocol.md",)
        raise ValueError(f"register = {name!r}: there is none of this name; allowed is {', '.join(near)}")
    return BY_NAME[name]


def register_read(dialogue: Dialogue, name: str) -> Value:
    """What a register holds."""
    return registers_read(dialogue, (name,))[name]


def registers_read(dialogue: Dialogue, names: Iterable[str]) -> dict[str, Value]:
    """What registers that lie one behind the other hold, by one READ, by name."""
    registers = [register_named(name) for name in names]
    for register in registers:
        if not register.is_readable:
            raise ValueError(f"register = {register.name!r}: it cannot be read; allowed is writing it")
    first, last = registers[0], registers[-1]
    reply = dialogue.ask(Read(first.address, last.end - first.address), ReadReply)
    return _decoded(registers, first, reply, dialogue)


def _decoded(registers: list[Register], first: Register, reply: ReadReply, dialogue: Dialogue) -> dict[str, Value]:
    try:
        return {each.name: each.decode(reply.data[each.address - first.address : each.end - first.address]) for each in registers}
    except ValueError as error:
        trouble = f"link = {dialogue.connection.name}: the camera answered what no register holds ({error})"
        raise CameraRefused(f"{trouble}; allowed is a camera of this protocol version", Status.BAD_VALUE) from error


def register_written(dialogue: Dialogue, name: str, value: Value) -> None:
    """Write a register. Raises ValueError for what it does not take, and CameraRefused, which names it."""
    register = register_named(name)
    if not register.is_writable:
        raise ValueError(f"register = {name!r}: it is read-only; allowed is reading it")
    data = register.encode(value)
    try:
        dialogue.ask(Write(register.address, data), Ack)
    except CameraRefused as error:
        status = error.status
        text = f"{name} = {value!r}: the camera refused it with {status.name} ({status.meaning}); allowed is {register.allowed}"
        raise CameraRefused(text, status, error.where) from error


class KeptSettings:
    """What was written into registers that hold values, so that a camera that was reset gets it again."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}

    def keep(self, name: str, value: Value) -> None:
        """A register was written."""
        if name == "device_reset":
            self._values.clear()  # who resets the camera wants what it begins with
        elif BY_NAME[name].kind != "command" and name != "stream_enable":
            self._values.pop(name, None)
            self._values[name] = value

    def restore(self, dialogue: Dialogue) -> None:
        """Write all of it again, in the same sequence."""
        for name, value in list(self._values.items()):
            register_written(dialogue, name, value)

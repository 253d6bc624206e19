"""What goes over the page's WebSocket: text to and from, and frames with their pictures in one message each."""

import json
import struct
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

MOST_BYTES = 2**20
"""Of a message from a browser."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SetMessage(_Message):
    """A visitor changes a setting."""

    type: Literal["set"]
    name: str
    value: float | bool | str


class AckMessage(_Message):
    """A visitor's page has drawn a frame, and may be sent another one."""

    type: Literal["ack"]
    counter: int


class AskMessage(_Message):
    """A visitor presses a button: the next epoch, an audit, or to share a webcam and to end that."""

    type: Literal["rotate", "audit", "share", "unshare"]


_ANY: TypeAdapter[SetMessage | AckMessage | AskMessage] = TypeAdapter(
    Annotated[SetMessage | AckMessage | AskMessage, Field(discriminator="type")]
)


def message_of(text: str) -> SetMessage | AckMessage | AskMessage:
    """What a browser said. Raises ValueError for anything else, in one sentence."""
    try:
        return _ANY.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "message"
        raise ValueError(f"{field}: {first['msg']}; allowed is a message of the page's own script") from None


def packed(header: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """One binary message: bytes of the header (4, big-endian), the header as JSON, the pictures one behind the other.

    The header gets the entry "panes": names and bytes of the pictures, in their order.
    """
    sizes = [{"name": name, "bytes": len(picture)} for name, picture in pictures.items()]
    written = json.dumps({**header, "panes": sizes}).encode()
    return b"".join((struct.pack(">I", len(written)), written, *pictures.values()))


def unpacked(message: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Header and pictures of a message that `packed` made: what the page's script does."""
    (size,) = struct.unpack_from(">I", message)
    header: dict[str, Any] = json.loads(message[4 : 4 + size])
    pictures, at = {}, 4 + size
    for pane in header["panes"]:
        pictures[pane["name"]] = message[at : at + pane["bytes"]]
        at += pane["bytes"]
    return header, pictures

"""What a device answers with: done, or why not. The numbers up to 0x8FFF are those of GigE Vision."""

from enum import IntEnum


class Status(IntEnum):
    """The status of a command."""

    OK = 0x0000
    NOT_IMPLEMENTED = 0x8001
    BAD_VALUE = 0x8002
    BAD_ADDRESS = 0x8003
    WRITE_PROTECTED = 0x8004
    BAD_ALIGNMENT = 0x8005
    DENIED = 0x8006
    BUSY = 0x8007
    MALFORMED = 0x9001
    UNSUPPORTED_VERSION = 0x9002
    NEEDS_SESSION = 0x9003
    AUTH_FAILED = 0x9004
    STALE_SEQ = 0x9005
    WRONG_STATE = 0x9006
    NO_KEY = 0x9007
    WRONG_CLIENT = 0x9008
    FAULT = 0x9009
    NO_FRAME = 0x900A
    KEY_SLOT_ACTIVE = 0x9010
    KEY_NOT_BEGUN = 0x9011
    KEY_INCOMPLETE = 0x9012
    KEY_DAMAGED = 0x9013
    KEY_CHECK_WRONG = 0x9014
    KEY_EPOCH_OLD = 0x9015
    FLASH_FAILED = 0x9016

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Status.OK: "done",
    Status.NOT_IMPLEMENTED: "the device does not know this packet type or command",
    Status.BAD_VALUE: "the value is outside what the register or field takes",
    Status.BAD_ADDRESS: "no register begins here, or the span cuts one",
    Status.WRITE_PROTECTED: "the register is read-only, or locked in this state",
    Status.BAD_ALIGNMENT: "address or length is no multiple of 4",
    Status.DENIED: "the session's role may not do this",
    Status.BUSY: "not now; send it again with a new seq",
    Status.MALFORMED: "the payload is not that of its type",
    Status.UNSUPPORTED_VERSION: "host and device share no version",
    Status.NEEDS_SESSION: "the command must be sealed in a session",
    Status.AUTH_FAILED: "the sealed payload is not from the other end of the session",
    Status.STALE_SEQ: "the seq is not above the last one, and no cached reply fits it",
    Status.WRONG_STATE: "the device's state does not allow this",
    Status.NO_KEY: "there is no active key",
    Status.WRONG_CLIENT: "the active key is another client's",
    Status.FAULT: "the device is in its fault state",
    Status.NO_FRAME: "the device no longer has the frame",
    Status.KEY_SLOT_ACTIVE: "the slot holds the key in use",
    Status.KEY_NOT_BEGUN: "there is no KEY_BEGIN before this in the session",
    Status.KEY_INCOMPLETE: "chunks of the wrapped key are missing",
    Status.KEY_DAMAGED: "the wrapped key does not unwrap",
    Status.KEY_CHECK_WRONG: "the key's check value is another",
    Status.KEY_EPOCH_OLD: "this client had a later epoch here, or another key of this epoch",
    Status.FLASH_FAILED: "the slot could not be written; the active key is as it was",
}

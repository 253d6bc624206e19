"""How often the camera has booted: a number that rises with every reset and is never seen twice."""

import struct
import zlib

from firmware_model.flash import Flash

_NAMES = ("boot-a", "boot-b")
_RECORD = struct.Struct("<8sQI")
_TITLE = b"kcamboot"


class BootRecordLost(RuntimeError):
    """Both copies of the boot counter are damaged: the camera no longer knows which numbers it has used."""


def count_boot(flash: Flash) -> int:
    """The number of this boot, from 1, kept in flash before it is given out.

    Two copies take turns, so that age may damage one. Raises BootRecordLost where both are damaged, or one is and the other
    was never written; and what the flash raises.
    """
    counts = {name: _read(flash.read(name)) for name in _NAMES}
    known = [count for count in counts.values() if count]
    if not known and any(count is not None for count in counts.values()):
        raise BootRecordLost("boot counter: both of its records are damaged")
    # A damaged copy may have held the number after the one that is left.
    skipped = any(count == 0 for count in counts.values())
    this_boot = max(known, default=0) + 1 + skipped
    oldest = min(_NAMES, key=lambda name: counts[name] or 0)
    flash.write(oldest, _written(this_boot))
    return this_boot


def _written(count: int) -> bytes:
    body = _RECORD.pack(_TITLE, count, 0)[:-4]
    return body + struct.pack("<I", zlib.crc32(body))


def _read(record: bytes | None) -> int | None:
    """The count in a record, 0 where it is damaged and None where there is none."""
    if record is None:
        return None
    if len(record) != _RECORD.size or record != _written(_RECORD.unpack(record)[1]):
        return 0
    count: int = _RECORD.unpack(record)[1]
    return count

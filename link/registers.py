"""The register map of the camera: one for every front end, be it this link or GigE Vision's control protocol."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from adc import CFA_NAMES, POLICIES
from link.messages.handshake import PROTOCOL_VERSION
from link.messages.key_steps import SlotState
from link.messages.life import DeviceState
from link.packet import DEFAULT_PAYLOAD_BYTES, LEAST_PAYLOAD_BYTES, MOST_PAYLOAD_BYTES
from link.register import Register, Value
from link.samples import SampleFormat
from link.status import Status


class RegisterError(ValueError):
    """A span of addresses that cannot be read or written; `status` is what the device answers."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


FIRST_ADDRESS = 0xA000
"""Below lie the bootstrap registers of GigE Vision."""
_STATES = tuple(state.name.lower() for state in DeviceState)
_SLOT_STATES = tuple(state.name.lower() for state in SlotState)
_FORMATS = tuple(form.name.lower() for form in SampleFormat)
_FAULTS = ("none", "over_temperature", "sensor_lost", "flash_failed", "watchdog", "counters_lost", "internal")
_RESETS = ("power_on", "command", "watchdog", "brown_out")

_IDENTITY = (
    Register(0xA000, "vendor_name", "text", "ro", "who made the camera", size_bytes=32),
    Register(0xA020, "model_name", "text", "ro", "which model it is", size_bytes=32),
    Register(0xA040, "device_version", "text", "ro", "version of board and firmware, for people", size_bytes=32),
    Register(0xA060, "serial_number", "text", "ro", "number of the piece", size_bytes=16),
    Register(0xA070, "device_name", "text", "ro", "name that frames bear and keys belong to", size_bytes=64),
    Register(0xA0B0, "firmware_hash", "bytes", "ro", "SHA-256 of the firmware's image", size_bytes=32),
    Register(0xA0D0, "protocol_version", "u32", "ro", "highest version that it speaks", lowest=1, reset=PROTOCOL_VERSION),
)
_FRAME = (
    Register(0xA200, "sensor_height", "u32", "ro", "photosites of the sensor, down", lowest=1, highest=65535),
    Register(0xA204, "sensor_width", "u32", "ro", "photosites of the sensor, across", lowest=1, highest=65535),
    Register(0xA208, "height", "u32", "rw", "photosites of a frame, down", lowest=1, highest=65535, locked=True),
    Register(0xA20C, "width", "u32", "rw", "photosites of a frame, across", lowest=1, highest=65535, locked=True),
    Register(0xA210, "bits", "u32", "ro", "depth of a sample", unit="bit", lowest=6, highest=16),
    Register(0xA214, "cfa", "choice", "ro", "colour filter array", choices=CFA_NAMES),
    Register(0xA218, "readout_policy", "choice", "ro", "what the readout keeps secret", choices=tuple(POLICIES)),
    Register(0xA21C, "sample_format", "choice", "rw", "form of the samples on the link", choices=_FORMATS, locked=True),
    Register(0xA220, "frame_bytes", "u32", "ro", "samples of a frame in that form", unit="B", volatile=True),
)
_ACQUISITION = (
    Register(0xA240, "exposure_s", "f64", "rw", "exposure of the next frame", unit="s", lowest=1e-6, highest=3600.0),
    Register(0xA248, "analog_gain", "f64", "rw", "gain before the converter", unit="V/V", lowest=0.01, highest=1000.0),
    Register(0xA250, "frame_rate_hz", "f64", "rw", "frames asked for", unit="Hz", lowest=0.001, highest=100000.0),
    Register(0xA258, "black_level_dn", "f64", "ro", "code of zero volts", unit="DN", highest=65535.0),
    Register(0xA260, "frame_rate_limit_hz", "f64", "ro", "what exposure, readout and link allow", unit="Hz", volatile=True),
    Register(
        0xA280,
        "trigger_mode",
        "choice",
        "rw",
        "what begins a frame",
        choices=("free_run", "software"),
        reset="free_run",
        locked=True,
    ),
    Register(0xA284, "software_trigger", "command", "wo", "begin a frame"),
    Register(
        0xA288,
        "test_pattern",
        "choice",
        "rw",
        "what takes the place of the converter's codes",
        choices=("off", "ramp", "checker", "walking"),
        reset="off",
        locked=True,
    ),
    Register(0xA2C0, "settings_apply", "command", "wo", "check the settings together and get ready to stream"),
    Register(0xA2C4, "stream_enable", "choice", "rw", "whether frames are sent", choices=("off", "on"), reset="off"),
    Register(
        0xA2C8,
        "payload_bytes",
        "u32",
        "rw",
        "payload of a DATA packet",
        unit="B",
        lowest=LEAST_PAYLOAD_BYTES,
        highest=MOST_PAYLOAD_BYTES,
        reset=DEFAULT_PAYLOAD_BYTES,
        locked=True,
    ),
    Register(
        0xA2CC,
        "heartbeat_timeout_ms",
        "u32",
        "rw",
        "silence after which a session and its stream end",
        unit="ms",
        lowest=100,
        highest=600000,
        reset=3000,
    ),
)
_LIFE = (
    Register(0xA300, "state", "choice", "ro", "state of the device", choices=_STATES, volatile=True),
    Register(0xA304, "fault", "choice", "ro", "why it is in the state fault", choices=_FAULTS, volatile=True, reset="none"),
    Register(0xA308, "boot_id", "u64", "ro", "random, another after every reset"),
    Register(0xA310, "boot_counter", "u64", "ro", "resets so far"),
    Register(0xA318, "uptime_ns", "u64", "ro", "since the reset", unit="ns", volatile=True),
    Register(0xA320, "temperature_k", "f64", "ro", "temperature of the sensor", unit="K", highest=1000.0, volatile=True),
    Register(0xA328, "session", "u32", "ro", "the present session, 0 without one", volatile=True, reset=0),
    Register(0xA32C, "reset_cause", "choice", "ro", "what the last reset came from", choices=_RESETS),
    Register(0xA330, "fault_clear", "command", "wo", "leave the state fault, where its cause is gone"),
    Register(0xA334, "device_reset", "command", "wo", "reset, once this is acknowledged"),
)
_COUNTED = {
    "frames_exposed": "frames read out",
    "frames_sent": "frames sent whole",
    "frames_dropped_credit": "frames dropped whole for want of credit",
    "frames_dropped_link": "frames dropped whole because the link was slower",
    "packets_sent": "packets sent, resends among them",
    "packets_resent": "packets sent again on RESEND",
    "resends_refused": "RESENDs for frames that were no longer there",
    "packets_received": "packets received undamaged",
    "received_crc": "runs of bytes with a wrong CRC",
    "received_cobs": "runs of bytes that are not in COBS",
    "received_short": "runs of bytes too short for a packet",
    "received_length": "packets whose length field is wrong",
    "received_version": "packets of another version",
    "received_oversized": "runs of bytes too long for a packet",
    "commands_done": "commands carried out",
    "commands_repeated": "commands answered from the reply cache",
    "refused_malformed": "commands with a payload not of their type",
    "refused_session": "commands that needed a session, or one of another role",
    "refused_auth": "sealed commands that do not authenticate",
    "refused_stale": "commands with a seq that is used up",
    "refused_value": "commands refused for address, value or state",
    "heartbeats_lost": "sessions that ended by silence",
    "key_writes_failed": "key slots that could not be written",
    "key_fallbacks": "starts with the other slot because the active one was corrupt",
}


def _key_slot(address: int, slot: str) -> tuple[Register, ...]:
    of = f"of slot {slot.upper()}"
    return (
        Register(
            address, f"key_{slot}_state", "choice", "ro", f"what is in slot {slot.upper()}", choices=_SLOT_STATES, volatile=True
        ),
        Register(address + 8, f"key_{slot}_epoch", "u64", "ro", f"epoch of the key {of}", volatile=True),
        Register(address + 16, f"key_{slot}_check", "bytes", "ro", f"check value of the key {of}", size_bytes=8, volatile=True),
        Register(address + 24, f"key_{slot}_client", "text", "ro", f"client of the key {of}", size_bytes=64, volatile=True),
    )


REGISTERS: tuple[Register, ...] = (
    *_IDENTITY,
    *_FRAME,
    *_ACQUISITION,
    *_LIFE,
    Register(0xA400, "active_slot", "choice", "ro", "the slot in use", choices=("a", "b", "none"), volatile=True),
    *_key_slot(0xA410, "a"),
    *_key_slot(0xA490, "b"),
    *(
        Register(0xA600 + 8 * number, name, "u64", "ro", meaning, volatile=True, reset=0)
        for number, (name, meaning) in enumerate(_COUNTED.items())
    ),
)
"""All registers, by rising address."""
BY_NAME: Mapping[str, Register] = MappingProxyType({register.name: register for register in REGISTERS})
COUNTERS: tuple[str, ...] = tuple(_COUNTED)
"""Names of the statistics: they count from the reset and are never cleared, so hosts take differences."""
_BY_ADDRESS = {register.address: register for register in REGISTERS}


def registers_in(address: int, length_bytes: int) -> tuple[Register, ...]:
    """The registers of a span, one or more. Raises RegisterError unless it is whole registers without a gap."""
    if address % 4 or length_bytes % 4:
        message = f"span = {address:#x} + {length_bytes}: allowed is multiples of 4"
        raise RegisterError(Status.BAD_ALIGNMENT, message)
    found, at = [], address
    while at < address + length_bytes and at in _BY_ADDRESS:
        found.append(_BY_ADDRESS[at])
        at = found[-1].end
    if not found or at != address + length_bytes:
        message = f"span = {address:#x} + {length_bytes}: allowed is whole registers that follow one another"
        raise RegisterError(Status.BAD_ADDRESS, message)
    return tuple(found)


def read_span(address: int, length_bytes: int, value_of: Callable[[str], Value]) -> bytes:
    """The bytes of a span, from a function that gives the value of a register by name; write-only registers read as zeros.

    Raises RegisterError as `registers_in`.
    """
    return b"".join(
        register.encode(value_of(register.name)) if register.is_readable else bytes(register.size_bytes)
        for register in registers_in(address, length_bytes)
    )


def written_values(address: int, data: bytes) -> dict[str, Value]:
    """What bytes written to a span mean, by name, in rising address; all of it is checked before anything is returned.

    Raises RegisterError as `registers_in`, and for read-only registers and values that a register does not take.
    """
    values: dict[str, Value] = {}
    for register in registers_in(address, len(data)):
        if not register.is_writable:
            raise RegisterError(Status.WRITE_PROTECTED, f"{register.name}: it is read-only; allowed is reading it")
        at = register.address - address
        try:
            values[register.name] = register.decode(data[at : at + register.size_bytes])
        except ValueError as error:
            raise RegisterError(Status.BAD_VALUE, str(error)) from None
    return values

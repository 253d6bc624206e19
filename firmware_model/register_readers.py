"""Where each register's value comes from."""

from functools import partial
from typing import TYPE_CHECKING

from firmware_model.device_settings import SETTING_NAMES
from firmware_model.firmware_image import VENDOR, firmware_hash, firmware_version
from firmware_model.register_values import Reader, counter_readers, slot_readers
from firmware_model.test_patterns import ideal_of
from link.messages import DeviceState
from link.messages.handshake import PROTOCOL_VERSION

if TYPE_CHECKING:
    from firmware_model.boot import Boot
    from firmware_model.stream_control import StreamControl
    from link.register import Value

_MODEL_BYTES = 32


def readers_of(boot: "Boot") -> dict[str, Reader]:
    """A reader for every register, from the state of one life of the firmware."""
    hardware, stream, states, sessions = boot.body.hardware, boot.stream, boot.states, boot.sessions
    array = hardware.geometry
    printable = "".join(letter for letter in hardware.profile.name if letter.isprintable())
    model = printable.encode()[:_MODEL_BYTES].decode(errors="ignore")
    return {
        "vendor_name": lambda: VENDOR,
        "model_name": lambda: model,
        "device_version": firmware_version,
        "serial_number": lambda: boot.body.fuses.serial_number,
        "device_name": lambda: boot.body.device,
        "firmware_hash": firmware_hash,
        "protocol_version": lambda: PROTOCOL_VERSION,
        "sensor_height": lambda: array.height,
        "sensor_width": lambda: array.width,
        "bits": lambda: array.bits,
        "cfa": lambda: array.cfa,
        "readout_policy": lambda: hardware.policy,
        "frame_bytes": lambda: stream.frame_bytes,
        "black_level_dn": lambda: float(ideal_of(hardware.converter).black_level_dn),
        "frame_rate_limit_hz": lambda: stream.frame_rate_limit_hz,
        "stream_enable": lambda: "on" if states.state is DeviceState.STREAMING else "off",
        "state": lambda: states.state.name.lower(),
        "fault": lambda: states.fault,
        "boot_id": lambda: boot.boot_id,
        "boot_counter": lambda: boot.boot_counter,
        "uptime_ns": boot.uptime_ns,
        "temperature_k": lambda: stream.temperature_k,
        "session": lambda: 0 if sessions.current is None else sessions.current.number,
        "reset_cause": lambda: boot.cause,
        **{name: partial(_setting, stream, name) for name in SETTING_NAMES},
        **slot_readers(boot.slots),
        **counter_readers(boot.statistics),
    }


def _setting(stream: "StreamControl", name: str) -> "Value":
    value: Value = getattr(stream.settings, name)
    return value

"""Captures are pcapng in the eyes of somebody else's reader (python-pcapng)."""

import time
from pathlib import Path

import pytest
from pcapng import FileScanner
from pcapng.blocks import EnhancedPacket, InterfaceDescription, SectionHeader

from link.transport import Capture, read_capture


@pytest.mark.filterwarnings("ignore:Field type should not be:DeprecationWarning")  # that reader's own
def test_another_reader_finds_the_same_pieces_times_and_directions(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    sent = [("read" if size % 3 else "written", bytes([size]) * size) for size in range(1, 60)]
    begin_s = time.time()
    with Capture(path, "tcp://127.0.0.1:5000") as capture:
        for heading, data in sent:
            capture.add(heading, data)
    with path.open("rb") as file:
        section, interface, *packets = FileScanner(file)
    assert isinstance(section, SectionHeader)
    assert section.options["shb_userappl"] == "keycam"
    assert isinstance(interface, InterfaceDescription)
    assert (interface.link_type, interface.options["if_name"]) == (147, "tcp://127.0.0.1:5000")
    assert all(isinstance(packet, EnhancedPacket) for packet in packets)
    directions = {"inbound": "read", "outbound": "written"}
    assert [(directions[packet.options["epb_flags"].inout], bytes(packet.packet_data)) for packet in packets] == sent
    # Its times are floating-point seconds, good to a fraction of a microsecond.
    for packet, piece in zip(packets, read_capture(path), strict=True):
        assert abs(packet.timestamp - piece.time_s) < 1e-6
    assert begin_s - 0.001 <= packets[0].timestamp <= time.time() + 0.001

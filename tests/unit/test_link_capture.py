"""Captures: all bytes with time and direction, also of a process that was killed, and never over another file."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from link.transport import Capture, CapturedTransport, LinkTimeout, read_capture, transport_pair
from link.transport.capture import MOST_PIECE_BYTES


def test_all_that_passes_is_written_down_with_its_direction_and_time(tmp_path: Path) -> None:
    host, device = transport_pair()
    rng = np.random.default_rng(1)
    sent = [rng.bytes(size) for size in (1, 2, 3, 4, 5, 1000, 4096)]
    begin_s = time.time()
    with Capture(tmp_path / "link.pcapng", host.name) as capture:
        tapped = CapturedTransport(host, capture)
        for data in sent:
            tapped.write(data)
            assert device.read(1.0) == data
            device.write(data[::-1])
            assert tapped.read(1.0) == data[::-1]
        assert tapped.read(0.0) == b""
    end_s = time.time()
    pieces = list(read_capture(tmp_path / "link.pcapng"))
    expected = [piece for data in sent for piece in (("written", data), ("read", data[::-1]))]
    assert [(piece.heading, piece.data) for piece in pieces] == expected
    times_s = [piece.time_s for piece in pieces]
    assert times_s == sorted(times_s)
    assert begin_s - 0.001 <= times_s[0] <= times_s[-1] <= end_s + 0.001
    tapped.close()
    device.close()


def test_of_a_write_that_was_given_up_only_what_went_out_is_written_down(tmp_path: Path) -> None:
    host, device = transport_pair(capacity_bytes=100)
    with Capture(tmp_path / "link.pcapng", host.name) as capture, pytest.raises(LinkTimeout):
        CapturedTransport(host, capture).write(bytes(250))
    assert [piece.data for piece in read_capture(tmp_path / "link.pcapng")] == [bytes(100)]
    host.close()
    device.close()


def test_a_long_piece_is_cut_and_loses_nothing(tmp_path: Path) -> None:
    data = np.random.default_rng(2).bytes(2 * MOST_PIECE_BYTES + 5)
    with Capture(tmp_path / "link.pcapng", "x") as capture:
        capture.add("read", data)
    pieces = [piece.data for piece in read_capture(tmp_path / "link.pcapng")]
    assert [len(piece) for piece in pieces] == [MOST_PIECE_BYTES, MOST_PIECE_BYTES, 5]
    assert b"".join(pieces) == data


def test_two_threads_write_into_one_capture_and_every_piece_stays_whole(tmp_path: Path) -> None:
    with Capture(tmp_path / "link.pcapng", "x") as capture:
        threads = [
            threading.Thread(target=lambda h=heading, fill=fill: [capture.add(h, fill * size) for size in range(1, 300)])
            for heading, fill in (("read", b"r"), ("written", b"w"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    pieces = list(read_capture(tmp_path / "link.pcapng"))
    for heading, fill in (("read", b"r"), ("written", b"w")):
        assert [piece.data for piece in pieces if piece.heading == heading] == [fill * size for size in range(1, 300)]


def test_a_capture_that_was_cut_anywhere_is_read_up_to_its_last_whole_piece(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    with Capture(path, "x") as capture:
        sizes = [path.stat().st_size]
        for number in range(1, 6):
            capture.add("read", bytes([number]) * number)
            sizes.append(path.stat().st_size)
    whole = path.read_bytes()
    for length in range(sizes[0], len(whole) + 1):
        path.write_bytes(whole[:length])
        count = sum(size <= length for size in sizes) - 1
        assert [piece.data for piece in read_capture(path)] == [bytes([number]) * number for number in range(1, count + 1)]
    for length in range(sizes[0]):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"capture = .*: it is damaged or not keycam's; allowed is"):
            list(read_capture(path))


def test_a_capture_whose_lengths_or_kinds_were_changed_is_refused_and_never_read_wrong(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    with Capture(path, "x") as capture:
        begin = path.stat().st_size
        for number in range(1, 6):
            capture.add("written", bytes([number]) * 40)
    whole = bytearray(path.read_bytes())
    block = (len(whole) - begin) // 5
    for at in (*range(12), *range(begin, begin + 8), *range(begin + 20, begin + 24), *range(begin + block - 4, begin + block)):
        changed = bytearray(whole)
        changed[at] ^= 0x41
        path.write_bytes(changed)
        try:
            pieces = [piece.data for piece in read_capture(path)]
        except ValueError as error:
            assert "capture = " in str(error)
        else:
            assert pieces == []  # a length beyond the end of the file looks like one that was cut off


def test_a_killed_process_leaves_every_piece_that_it_captured(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from link.transport.capture import Capture\n"
        f"capture = Capture(Path({str(path)!r}), 'x')\n"
        "for number in range(1000):\n"
        "    capture.add('read', number.to_bytes(4, 'big') * 500)\n"
        "print('done', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == b"done\n"
        os.kill(process.pid, signal.SIGKILL)
    pieces = [piece.data for piece in read_capture(path)]
    assert pieces == [number.to_bytes(4, "big") * 500 for number in range(1000)]


def test_a_capture_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    path.write_text("evidence")
    with pytest.raises(FileExistsError):
        Capture(path, "x")
    assert path.read_text() == "evidence"
    with pytest.raises(ValueError, match="it is damaged or not keycam's"):
        list(read_capture(path))


def test_a_full_disk_is_told_and_what_fitted_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Capture(path, "x") as capture:
        capture.add("read", b"this fits")
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, hard))
        try:
            with pytest.raises(OSError, match="File too large"):  # after a part of it has been written
                capture.add("read", bytes(100))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [piece.data for piece in read_capture(path)] == [b"this fits"]

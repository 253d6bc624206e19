"""Cost and memory of `keycam batch`: ten times the frames take ten times the time, and no more memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.footage_files import write_video

from .conftest import ENVIRONMENT

FRAMES = 600


@pytest.mark.slow
def test_a_ten_times_longer_video_takes_ten_times_the_time_and_the_same_memory(tmp_path: Path) -> None:
    seconds, peaks = [], []
    for number, frames in enumerate((FRAMES, 10 * FRAMES)):
        clip, out = write_video(tmp_path / f"{frames}.mp4", frames, (240, 320), g="50"), tmp_path / str(frames)
        line = [sys.executable, "-m", "keycam", "batch", clip, "--out", out, "--unit-frames", "100", "--json"]
        running = subprocess.Popen([*map(str, line)], env=ENVIRONMENT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        assert running.returncode == 0, number
        rows = [json.loads(row) for row in (out / clip.name / "rows.jsonl").read_text().splitlines()]
        assert len(rows) == frames
        # Of the processor, and not of the clock: other work on the machine is not ours.
        seconds.append(usage.ru_utime + usage.ru_stime)
        peaks.append(usage.ru_maxrss)
    # The longer one has 5,400 frames more; what a start takes is in both. A quadratic share of 10 % would double the second.
    start_s = 15.0
    assert seconds[1] < 10 * seconds[0] + start_s
    # The peak of the largest process of each; 10 % are what allocation differs from run to run.
    assert peaks[1] < 1.1 * peaks[0]

"""A line that cannot be is refused at once: before torch is imported, which takes seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import keycam
from keycam.live import entrance as entrances
from keycam.live.entrance import entrance
from keycam.live.errors import PageError
from keycam.live.plan import LivePlan

LINES = [
    "live --window --headless",
    "live --window",
    "live --policy nonsense",
    "live --shuffle both",
    "live --keep some",
    "live --host 192.0.2.1",
    "live --host ..",
    "live camera:x",
]
ALL_REFUSED = """
import json, sys
from keycam.command import main
codes = []
for line in json.loads(sys.argv[1]):
    sys.argv = ["keycam", *line.split()]
    try:
        main()
    except SystemExit as ended:
        codes.append(ended.code)
print(json.dumps([codes, "torch" in sys.modules]))
"""


def test_what_needs_no_torch_to_be_refused_does_not_wait_for_it() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment["PYTHONPATH"] = str(Path(keycam.__file__).parents[1])
    line = [sys.executable, "-c", ALL_REFUSED, json.dumps(LINES)]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[2, 3, 2, 2, 2, 3, 3, 2], False]
    said = done.stderr.splitlines()
    assert len(said) == len(LINES)
    assert all(each.startswith("keycam: ") and "allowed is" in each for each in said)


def test_a_browser_that_comes_before_the_page_is_served_waits_instead_of_being_refused() -> None:
    import socket

    with entrance(LivePlan(port=0)) as place:
        assert place is not None
        with socket.create_connection(place.getsockname()[:2], timeout=10):
            pass
    with entrance(LivePlan(display="none")) as place:
        assert place is None


def test_a_page_without_its_packages_is_refused_with_the_way_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrances, "find_spec", lambda name: None)
    with pytest.raises(PageError, match=r"fastapi is not installed; allowed is with it: pip install"), entrance(LivePlan(port=0)):
        pass

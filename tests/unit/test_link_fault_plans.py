"""Plans of link faults: what may be planned, and what may not."""

import json
import re
from pathlib import Path

import pytest

from link.transport.faults import KINDS, PROFILES, Fault, FaultPlan, LinkFaults, fault_plan


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("kind", "gremlin", "kind = 'gremlin': allowed is bit-flip, byte-drop"),
        ("rate", 1.5, "rate = 1.5: allowed is 1e-12 to 1, or 0"),
        ("rate", -0.1, "rate = -0.1: allowed is"),
        ("rate", float("nan"), "rate = nan: allowed is"),
        ("rate", 1e-13, "rate = 1e-13: allowed is"),
        ("size_bytes", 4, "size_bytes = 4: allowed for bit-flip is 0 to 0"),
        ("duration_s", 1.0, "duration_s = 1.0: allowed for bit-flip is 0 to 0 s"),
        ("direction", "up", "direction = 'up': allowed is to-host, to-device, both"),
        ("packet_type", 65, "packet_type = 65: allowed is 0 to 255, for faults of packets"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name(name: str, value, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        Fault(**{"kind": "bit-flip", name: value})
    assert str(caught.value).startswith(says)


def test_sizes_durations_types_seeds_and_choices_that_cannot_be_are_refused() -> None:
    for work, says in (
        (lambda: Fault("burst"), "size_bytes = 0: allowed for burst is 1 to 67108864"),
        (lambda: Fault("stall", duration_s=float("inf")), "duration_s = inf: allowed for stall is 0 to 3600 s"),
        (lambda: Fault("packet-loss", packet_type=256), "packet_type = 256"),
        (lambda: LinkFaults(FaultPlan("test"), -1), "seed = -1: allowed is 0 or more"),
        (lambda: fault_plan("gremlins"), "faults = 'gremlins': allowed is none, light, noise"),
        (lambda: FaultPlan.from_json({"name": "x", "faults": [{"kind": "bit-flip", "rat": 1}]}), "plan = "),
        (lambda: LinkFaults(FaultPlan("test"), 1).inject(Fault("bit-flip"), "to-host", times=2), "kind = bit-flip"),
        (lambda: LinkFaults(FaultPlan("test"), 1).inject(Fault("packet-loss"), "to-host", times=0), "times = 0"),
    ):
        with pytest.raises(ValueError) as caught:
            work()
        assert str(caught.value).startswith(says)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_json_and_comes_back(name: str) -> None:
    plan = fault_plan(name)
    assert FaultPlan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


def test_everything_is_every_kind_but_a_baud_that_is_never_right() -> None:
    assert {fault.kind for fault in PROFILES["everything"].faults} == set(KINDS) - {"wrong-baud"}


def test_the_page_names_every_profile_and_every_kind() -> None:
    page = (Path(__file__).parents[2] / "docs" / "links.md").read_text()
    profiles = page.split("Plans by name:")[1].split("\n")[0]
    assert re.findall(r"`([a-z-]+)`", profiles) == list(PROFILES)
    table = [line for line in page.splitlines() if line.endswith(("| bit |", "| byte |", "| packet |"))]
    named = {kind: line.rsplit("|", 2)[1].strip() for line in table for kind in re.findall(r"`([a-z-]+)`", line.split("|")[1])}
    assert named == {kind: trait.unit for kind, trait in KINDS.items()}

"""Faults of the device are injected by name, happen when their time comes, and are counted when they do."""

import pytest

from firmware_model.device_faults import FAULT_NAMES, LASTING_FAULTS, DeviceFault, DeviceFaults, PowerCut


def test_a_fault_happens_once_after_its_steps() -> None:
    faults = DeviceFaults()
    faults.inject(DeviceFault("reset", after=2))
    assert [faults.due("reset") for _ in range(5)] == [False, False, True, False, False]
    assert faults.happened["reset"] == 1
    assert not faults.is_on("reset")


def test_a_lasting_fault_stays_until_it_is_cleared() -> None:
    faults = DeviceFaults()
    for name in LASTING_FAULTS:
        faults.inject(DeviceFault(name))
        faults.inject(DeviceFault(name))
        assert faults.is_on(name)
        assert faults.happened[name] == 1
        faults.clear(name)
        assert not faults.is_on(name)


def test_clearing_without_a_name_clears_all() -> None:
    faults = DeviceFaults()
    for name in FAULT_NAMES:
        faults.inject(DeviceFault(name))
    faults.clear()
    assert not any(faults.is_on(name) for name in FAULT_NAMES)


def test_the_power_goes_before_the_step_that_was_asked_for() -> None:
    faults = DeviceFaults()
    faults.inject(DeviceFault("brown_out", after=1))
    faults.flash_step()
    with pytest.raises(PowerCut):
        faults.flash_step()
    faults.flash_step()


def test_flipped_bytes_differ_in_one_to_eight_bits_and_follow_the_seed() -> None:
    content = bytes(40)
    counts = set()
    for seed in range(50):
        flipped = DeviceFaults(seed).flipped(content)
        assert flipped == DeviceFaults(seed).flipped(content)
        counts.add(sum(byte.bit_count() for byte in flipped))
    assert counts <= set(range(1, 9))
    assert len(counts) > 4


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ({"fault": "flood"}, "fault = 'flood': allowed is brown_out, "),
        ({}, "fault = None: allowed is"),
        ({"fault": "brown_out", "after": -1}, "after = -1: allowed is 0 to 2147483647 for brown_out"),
        ({"fault": "brown_out", "after": True}, "after = True: allowed is"),
        ({"fault": "brown_out", "after": 1.5}, "after = 1.5: allowed is"),
        ({"fault": "stuck", "after": 1}, "after = 1: allowed is 0 to 0 for stuck"),
        ({"fault": "stuck", "when": 1}, "when = 1: there is no such field; allowed is fault, after"),
    ],
)
def test_what_is_no_fault_is_refused_by_name(said: dict, trouble: str) -> None:
    with pytest.raises(ValueError) as refused:
        DeviceFault.from_json(said)
    assert trouble in str(refused.value)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="seed = -1: allowed is 0 or more"):
        DeviceFaults(-1)

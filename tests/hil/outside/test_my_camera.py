import pytest


@pytest.mark.hil_feature("client")
def test_exposure_is_kept_and_frames_are_verified(dut, artefacts):
    dut.set(height=64, width=64, test_pattern="ramp", exposure_s=0.002)
    assert dut.read("exposure_s") == 0.002
    frames = dut.take(3)
    counters = [raw.header.counter for raw in frames]
    assert counters == list(range(counters[0], counters[0] + 3))
    artefacts.figure("frames", len(frames))

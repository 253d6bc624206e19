"""Golden frames: what the camera's model emits of a test pattern, to compare a board's frames with to the bit."""

from adc import Converter, KeySchedule, RawFrame, readout
from firmware_model.test_patterns import PatternSignal, TestPattern, pattern_codes

FULL_SCALE_V = 1.0
"""A pattern stands behind the converter: which volts its codes would have been says nothing about them."""


def golden_frame(pattern: TestPattern, board_frame: RawFrame, schedule: KeySchedule) -> RawFrame:
    """The model's frame of a pattern with the counter, geometry and conditions that a board's frame says it has.

    Equal tags and samples then say that order, mask, packing and tag are the same. Raises ValueError for "off".
    """
    header = board_frame.header
    frame_key = schedule.frame_key(header.counter, header.geometry)
    try:
        converter = Converter(FULL_SCALE_V, header.analog_gain, header.black_level_dn, header.geometry.bits)
        codes = pattern_codes(pattern, header.geometry, header.counter)
        signal = PatternSignal.of(codes, converter, exposure_s=header.exposure_s, temperature_k=header.temperature_k)
        return readout(signal, converter, frame_key)
    finally:
        frame_key.wipe()

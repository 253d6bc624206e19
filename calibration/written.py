"""What the JSON of a calibration calls itself."""

FORMAT, VERSION = "keycam-calibration", 1

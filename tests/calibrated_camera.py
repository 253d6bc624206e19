"""Corrections of a camera as a calibration writes them, with maps that halve the light and so can be seen in every picture."""

from pathlib import Path

import numpy as np

from calibration.bench import CameraIdentity
from calibration.correction_file import correction_files
from calibration.correction_profile import CorrectionProfile

GAIN = 0.5


def corrections_file(camera: CameraIdentity, folder: Path, name: str = "corrections") -> Path:
    """The written corrections of a camera whose pixels all have to be darker by GAIN."""
    geometry = camera.geometry
    even, columns = np.zeros(geometry.shape, np.float32), np.zeros(geometry.width, np.float32)
    profile = CorrectionProfile(
        camera, 300.0, 8.0,
        offset_dn=even, rate_dn_per_s=even, column_offset_dn=columns, column_gain=columns + 1, gain=even + GAIN,
        linearity=(2 ** (16 - geometry.bits) * np.arange(2**geometry.bits)).astype(np.uint16),
        defects=np.zeros(geometry.shape[:2], bool),
    )  # fmt: skip
    for file, written in correction_files(profile, name).items():
        (folder / file).write_bytes(written)
    return folder / f"{name}.toml"

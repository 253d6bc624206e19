"""The corrections of a calibrated camera, from their file, for the frames of that camera and no other."""

from dataclasses import dataclass
from pathlib import Path

from adc import FrameHeader
from calibration.bench import CameraIdentity
from calibration.correction_file import CorrectionsError, load_corrections
from calibration.correction_profile import CorrectionProfile
from inference.isp import Corrections
from inference.stream import CorrectionsRefused


@dataclass(frozen=True, eq=False)
class CameraCorrections:
    """The corrections of one camera, or with None those of a camera that nobody calibrated: none."""

    profile: CorrectionProfile | None = None

    def of_frame(self, header: FrameHeader) -> Corrections | None:
        """Those of a frame. Raises CorrectionsRefused where its camera was set to something else meanwhile."""
        if self.profile is None:
            return None
        try:
            return self.profile.for_frame(header)
        except ValueError as error:
            raise CorrectionsRefused(str(error)) from error

    def of_trial(self, header: FrameHeader) -> Corrections | None:
        """Those of a frame that another camera of this model made, to try out what will be done with the calibrated one's."""
        return None if self.profile is None else self.profile.at(header.exposure_s, header.temperature_k)


UNCORRECTED = CameraCorrections()


def corrections_for(camera: CameraIdentity, file: Path) -> CameraCorrections:
    """The corrections in a file for a camera, which is looked at now: before its first frame.

    Raises
    ------
    CorrectionsError
        where the file or its maps cannot be read, are damaged, or are of another device, geometry, gain or black level.
    """
    profile = load_corrections(file)
    try:
        profile.refuse_others(camera)
    except ValueError as error:
        raise CorrectionsError(f"corrections = {file}: they are not for a camera with {error}") from error
    return CameraCorrections(profile)

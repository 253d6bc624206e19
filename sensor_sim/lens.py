"""The lens: its figures, and what follows from them for the image of a point, the corners and the colours."""

import math
from dataclasses import dataclass

from sensor_sim.refuse import refuse_outside

WAVELENGTHS_UM = (0.61, 0.54, 0.465)
"""Where the sRGB primaries have their weight: dominant wavelengths of red, green and blue light."""
MOST_SIGMA_PIXELS = 8.0


@dataclass(frozen=True)
class Lens:
    """A lens in focus.

    The image of a point is taken for Gaussian: diffraction contributes sigma = 0.42 wavelength x f-number (the Gaussian of the
    Airy disc's core), aberration its own sigma, and the two add in square. The f-number changes no brightness, as a profile
    states the light that reaches the array.

    Attributes
    ----------
    f_number
        focal length over aperture, 0.5 to 64.
    aberration_um
        standard deviation of the Gaussian that aberration makes of a point, in um on the array, 0 to 100.
    corner_angle_deg
        angle of the chief ray in the corner, 0 to 80; 0 switches the vignetting off.
    red_shift_px, blue_shift_px
        how far outward the red and the blue image of the corner lie from the green one, in photosites, -8 to 8 (lateral
        chromatic aberration); 0 and 0 switch it off.
    """

    f_number: float
    aberration_um: float = 0.0
    corner_angle_deg: float = 0.0
    red_shift_px: float = 0.0
    blue_shift_px: float = 0.0

    def __post_init__(self) -> None:
        refuse_outside("f_number", self.f_number, 0.5, 64)
        refuse_outside("aberration_um", self.aberration_um, 0, 100)
        refuse_outside("corner_angle_deg", self.corner_angle_deg, 0, 80)
        refuse_outside("red_shift_px", self.red_shift_px, -8, 8)
        refuse_outside("blue_shift_px", self.blue_shift_px, -8, 8)

    @property
    def shifts_px(self) -> tuple[float, float, float]:
        """Outward shift of the corner's red, green and blue image, in photosites."""
        return self.red_shift_px, 0.0, self.blue_shift_px

    def sigmas_px(self, pitch_um: float) -> tuple[float, float, float]:
        """Standard deviation of the image of a point in red, green and blue, in photosites of `pitch_um`."""
        red, green, blue = (
            math.hypot(0.42 * wavelength * self.f_number, self.aberration_um) / pitch_um for wavelength in WAVELENGTHS_UM
        )
        return red, green, blue

    def mtf(self, frequency_per_px: float, pitch_um: float, colour: int = 1) -> float:
        """Contrast, 0 to 1, that the lens keeps of a sine pattern at a frequency in cycles per photosite; 0 red, 1 green, 2 blue.

        The Gaussian's exp(-2 pi^2 sigma^2 f^2); the sampled one keeps to it within 0.04 from a sigma of 0.6 photosites on.
        """
        return math.exp(-2 * (math.pi * self.sigmas_px(pitch_um)[colour] * frequency_per_px) ** 2)

    def mtf50_per_px(self, pitch_um: float, colour: int = 1) -> float:
        """Frequency at which the contrast falls to a half, in cycles per photosite."""
        return math.sqrt(math.log(2) / 2) / (math.pi * self.sigmas_px(pitch_um)[colour])

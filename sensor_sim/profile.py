"""What a sensor is made of, in the figures of its data sheet."""

import math
from dataclasses import dataclass, field

from sensor_sim.blooming import Blooming
from sensor_sim.cfa import CFA_NAMES, Cfa
from sensor_sim.dark_current import DarkCurrent
from sensor_sim.defects import Defects
from sensor_sim.lens import MOST_SIGMA_PIXELS, Lens
from sensor_sim.pixel_offset import PixelOffset
from sensor_sim.prnu import Prnu
from sensor_sim.readout_figures import ReadoutFigures
from sensor_sim.refuse import refuse_unless_whole
from sensor_sim.reset_noise import ResetNoise
from sensor_sim.rts import Rts
from sensor_sim.shutter import SHUTTER_NAMES, Shutter
from sensor_sim.source_follower import SourceFollower

MOST_ELECTRONS = 2**24
"""Single precision counts so far one by one."""


@dataclass(frozen=True)
class SensorProfile:
    """The figures of a sensor.

    Attributes
    ----------
    name
        what it is called.
    height, width
        photosites, 1 to 65535 each; even for a Bayer array.
    cfa
        "mono", "rgb", or the 2x2 tile of a Bayer array, row by row.
    quantum_efficiency
        electrons per photon of red, green and blue light, above 0 and at most 1, filter included.
    peak_photons_per_s
        photons that white sends to one photosite in each of the three colours, per second.
    full_well_e
        electrons that a photosite holds, above 0 and at most 2**24.
    read_noise_e
        standard deviation of the noise behind the photosite, 0 to the full well; 0 switches it off. The source follower and
        the reset have their own.
    conversion_gain_v_per_e
        signal per electron, 1e-9 to 1.
    temperature_k
        temperature of the die.
    shot_noise
        False gives expectations instead of counts: no sensor does, a reference may want it.
    pitch_um
        side of a photosite, 0.1 to 100.
    lens, prnu, dark, offset, reset, source_follower, rts, defects, blooming
        one effect each, off unless it is given.
    shutter
        "global" or "rolling"; a rolling one needs a line time in `readout` and exposes for whole lines.
    optical_black_rows
        shielded rows above the array, 0 to 256.
    readout
        what the converter's model takes up.

    Raises
    ------
    ValueError
        if a figure is outside what is stated; the message names it.
    """

    name: str
    height: int
    width: int
    cfa: Cfa
    quantum_efficiency: tuple[float, float, float]
    peak_photons_per_s: float
    full_well_e: float
    read_noise_e: float
    conversion_gain_v_per_e: float
    temperature_k: float
    shot_noise: bool = True
    pitch_um: float = 3.0
    lens: Lens | None = None
    prnu: Prnu = field(default_factory=Prnu)
    dark: DarkCurrent = field(default_factory=DarkCurrent)
    offset: PixelOffset = field(default_factory=PixelOffset)
    reset: ResetNoise = field(default_factory=ResetNoise)
    source_follower: SourceFollower = field(default_factory=SourceFollower)
    rts: Rts = field(default_factory=Rts)
    defects: Defects = field(default_factory=Defects)
    blooming: Blooming = field(default_factory=Blooming)
    shutter: Shutter = "global"
    optical_black_rows: int = 0
    readout: ReadoutFigures = field(default_factory=ReadoutFigures)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError(f"name = {self.name!r}: allowed is a text that is not empty")
        for side in ("height", "width"):
            refuse_unless_whole(side, getattr(self, side), 1, 65535)
        if self.cfa not in CFA_NAMES:
            raise ValueError(f"cfa = {self.cfa}: allowed is {', '.join(CFA_NAMES)}")
        for side in ("height", "width"):
            if self.is_bayer and getattr(self, side) % 2:
                raise ValueError(f"{side} = {getattr(self, side)}: allowed is an even number for the Bayer array {self.cfa}")
        if len(self.quantum_efficiency) != 3 or not all(0 < share <= 1 for share in self.quantum_efficiency):
            raise ValueError(f"quantum_efficiency = {self.quantum_efficiency}: allowed is three shares above 0 and at most 1")
        if not 1e-3 <= self.peak_photons_per_s <= 1e18:
            raise ValueError(f"peak_photons_per_s = {self.peak_photons_per_s}: allowed is 0.001 to 1e+18")
        if not 0 < self.full_well_e <= MOST_ELECTRONS:
            raise ValueError(f"full_well_e = {self.full_well_e}: allowed is above 0 and at most {MOST_ELECTRONS}")
        if not 0 <= self.read_noise_e <= self.full_well_e:
            raise ValueError(f"read_noise_e = {self.read_noise_e}: allowed is 0 to the full well, {self.full_well_e}")
        if not 1e-9 <= self.conversion_gain_v_per_e <= 1:
            raise ValueError(f"conversion_gain_v_per_e = {self.conversion_gain_v_per_e}: allowed is 1e-09 to 1")
        if not 100 <= self.temperature_k <= 400:
            raise ValueError(f"temperature_k = {self.temperature_k}: allowed is 100 to 400")
        if not 0.1 <= self.pitch_um <= 100:
            raise ValueError(f"pitch_um = {self.pitch_um}: allowed is 0.1 to 100")
        if self.lens is not None and max(self.lens.sigmas_px(self.pitch_um)) > MOST_SIGMA_PIXELS:
            raise ValueError(f"lens = {self.lens}: allowed is a spot of up to {MOST_SIGMA_PIXELS} photosites (sigma)")
        if self.shutter not in SHUTTER_NAMES:
            raise ValueError(f"shutter = {self.shutter}: allowed is {', '.join(SHUTTER_NAMES)}")
        if self.shutter == "rolling" and not self.readout.line_time_s:
            raise ValueError(f"line_time_s = {self.readout.line_time_s}: allowed is above 0 for a rolling shutter")
        refuse_unless_whole("optical_black_rows", self.optical_black_rows, 0, 256)
        least = self.readout.black_level_dn * self.readout.lsb_v / self.conversion_gain_v_per_e
        if not self.full_well_e > least:
            raise ValueError(f"full_well_e = {self.full_well_e}: allowed is above the black level, {least:g} e-")

    @property
    def is_bayer(self) -> bool:
        """Whether each photosite has one of three filters."""
        return self.cfa not in ("mono", "rgb")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (H, W, C) of a signal: C is 3 for "rgb" and 1 for every other array."""
        return self.height, self.width, 3 if self.cfa == "rgb" else 1

    @property
    def temporal_dark_noise_e(self) -> float:
        """Standard deviation of a photosite's signal without light or dark current, telegraph signals aside, in e-."""
        follower_v = self.source_follower.sampled_noise_v(self.reset.cds)
        in_pixel_e = math.hypot(follower_v, self.reset.noise_v(self.temperature_k)) / self.conversion_gain_v_per_e
        return math.hypot(self.read_noise_e, in_pixel_e)

    @property
    def dsnu_e(self) -> float:
        """Standard deviation of the pixel offsets as the sampling leaves them, in e- (columns and dark current not included)."""
        cancelled_v = 0.0 if self.reset.cds else self.offset.spread_v
        return math.hypot(self.offset.residue_v, cancelled_v) / self.conversion_gain_v_per_e

    @property
    def white_e_per_s(self) -> tuple[float, float, float]:
        """Electrons per second that white makes in a photosite of the red, green and blue filter; three equal ones for "mono"."""
        red, green, blue = (self.peak_photons_per_s * share for share in self.quantum_efficiency)
        if self.cfa == "mono":
            red = green = blue = red + green + blue
        return red, green, blue

    @property
    def full_well_exposure_s(self) -> float:
        """Exposure at which white just fills the photosites of the most sensitive colour, in s."""
        return self.full_well_e / max(self.white_e_per_s)

    @property
    def default_exposure_s(self) -> float:
        """Exposure at which white fills 80 % of the well of the most sensitive colour, in s: room for highlights and noise."""
        return 0.8 * self.full_well_exposure_s

    @property
    def white_balance(self) -> tuple[float, float, float]:
        """Gains of red, green and blue, 1 or more, that make the signal of a neutral scene equal in all three."""
        red, green, blue = (max(self.white_e_per_s) / rate for rate in self.white_e_per_s)
        return red, green, blue

    def white_signal_v(self, exposure_s: float) -> tuple[float, float, float]:
        """Expected signal of white in photosites of the red, green and blue filter, in V, were the well without bottom."""
        red, green, blue = (rate * exposure_s * self.conversion_gain_v_per_e for rate in self.white_e_per_s)
        return red, green, blue


DEMO_PROFILE = SensorProfile(
    name="demo",
    height=256,
    width=256,
    cfa="rggb",
    quantum_efficiency=(0.48, 0.64, 0.52),
    peak_photons_per_s=1.0e6,
    full_well_e=10_000.0,
    read_noise_e=2.0,
    conversion_gain_v_per_e=1.0e-4,
    temperature_k=300.0,
)
"""A small Bayer sensor of round figures, no maker's own: a full well makes 1 V, and the default exposure is 1/80 s."""

"""A die: what is fixed when it is made, drawn once from the device seed and kept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.defects import StuckSites
from sensor_sim.profile import SensorProfile
from sensor_sim.psf import PsfWeights, psf_weights
from sensor_sim.rts import RtsSites
from sensor_sim.streams import DieEffect, die_stream
from sensor_sim.vignetting import vignetting_map


@dataclass(frozen=True, eq=False)
class Die:
    """The maps of one die and its lens; None where the effects that make a map are off.

    Rows are those of the array with its shielded ones first, samples the W * C of a row.

    Attributes
    ----------
    response
        float32 (H, samples), without the shielded rows: photo-response, cold photosites and vignetting.
    dark_e_per_s
        float32 (rows, samples): dark current and hot photosites, at the reference temperature.
    offset_v
        float32 (rows, samples): pixel offsets as the profile's sampling leaves them.
    rts, stuck, columns
        the photosites with a trap, those that are stuck and the dead columns.
    psf
        the weights of the lens.
    """

    response: NDArray[np.float32] | None
    dark_e_per_s: NDArray[np.float32] | None
    offset_v: NDArray[np.float32] | None
    rts: RtsSites
    stuck: StuckSites
    columns: StuckSites
    psf: PsfWeights | None


def drawn_die(profile: SensorProfile, device_seed: int) -> Die:
    """Draw the die of a profile that a device seed, 0 or more, stands for."""
    height, width, channels = profile.shape
    rows, samples = height + profile.optical_black_rows, width * channels
    full_v = profile.full_well_e * profile.conversion_gain_v_per_e
    lens, defects = profile.lens, profile.defects

    def stream(effect: DieEffect) -> np.random.Generator:
        return die_stream(device_seed, effect)

    response = dark_e_per_s = offset_v = None
    if profile.prnu.spread_percent or defects.some_cold:
        response = profile.prnu.gain_map(stream(DieEffect.PRNU), (height, samples))
        if defects.some_cold:
            defects.cool(response, stream(DieEffect.COLD))
    if lens is not None and lens.corner_angle_deg:
        falloff = np.repeat(vignetting_map((height, width), lens.corner_angle_deg), channels, axis=1)
        response = falloff if response is None else response * falloff
    if profile.dark.mean_e_per_s or defects.some_hot:
        bulk, tail = stream(DieEffect.DARK_CURRENT), stream(DieEffect.DARK_CURRENT_TAIL)
        dark_e_per_s = profile.dark.rate_map(bulk, tail, (rows, samples))
        if defects.some_hot:
            defects.heat(dark_e_per_s, stream(DieEffect.HOT))
    if profile.offset.residue_v or (profile.offset.spread_v and not profile.reset.cds):
        threshold, residue = stream(DieEffect.PIXEL_OFFSET), stream(DieEffect.PIXEL_OFFSET_RESIDUE)
        offset_v = profile.offset.offset_map(profile.reset.cds, threshold, residue, (rows, samples))
    return Die(
        response=response,
        dark_e_per_s=dark_e_per_s,
        offset_v=offset_v,
        rts=profile.rts.drawn(stream(DieEffect.RTS), (rows, samples)),
        stuck=defects.stuck_sites(stream(DieEffect.STUCK), (rows, samples), full_v),
        columns=defects.stuck_columns(stream(DieEffect.COLUMN_DEFECTS), samples, full_v),
        psf=None if lens is None else psf_weights(lens, (height, width), profile.pitch_um),
    )

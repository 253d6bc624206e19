"""What a simulated camera really has, read from its profile and its die: the calibration never sees this."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from adc import ColumnConverter
from calibration.dark_recording import FULL
from calibration.nonuniformity import spatial_variance
from calibration.planes import Plane
from calibration.recording import PlaneRecording, Recording
from calibration.stack import Stack
from calibration.variance_split import VarianceSplit
from firmware_model import converter_of
from sensor_sim import Sensor, SensorProfile


def true_figures(
    profile: SensorProfile, device_seed: int, recording: Recording, own: PlaneRecording, bad: NDArray[np.bool_]
) -> dict[str, float]:
    """Configured figures of one plane, against the realised maps where the die is one sample of a distribution.

    `profile` has the size and the lens (none) that were measured; `bad` (h, w) are photosites that PRNU and DSNU leave out.
    """
    plane, die, converter = own.plane, Sensor(profile, device_seed).die, converter_of(profile, device_seed)
    shape, rows = (profile.height, profile.width, profile.shape[2]), profile.optical_black_rows
    column_gain = np.broadcast_to(converter.gain.astype(float)[None, :, None], shape)
    offsets_e = converter.offset_v.astype(float) / profile.conversion_gain_v_per_e + _transfer_offset_e(profile, converter)
    column_offset_e = np.broadcast_to(offsets_e[None, :, None], shape)

    def realised(values: NDArray[np.float32] | None, none: float, array: bool = True) -> NDArray[np.float64]:
        full = np.full(shape, none) if values is None else values[rows if array else 0 :].astype(float).reshape(shape)
        return _part(full, plane)

    response = realised(die.response, 1.0, array=False) * _part(column_gain, plane)
    offset_e = realised(die.offset_v, 0.0) / profile.conversion_gain_v_per_e + _part(column_offset_e, plane)
    rate = realised(die.dark_e_per_s, 0.0) * profile.dark.warming(profile.temperature_k)
    good = ~bad
    counted = rate * own.longest_dark_s < FULL * profile.full_well_e
    gain = profile.conversion_gain_v_per_e / profile.readout.lsb_v * float(_part(column_gain, plane).mean())
    row_e = profile.readout.row_noise_v / profile.conversion_gain_v_per_e
    noise2 = profile.temporal_dark_noise_e**2 + row_e**2 + rate.mean() * recording.exposure_s + _rts_variance_e2(profile, own)
    efficiency = profile.quantum_efficiency[plane.colour]
    dark_e = offset_e + rate * recording.exposure_s
    converter_e = (2**profile.readout.bits - 1 - profile.readout.black_level_dn) / gain
    well_e = min(profile.full_well_e, converter_e)
    found = {
        "system_gain_dn_per_e": gain,
        "quantum_efficiency": efficiency * float(response.mean()),
        "temporal_dark_noise_e": math.sqrt(noise2),
        "row_noise_e": row_e,
        "full_well_e": well_e,
        "saturation_capacity_e": _noisiest_e(well_e, noise2, float(response[good].std())),
        "dsnu_e": _deviation(dark_e, bad),
        "prnu_percent": 100 * _deviation(response, bad) / float(response[good].mean()),
        "dark_current_e_per_s": float(rate[counted].mean()),
        "doubling_temperature_k": profile.dark.doubling_k,
    }
    if not profile.dark.mean_e_per_s:
        del found["doubling_temperature_k"]
    return found


def _transfer_offset_e(profile: SensorProfile, converter: ColumnConverter) -> NDArray[np.float64]:
    """What the columns' own transition levels around the black level do to a dark code, float64 (W,) in e-."""
    black = round(profile.readout.black_level_dn)
    near = np.arange(max(black - 4, 1), black + 5)
    found = [near - 0.5 - converter.transfer.transitions_lsb(column)[near - 1] for column in range(profile.width)]
    return np.mean(found, axis=1) * profile.readout.lsb_v / profile.conversion_gain_v_per_e


def _part(values: NDArray[np.float64], plane: Plane) -> NDArray[np.float64]:
    return values[plane.rows, plane.columns, plane.channel]


def _deviation(maps: NDArray[np.float64], bad: NDArray[np.bool_]) -> float:
    """Standard deviation of a realised map by the standard's definition, high-pass included: a stack without any noise."""
    still = Stack(2, maps, np.zeros(maps.shape, np.float32), VarianceSplit(0.0, 0.0, 0.0, 0.0))
    return math.sqrt(spatial_variance(still, bad).variance.total)


def _rts_variance_e2(profile: SensorProfile, own: PlaneRecording) -> float:
    """Mean over the plane of what jumping photosites add to the noise: p (1 - p) A^2 a sample, two samples with CDS."""
    amplitude_e, samples = profile.rts.amplitude_v / profile.conversion_gain_v_per_e, 1 + profile.reset.cds
    # The mean of A^2 of an exponential is twice the mean's square, and that of p (1 - p) of an even p is 1/6.
    return profile.rts.share_percent / 100 * samples / 6 * 2 * amplitude_e**2


def _noisiest_e(well_e: float, noise2: float, prnu: float) -> float:
    """The signal at which the variance of min(signal, well) is greatest: where the standard says a camera saturates."""
    signal = np.linspace(0.8, 1.02, 2001) * well_e
    z, weight = np.polynomial.hermite_e.hermegauss(41)
    variance = np.zeros_like(signal)
    for node, share in zip(z, weight / weight.sum(), strict=True):
        mean = signal * (1 + prnu * node)
        spread = np.sqrt(mean)
        cut = (well_e - mean) / spread
        first = -norm.pdf(cut) + cut * norm.sf(cut)
        second = norm.cdf(cut) - cut * norm.pdf(cut) + cut**2 * norm.sf(cut)
        variance += share * (mean * (second - first**2) + noise2)
    return float(signal[variance.argmax()])

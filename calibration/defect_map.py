"""Which photosites are defective: those that stand out from their neighbours further than chance and sound ones do."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from calibration.stack import Stack

STANDS_OUT = 6.0
"""Standard deviations of the sound photosites from which one stands out: by chance 2 of a thousand million do."""
LEAST_DARK_DN = 1.0
LEAST_RESPONSE = 0.01
SILENT = 0.1
_NO_CHANCE = 1e-9
_DEAD_LINE = 0.5
_MAD_TO_DEVIATION = 1.4826

Sites = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DefectMap:
    """Defects of one colour plane, bool (h, w) each; a photosite may have several.

    Attributes
    ----------
    hot
        brighter or darker in the dark than its neighbours, by 6 standard deviations of the sound ones and 1 DN.
    response
        answers to light otherwise than its neighbours, by 6 standard deviations and 1 %.
    stuck
        does not answer to light, or with less than a tenth of what its neighbours do.
    noisy
        varies in the dark more than chance allows, as telegraph signals do.
    line
        in a row or column more than half of whose photosites are defective.
    """

    hot: Sites
    response: Sites
    stuck: Sites
    noisy: Sites
    line: Sites

    @property
    def every(self) -> Sites:
        """All of them."""
        return self.hot | self.response | self.stuck | self.noisy | self.line

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        kinds = ("hot", "response", "stuck", "noisy", "line", "every")
        return {("all" if kind == "every" else kind): int(getattr(self, kind).sum()) for kind in kinds}


def find_defects(dark: Stack, half: Stack) -> DefectMap:
    """The defects that stacks (h, w) without light and at half of saturation show."""
    hot = _stands_out(dark.mean_dn, LEAST_DARK_DN)
    signal = half.mean_dn - dark.mean_dn
    around = _median(signal)
    response = _stands_out(signal / np.maximum(around, 1.0), LEAST_RESPONSE)
    stuck = signal < SILENT * around
    freedom = dark.frames - 1
    usual = max(float(np.median(dark.variance_dn2)), 1 / 12) / float(chi2.median(freedom) / freedom)
    noisy = dark.variance_dn2 > usual * float(chi2.isf(_NO_CHANCE, freedom) / freedom)
    return DefectMap(hot, response, stuck, noisy, _lines(hot | response | stuck | noisy))


def _stands_out(image: NDArray[np.float64], least: float) -> Sites:
    deviation = np.abs(image - _median(image))
    return deviation > max(STANDS_OUT * _MAD_TO_DEVIATION * float(np.median(deviation)), least)


def _median(image: NDArray[np.float64]) -> NDArray[np.float64]:
    # The median of 5 x 5 does not see a defect, or a dead column, which a mean would spread over the neighbours.
    return cv2.medianBlur(np.ascontiguousarray(image, np.float32), 5).astype(np.float64)


def _lines(defects: Sites) -> Sites:
    columns, rows = defects.mean(axis=0) > _DEAD_LINE, defects.mean(axis=1) > _DEAD_LINE
    return np.broadcast_to(columns, defects.shape) | rows[:, None]

"""What the values say wherever they went: which scene it is, what it shows, and whether there is a histogram at all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from adc import KeySchedule
from inference.datasets import LabelledImages
from keycam.audit.case import Arrays, Case, Figure, Scored, given_of
from keycam.audit.emission import Emission
from privacy.footage import emit
from privacy.scenes_again import captured_again
from privacy.scoring.chance import SIGNIFICANCE, share_limit
from privacy.seen import Samples, Seen

PART = ("histogram",)
MOST_ASKED = 1000
BINS = 256


def identification(scenes: Samples, now: KeySchedule, before: KeySchedule, seed: int) -> Case:
    """The case of one who has earlier frames of all the scenes (F, H, W, C), and looks for the scene of each new frame."""
    asked = np.random.default_rng(seed).permutation(len(scenes))[:MOST_ASKED]
    earlier = emit(captured_again(scenes, seed), before)
    new = emit(captured_again(scenes[asked], seed + 1), now)

    def score(found: Arrays) -> Scored:
        share, chance = float(np.mean(found["found"] == asked)), 1 / len(scenes)
        figures = {"recaptured_found": Figure(share, chance, share_limit(chance, len(asked)))}
        return Scored(len(asked), figures, {"among": len(scenes)})

    return Case(PART, "identification", {**given_of(new), "earlier": earlier.frames}, score)


def classification(asked: LabelledImages, training: LabelledImages, now: KeySchedule, theirs: KeySchedule, seed: int) -> Case:
    """The case of one who learns classes from the histograms of frames of their own, and tells those of other frames."""
    seen, examples = emit(captured_again(asked.images, seed + 2), now), emit(training.images, theirs)

    def score(found: Arrays) -> Scored:
        share, chance = float(np.mean(found["classes"] == asked.labels)), float(found["chance"])
        figures = {"classifier_accuracy": Figure(share, chance, share_limit(chance, len(asked)))}
        return Scored(len(asked), figures, {"classified": len(asked), "examples": len(training)})

    return Case(PART, "classification", {**given_of(seen), "examples": examples.frames, "labels": training.labels}, score)


def next_frame(following: Seen, earlier: Seen) -> Case:
    """The case of one who has frames of a recording, and looks for the one before each of the frames that follow them."""

    def score(found: Arrays) -> Scored:
        share, chance = float(np.mean(found["found"] == np.arange(earlier.count))), 1 / earlier.count
        figures = {"previous_frame_found": Figure(share, chance, share_limit(chance, following.count))}
        return Scored(following.count, figures, {"among": earlier.count})

    return Case(PART, "identification", {**given_of(following), "earlier": earlier.frames}, score)


@dataclass(frozen=True, eq=False)
class SampleHistogram:
    """How often samples fall into each of 256 equal parts of their range: int64 (256,) of the scene and of the link."""

    scene: NDArray[np.int64]
    link: NDArray[np.int64]


def sample_histogram(emission: Emission) -> SampleHistogram:
    """Of all samples of an emission."""
    scene, link = (_counts(samples, emission.seen.bits) for samples in (emission.scenes, emission.seen.frames))
    return SampleHistogram(scene, link)


def flatness(histogram: SampleHistogram) -> Scored:
    """How far the samples are from all values being equally frequent: chi-square for a degree of freedom, 1 on average."""
    freedom = BINS - 1
    limit = float(chi2.isf(SIGNIFICANCE, freedom)) / freedom
    figures = {
        f"{name}_chi_square_per_dof": Figure(_chi_square(counts) / freedom, 1.0, limit)
        for name, counts in (("scene", histogram.scene), ("link", histogram.link))
    }
    return Scored(1, figures)


def _counts(samples: Samples, bits: int) -> NDArray[np.int64]:
    return np.bincount((samples.ravel().astype(np.int64) * BINS) >> bits, minlength=BINS)


def _chi_square(counts: NDArray[np.int64]) -> float:
    expected = counts.sum() / BINS
    return float((((counts - expected) ** 2) / expected).sum())

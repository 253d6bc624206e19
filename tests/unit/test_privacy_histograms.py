"""Histograms of emitted frames: the kernels against NumPy's sort and bincount."""

import numpy as np
import pytest
from numpy.typing import NDArray

from privacy.attacks.histogram import QUANTILES, signatures
from privacy.attacks.histogram_classes import histograms
from privacy.seen import Seen


def noise(channels: int, bits: int, seed: int = 0) -> Seen:
    """Frames whose values crowd towards the dark, so that quantiles differ."""
    samples = np.random.default_rng(seed).random((5, 96, channels)) ** 2 * (2**bits)
    return Seen(samples.astype(np.uint8 if bits <= 8 else np.uint16), 8, 12, bits)


def sorted_views(frames: NDArray[np.generic]) -> NDArray[np.int64]:
    """Channels, then differences and sums of pairs of them, each sorted: int64 (F, P, views)."""
    x = frames.astype(np.int64)
    views = [x]
    for a in range(x.shape[2]):
        for b in range(a + 1, x.shape[2]):
            views.append(np.stack([x[..., a] - x[..., b], x[..., a] + x[..., b]], 2))
    return np.sort(np.concatenate(views, 2), axis=1)


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (1, 12), (3, 16)])
def test_signatures_are_quantiles_of_the_sorted_values(channels: int, bits: int) -> None:
    seen = noise(channels, bits)
    at = np.linspace(0, 95, QUANTILES).round().astype(int)
    expected = sorted_views(seen.frames)[:, at].reshape(5, -1) / (2**bits - 1)
    assert np.allclose(signatures(seen), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (3, 12)])
def test_histograms_count_what_bincount_counts(channels: int, bits: int) -> None:
    seen = noise(channels, bits)
    counted = histograms(seen)
    for number, frame in enumerate(seen.frames.astype(np.int64)):
        fine = [np.bincount(frame[:, c] >> (bits - 5), minlength=32) for c in range(channels)]
        shades = np.ravel_multi_index(tuple((frame >> (bits - 3)).T), (8,) * channels)
        expected = np.sqrt(np.concatenate([*fine, np.bincount(shades, minlength=8**channels)]) / 96)
        assert np.allclose(counted[number, : expected.size], expected, rtol=0, atol=1e-6)


def test_signatures_do_not_change_with_the_order() -> None:
    seen = noise(3, 8)
    moved = seen.frames[:, np.random.default_rng(1).permutation(96)]
    assert np.array_equal(signatures(seen), signatures(Seen(moved, 8, 12)))

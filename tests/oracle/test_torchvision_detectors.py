"""torchvision's single-shot detectors, converted: same boxes, scores and labels, with the anchors in the maps' secret order."""

import pickle

import pytest
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.detection.ssd import SSD

from adc import KeySchedule
from experiments.living_networks import living_detector
from inference.choices import Shuffle
from inference.keyed import UnsupportedLayerError
from inference.keyed.detector import DenseMaps, KeyedDetector, convert_detector
from tests.keyed_check import TOLERANCE, differing_nodes, plain_activations, random_orders, scrambled, smooth_pictures

SSDLITE, SSD300 = "ssdlite320_mobilenet_v3_large", "ssd300_vgg16"
LAYER_ORDERS = KeySchedule(bytes(range(32))).layer_orders()


@pytest.fixture(scope="module")
def ssdlite() -> SSD:
    return living_detector(SSDLITE, (96, 128))


def equal(found: list[dict[str, Tensor]], expected: list[dict[str, Tensor]], frame: tuple[int, int]) -> bool:
    """Same labels, scores to the tolerance, and boxes to the same share of the frame's longer side."""
    assert len(found) == len(expected)
    return all(
        torch.equal(a["labels"], b["labels"])
        and torch.allclose(a["scores"], b["scores"], rtol=0, atol=TOLERANCE)
        and torch.allclose(a["boxes"], b["boxes"], rtol=0, atol=TOLERANCE * max(frame))
        for a, b in zip(found, expected, strict=True)
    )


def detect(keyed: KeyedDetector, x: Tensor, order: Tensor) -> list[dict[str, Tensor]]:
    with torch.inference_mode():
        found: list[dict[str, Tensor]] = keyed(x, order)
        return found


@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
@pytest.mark.parametrize("frame", [(96, 128), (320, 320), (45, 60)])
def test_ssdlite_detects_the_same_for_frames_of_any_size(ssdlite: SSD, frame: tuple[int, int], shuffle: Shuffle) -> None:
    x, order = smooth_pictures(2, frame, seed=3), random_orders(2, frame[0] * frame[1])
    with torch.inference_mode():
        expected = ssdlite(list(x))
    keyed = convert_detector(ssdlite, x, shuffle, LAYER_ORDERS)
    assert min(len(one["boxes"]) for one in expected) > 20
    assert min(len(one["labels"].unique()) for one in expected) > 10
    assert equal(detect(keyed, scrambled(x, order), order), expected, frame)
    assert not equal(detect(keyed, scrambled(x, order), order.flip(0)), expected, frame)
    # One order for the batch.
    assert equal(detect(keyed, scrambled(x, order[0]), order[0]), expected, frame)


@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
def test_the_first_ssd_is_converted_too(ssd300: SSD, shuffle: Shuffle) -> None:
    frame = (60, 80)
    x, order = smooth_pictures(1, frame, seed=3), random_orders(1, frame[0] * frame[1])
    with torch.inference_mode():
        expected = ssd300(list(x))
    assert len(expected[0]["boxes"]) > 20
    assert equal(detect(convert_detector(ssd300, x, shuffle, LAYER_ORDERS), scrambled(x, order), order), expected, frame)


@pytest.fixture(scope="module")
def ssd300() -> SSD:
    return living_detector(SSD300, (96, 128), num_classes=11)


def test_boxes_whose_scores_tie_are_chosen_as_the_plain_detector_chooses_them() -> None:
    # Every anchor of a level and shape has the same score, thousands of them, and 300 are kept: which ones, their sequence
    # alone decides.
    detector, frame = living_detector(SSDLITE, (96, 128), num_classes=4), (96, 128)
    for layers in DenseMaps(detector).scores:
        nn.init.zeros_(layers[1].weight)
        nn.init.normal_(layers[1].bias)
    x, order = smooth_pictures(1, frame, seed=3), random_orders(1, frame[0] * frame[1])
    with torch.inference_mode():
        expected = detector(list(x))
    assert len(expected[0]["scores"].unique()) < len(expected[0]["scores"]) / 3
    assert equal(detect(convert_detector(detector, x, "every-layer", LAYER_ORDERS), scrambled(x, order), order), expected, frame)


def test_a_detection_just_above_the_threshold_is_kept(ssdlite: SSD, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssdlite, "score_thresh", 0.8)
    x, order = smooth_pictures(1, (96, 128), seed=3), random_orders(1, 96 * 128)
    with torch.inference_mode():
        expected = ssdlite(list(x))
    assert 20 < len(expected[0]["scores"]) < ssdlite.detections_per_img
    assert expected[0]["scores"].min() < 0.82
    keyed = convert_detector(ssdlite, x, "every-layer", LAYER_ORDERS)
    assert equal(detect(keyed, scrambled(x, order), order), expected, (96, 128))


def test_a_frame_in_which_nothing_is_found_has_no_boxes() -> None:
    detector, x = living_detector(SSDLITE, (96, 128), num_classes=4, score_thresh=1.0), smooth_pictures(1, (24, 32), seed=3)
    order = random_orders(1, 24 * 32)
    (found,) = detect(convert_detector(detector, x), scrambled(x, order), order)
    assert found["boxes"].shape == (0, 4)
    assert found["scores"].shape == found["labels"].shape == (0,)


def test_no_map_of_the_detector_is_a_raster(ssdlite: SSD) -> None:
    x, order = smooth_pictures(1, (96, 128), seed=3), random_orders(1, 96 * 128)
    plain, keyed = plain_activations(DenseMaps(ssdlite), x), convert_detector(ssdlite, x, "every-layer", LAYER_ORDERS)
    assert differing_nodes(keyed.maps, plain, x, order) == []
    with torch.inference_mode():
        kept = keyed.maps.activations(scrambled(x, order), order)
        maps, orders = keyed.maps(scrambled(x, order), order), keyed.maps.output_order(order)
    spatial = {name: one.tensor for name, one in kept.items() if one.tensor.ndim == 4 and one.tensor[0, 0].numel() > 8}
    assert len(spatial) > 150
    assert [name for name, tensor in spatial.items() if torch.allclose(tensor, plain[name], rtol=1e-3, atol=1e-4)] == []
    # Six levels leave the keyed network, the last of a single pixel.
    assert [m.shape[2] for m in maps] == [20, 10, 5, 3, 2, 1]
    for level, level_order in zip(maps[:4], orders[:4], strict=True):
        assert not torch.equal(level_order, torch.arange(level[0, 0].numel()))
    assert orders[5] is None


def test_another_kind_of_detector_is_refused() -> None:
    detector = models.detection.fcos_resnet50_fpn(weights=None, weights_backbone=None).eval()
    with pytest.raises(UnsupportedLayerError, match=r"detector \(FCOS\) cannot be keyed: take an SSD"):
        convert_detector(detector, torch.zeros(1, 3, 32, 32))


def test_a_detector_in_training_is_refused(ssdlite: SSD) -> None:
    x, order = torch.zeros(1, 3, 24, 32), random_orders(1, 24 * 32)
    keyed = convert_detector(ssdlite, x)
    ssdlite.train()
    try:
        with pytest.raises(ValueError, match=r"detector\.training = True: allowed is False"):
            convert_detector(ssdlite, x)
        with pytest.raises(ValueError, match=r"training = True: allowed is False"):
            keyed(x, order)
    finally:
        ssdlite.eval()


def test_frames_of_another_size_are_refused(ssdlite: SSD) -> None:
    keyed = convert_detector(ssdlite, torch.zeros(1, 3, 24, 32))
    with pytest.raises(ValueError, match=r"x = \(1, 3, 32, 24\): allowed is \(N, 3, 24, 32\)"):
        keyed(torch.zeros(1, 3, 32, 24), random_orders(1, 24 * 32))


def test_a_keyed_detector_is_not_pickled(ssdlite: SSD) -> None:
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(convert_detector(ssdlite, torch.zeros(1, 3, 24, 32)))

"""Keyed single-shot detectors: torchvision's SSD family on pixels in a secret order."""

import torch
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD, SSDScoringHead

from inference.choices import Shuffle
from inference.keyed.convert import convert
from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.network import KeyedNetwork
from inference.keyed.tables import LayerOrders

Detections = dict[str, Tensor]
"""What torchvision's detectors say of one frame: boxes (D, 4), scores (D,) and labels (D,)."""


def convert_detector(
    detector: SSD, example: Tensor, shuffle: Shuffle = "every-layer", layer_orders: LayerOrders | None = None
) -> "KeyedDetector":
    """Make the keyed twin of a trained detector: same parameters, same boxes, scores and labels, pixels in secret order.

    Parameters
    ----------
    detector
        `ssdlite320_mobilenet_v3_large`, `ssd300_vgg16` or another SSD, in eval mode; its parameters are shared, not copied.
    example
        (N, 3, H, W), frames of the camera's size; their values do not matter. The resizing is converted with the rest, so
        that the size is free.
    shuffle, layer_orders
        As for `convert`.

    Raises
    ------
    UnsupportedLayerError
        Another kind of detector, or a layer in its backbone or head whose effect on the order is not known.
    """
    if not isinstance(detector, SSD):
        raise UnsupportedLayerError("detector", type(detector).__name__, "take an SSD, whose answers come from dense maps alone")
    if detector.training:
        raise ValueError("detector.training = True: allowed is False, so call eval() on it first")
    return KeyedDetector(detector, convert(DenseMaps(detector).eval(), example, shuffle, layer_orders))


class DenseMaps(nn.Module):
    """The part of an SSD that torch.fx can trace: from the frame to one dense map for each level of the pyramid.

    A map has shape (N, A (4 + K), H', W'): for each of the A anchors of a position 4 box displacements, then for each the K
    class scores. Boxes and scores leave as one map so that they are in one order.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, detector: SSD) -> None:
        super().__init__()
        # torchvision's own transform looks into its input, one frame at a time, which no trace can follow.
        for name, values in (("mean", detector.transform.image_mean), ("std", detector.transform.image_std)):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1), persistent=False)
        self.size = network_size(detector)
        self.backbone = detector.backbone
        self.boxes = detector.head.regression_head.module_list
        self.scores = detector.head.classification_head.module_list

    def forward(self, x: Tensor) -> list[Tensor]:
        """Maps of the frames x (N, 3, H, W) in 0..1, of any size."""
        resized = nn.functional.interpolate((x - self.mean) / self.std, size=self.size, mode="bilinear", align_corners=False)
        features = self.backbone(resized)
        levels = list(features.values()) if isinstance(features, dict) else [features]
        return [
            torch.cat([boxes(level), scores(level)], 1)
            for level, boxes, scores in zip(levels, self.boxes, self.scores, strict=True)
        ]


class KeyedDetector(nn.Module):
    """What `convert_detector` returns: call it as `keyed(x, order)`.

    The maps leave the keyed network in secret order. A detection is a box, and so has to know where it is: here, where an
    anchor meets its scores, the secret order ends. The anchors that no class claims are dropped before that, unplaced.

    Attributes
    ----------
    detector
        The plain detector, whose own anchors, decoding and suppression are used.
    maps
        The keyed twin of its `DenseMaps`.
    """

    def __init__(self, detector: SSD, maps: KeyedNetwork) -> None:
        super().__init__()
        self.detector, self.maps = detector, maps
        # torchvision's own layout of maps as rows of anchors, with nothing in front of it.
        head, levels = detector.head, nn.ModuleList(nn.Identity() for _ in detector.anchor_generator.aspect_ratios)
        self.box_rows = SSDScoringHead(levels, head.regression_head.num_columns)
        self.score_rows = SSDScoringHead(levels, head.classification_head.num_columns)
        self.eval()

    def forward(self, x: Tensor, order: Tensor) -> list[Detections]:
        """Detect in keyed frames what the plain detector detects in plain ones.

        Parameters
        ----------
        x
            (N, 3, H, W) in 0..1, holding pixels in emission order: pixel q of the frame at row q // W, column q % W.
        order
            Integer (P,), one order for the batch, or (N, P), one for each frame, with P = H W: `x[q] = plain[order[q]]`.

        Returns
        -------
        list
            For each frame boxes (D, 4) as x1, y1, x2, y2 in pixels of the frame, scores (D,) and labels (D,).

        Raises
        ------
        ValueError
            A size that is not the frame's that the detector was converted for, or a detector put in training mode.
        """
        if self.training or self.detector.training:
            raise ValueError("training = True: allowed is False; train the plain detector, it has the same parameters")
        maps, size = self.maps(x, order), network_size(self.detector)
        images = ImageList(x.new_empty(1, 3, *size), [size])
        (anchors,) = self.detector.anchor_generator(images, maps)
        places = self._places(maps, self.maps.output_order(order))
        boxes, scores = self._rows(maps)
        found = [self._detect(*rows, anchors, places, size) for rows in zip(boxes, scores, strict=True)]
        frame = int(x.shape[2]), int(x.shape[3])
        return self.detector.transform.postprocess(found, [size] * len(found), [frame] * len(found))

    def _rows(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Displacements (N, R, 4) and class scores (N, R, K) of the R anchors of all levels, in the maps' orders."""
        columns = self.box_rows.num_columns, self.score_rows.num_columns
        anchors = [m.shape[1] // sum(columns) for m in maps]
        parts = [m.split([a * columns[0], a * columns[1]], 1) for m, a in zip(maps, anchors, strict=True)]
        return self.box_rows([boxes for boxes, _ in parts]), self.score_rows([scores for _, scores in parts])

    def _places(self, maps: list[Tensor], orders: list[Tensor | None]) -> Tensor:
        """int64 (R,), the number that the anchor of each row has in raster order."""
        columns = self.box_rows.num_columns + self.score_rows.num_columns
        counts = [m.shape[1] // columns * m.shape[2] * m.shape[3] for m in maps]
        levels = torch.arange(sum(counts), device=maps[0].device).split(counts)
        return torch.cat(
            [
                level if order is None else level.view(len(order), -1)[order].flatten()
                for level, order in zip(levels, orders, strict=True)
            ]
        )

    def _detect(self, boxes: Tensor, scores: Tensor, anchors: Tensor, places: Tensor, size: tuple[int, int]) -> Detections:
        """The detections of one frame from displacements (R, 4), scores (R, K) and anchors (R, 4)."""
        claimed = (scores.softmax(-1)[:, 1:] > self.detector.score_thresh).any(1).nonzero().squeeze(1)
        # Scores that tie, as on a frame without light, are taken in the sequence in which they come. The plain detector's is
        # the anchors' own; with any other, other boxes would be left.
        claimed = claimed[places[claimed].argsort()]
        rows = {"bbox_regression": boxes[None, claimed], "cls_logits": scores[None, claimed]}
        (found,) = self.detector.postprocess_detections(rows, [anchors[places[claimed]]], [size])
        return found


def network_size(detector: SSD) -> tuple[int, int]:
    """Rows and columns to which an SSD resizes its frames; torchvision notes columns first."""
    columns, rows = detector.transform.fixed_size
    return rows, columns

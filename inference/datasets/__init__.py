"""Data sets by name: CIFAR-10 for classes, CamVid and PASCAL VOC for a class of each pixel."""

from inference.datasets.camvid import CAMVID_CLASSES, CAMVID_SIZE, load_camvid
from inference.datasets.camvid_colours import PALETTE as CAMVID_PALETTE
from inference.datasets.cifar10 import CIFAR10_CLASSES, load_cifar10
from inference.datasets.errors import DataError
from inference.datasets.labelled import LabelledImages, SegmentedImages
from inference.datasets.voc import VOC_CLASSES, load_voc

CLASSES = {"cifar10": CIFAR10_CLASSES, "camvid": CAMVID_CLASSES, "voc": VOC_CLASSES}
"""Names of the classes, by data set."""

__all__ = [
    "CAMVID_CLASSES",
    "CAMVID_PALETTE",
    "CAMVID_SIZE",
    "CIFAR10_CLASSES",
    "CLASSES",
    "VOC_CLASSES",
    "DataError",
    "LabelledImages",
    "SegmentedImages",
    "load_camvid",
    "load_cifar10",
    "load_voc",
]

"""Training that can be stopped at any epoch and resumed: of classifiers, and of networks that segment."""

from inference.training.checkpoint import CheckpointError, EpochReport
from inference.training.classification import TrainingPlan, train
from inference.training.segmentation import SegmentationPlan, train_segmentation

__all__ = ["CheckpointError", "EpochReport", "SegmentationPlan", "TrainingPlan", "train", "train_segmentation"]

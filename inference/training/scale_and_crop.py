"""Training-time variation of segmented pictures: random scale, crop, mirror image and colours."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from inference.datasets import SegmentedImages

SCALES = (0.6, 1.4)
"""Smallest and largest scale of a picture before it is cropped."""


class ScaleAndCrop:
    """Random crops of randomly scaled, mirrored and coloured pictures, each pixel with its label.

    What a crop holds beyond the picture's edge is void. An epoch's draws depend on nothing but the seed and its number.

    Shapes: pictures float32 (N, 3, h, w) in 0..1, channels last; labels int64 (N, h, w).
    """

    def __init__(self, pictures: SegmentedImages, seed: int) -> None:
        self.images = torch.from_numpy(pictures.images).permute(0, 3, 1, 2)
        self.labels = torch.from_numpy(pictures.labels)
        self.void, self.seed = pictures.void, seed

    def epoch(self, epoch: int, batch_size: int, size: tuple[int, int]) -> "EpochOfPictures":
        """All pictures once, in a fresh order, as crops of `size` = (height, width) pixels."""
        return EpochOfPictures(self, epoch, batch_size, size)


class EpochOfPictures:
    """Iterator over one epoch's batches; the last one is left out where it is a single picture, which has no batch norm."""

    def __init__(self, source: ScaleAndCrop, epoch: int, batch_size: int, size: tuple[int, int]) -> None:
        self.source, self.number = source, epoch
        generator = torch.Generator().manual_seed(_seed(source.seed, epoch, 0))
        batches = torch.randperm(len(source.images), generator=generator).split(batch_size)
        self.batches = [index for index in batches if len(index) > 1]
        height, width = source.images.shape[2:]
        fill = {tv_tensors.Image: 0, tv_tensors.Mask: source.void}
        self.vary = v2.Compose(
            [
                v2.ScaleJitter((height, width), SCALES, antialias=True),
                v2.RandomCrop(size, pad_if_needed=True, fill=fill),
                v2.RandomHorizontalFlip(),
                v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4),
            ]
        )

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for index in self.batches:
            images, labels = zip(*map(self._varied, index.tolist()), strict=True)
            pictures = torch.stack(images).float().div_(255)
            yield pictures.contiguous(memory_format=torch.channels_last), torch.stack(labels).long()

    def _varied(self, index: int) -> tuple[Tensor, Tensor]:
        source = self.source
        # torchvision draws from torch's global generator, which is put back as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_seed(source.seed, self.number, index + 1))
            image, labels = self.vary(tv_tensors.Image(source.images[index]), tv_tensors.Mask(source.labels[index]))
        return image.as_subclass(Tensor), labels.as_subclass(Tensor)


def _seed(seed: int, epoch: int, stream: int) -> int:
    return ((seed * 1_000_003 + epoch) * 1_000_003 + stream) % 2**63  # what torch takes

"""A fully convolutional network for segmentation: a small residual encoder, and a decoder that takes in its finer maps."""

from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models.resnet import BasicBlock
from torchvision.ops import Conv2dNormActivation

from inference.models.normalise import Normalise
from inference.models.resnet import conv1x1, initialise

CAMVID_MEAN = (0.4125, 0.4251, 0.4320)
CAMVID_STD = (0.3041, 0.3092, 0.3030)
"""Of the 367 training pictures at 240x180."""


class FcnResNet12(nn.Module):
    """Fully convolutional network (Long et al. 2015) with a residual encoder of 12 weighted layers and three skips.

    The encoder halves the picture four times. Its deepest map is weighed channel by channel by what the whole picture holds,
    as in LR-ASPP (Howard et al. 2019, section 6.4), and then meets the maps of 1/8, 1/4 and 1/2 of the picture's size in turn.

    Shapes: (N, 3, H, W) in 0..1 -> scores (N, classes, H, W); any H, W of 16 or more.
    """

    CHANNELS = (32, 64, 128, 192)
    """Of the maps of 1/2, 1/4, 1/8 and 1/16 of the picture's size."""
    DECODER_CHANNELS = 64

    def __init__(self, classes: int = 11) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = self.CHANNELS
        width = self.DECODER_CHANNELS
        self.normalise = Normalise(CAMVID_MEAN, CAMVID_STD)
        self.stem = Conv2dNormActivation(3, half, stride=2)
        self.stage1 = _stage(half, quarter, blocks=1)
        self.stage2 = _stage(quarter, eighth, blocks=2)
        self.stage3 = _stage(eighth, sixteenth, blocks=2)
        self.whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv1x1(sixteenth, width), nn.Sigmoid())
        self.deepest = Conv2dNormActivation(sixteenth, width, 1)
        self.skip_eighth = Conv2dNormActivation(eighth, width, 1)
        self.skip_quarter = Conv2dNormActivation(quarter, width, 1)
        self.skip_half = Conv2dNormActivation(half, width, 1)
        self.join_eighth = Conv2dNormActivation(width, width)
        self.join_quarter = Conv2dNormActivation(width, width)
        self.scores = nn.Conv2d(width, classes, 1)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        half = self.stem(self.normalise(x))
        quarter = self.stage1(half)
        eighth = self.stage2(quarter)
        deepest = self.stage3(eighth)
        y = self.deepest(deepest) * self.whole(deepest)
        y = self.join_eighth(_grown(y, eighth) + self.skip_eighth(eighth))
        y = self.join_quarter(_grown(y, quarter) + self.skip_quarter(quarter))
        y = _grown(y, half) + self.skip_half(half)
        return _grown(self.scores(y), x)


def _stage(in_channels: int, channels: int, blocks: int) -> nn.Sequential:
    """Basic blocks, of which the first halves the map."""
    shortcut = nn.Sequential(conv1x1(in_channels, channels, stride=2), nn.BatchNorm2d(channels))
    return nn.Sequential(
        BasicBlock(in_channels, channels, stride=2, downsample=shortcut),
        *(BasicBlock(channels, channels) for _ in range(blocks - 1)),
    )


def _grown(coarse: Tensor, fine: Tensor) -> Tensor:
    """The coarse map at the size of the fine one."""
    return interpolate(coarse, size=fine.shape[-2:], mode="bilinear", align_corners=False)

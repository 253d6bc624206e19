"""VGG-16 with batch norm, in the published form for CIFAR (one linear layer after five halvings)."""

from torch import Tensor, nn

from inference.models.normalise import Normalise
from inference.models.resnet import initialise

CHANNELS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class Vgg16(nn.Module):
    """Thirteen 3x3 convolutions in five groups, each group ended by 2x2 max pooling (Simonyan and Zisserman 2015).

    What remains of the raster is averaged before the classifier; at 32x32 one pixel remains, as in the published form.

    Shapes: (N, 3, H, W) in 0..1 -> (N, classes); any H, W of 32 or more.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.normalise = Normalise()
        layers: list[nn.Module] = []
        in_channels = 3
        for group in CHANNELS:
            for channels in group:
                layers += [nn.Conv2d(in_channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
                in_channels = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(in_channels, classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.flatten(self.pool(self.features(self.normalise(x)))))

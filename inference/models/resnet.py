"""Residual networks for CIFAR: ResNet-20 (He et al. 2016a) and PreResNet-110 (He et al. 2016b)."""

import copy

from torch import Tensor, nn

from inference.models.normalise import Normalise


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)


def conv1x1(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, each followed by batch norm, beside a shortcut; ReLU after the sum."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(in_channels, channels, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = conv3x3(channels, channels)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(conv1x1(in_channels, channels, stride), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet(nn.Module):
    """ResNet for 32x32 pictures: three stages of `blocks` basic blocks with 16, 32 and 64 channels, 6 blocks + 2 layers.

    Shortcuts that change shape are 1x1 convolutions (option B of He et al. 2016a, section 3.3).

    Shapes: (N, 3, H, W) in 0..1 -> (N, classes); any H, W of 4 or more.
    """

    def __init__(self, blocks: int = 3, classes: int = 10) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.conv1 = conv3x3(3, 16)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        stages, in_channels = [], 16
        for channels, stride in ((16, 1), (32, 2), (64, 2)):
            strides = [stride] + [1] * (blocks - 1)
            stage = []
            for s in strides:
                stage.append(BasicBlock(in_channels, channels, s))
                in_channels = channels
            stages.append(nn.Sequential(*stage))
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(64, classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(self.normalise(x))))
        return self.linear(self.flatten(self.pool(self.stages(x))))


class PreActivationBottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions, batch norm and ReLU before each; four times as many channels leave it."""

    expansion = 4

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        out_channels = channels * self.expansion
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = conv1x1(in_channels, channels)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = conv3x3(channels, channels, stride)
        self.bn3 = nn.BatchNorm2d(channels)
        self.conv3 = conv1x1(channels, out_channels)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = conv1x1(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(self.relu(self.bn1(x)))
        out = self.conv2(self.relu(self.bn2(out)))
        return self.conv3(self.relu(self.bn3(out))) + self.shortcut(x)


class PreResNet(nn.Module):
    """Pre-activation residual network for 32x32 pictures, three stages of `blocks` bottlenecks.

    `blocks = 18` is the network that the literature on image encryption calls PreResNet-110: 1.70 M parameters.

    Shapes: (N, 3, H, W) in 0..1 -> (N, classes); any H, W of 4 or more.
    """

    def __init__(self, blocks: int = 18, classes: int = 10) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.conv1 = conv3x3(3, 16)
        stages, in_channels = [], 16
        for channels, stride in ((16, 1), (32, 2), (64, 2)):
            stage = []
            for s in [stride] + [1] * (blocks - 1):
                stage.append(PreActivationBottleneck(in_channels, channels, s))
                in_channels = channels * PreActivationBottleneck.expansion
            stages.append(nn.Sequential(*stage))
        self.stages = nn.Sequential(*stages)
        self.bn = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(in_channels, classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.conv1(self.normalise(x)))
        return self.linear(self.flatten(self.pool(self.relu(self.bn(x)))))


def shallow(network: PreResNet, blocks: int = 3) -> nn.Module:
    """The first `blocks` of every stage of `network`, with the first and last layers, as a network of its own.

    It has its parameters in common with `network`: what one learns, the other knows. Blocks that it leaves out may begin as
    identities (`begin_as_identity`); then both answer alike until `network` itself is trained.
    """
    view = copy.copy(network)
    view._modules = dict(network._modules)
    view.stages = nn.Sequential(*(nn.Sequential(*list(stage.children())[:blocks]) for stage in network.stages))
    return view


def begin_as_identity(network: PreResNet, blocks: int = 3) -> None:
    """Let all but the first `blocks` of every stage pass on what they get: their last convolution begins at zero."""
    for stage in network.stages:
        for block in list(stage.children())[blocks:]:
            assert isinstance(block, PreActivationBottleneck)
            nn.init.zeros_(block.conv3.weight)


def initialise(network: nn.Module) -> None:
    """Draw convolution weights after He et al. 2015 (normal, fan out); batch norm keeps scale 1 and offset 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

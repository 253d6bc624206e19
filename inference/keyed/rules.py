"""What each operation does to the order of the pixels, by kind."""

from torch import fx, nn

# Each output pixel depends on the same pixel of the input alone: the order passes through.
POINTWISE_MODULES: tuple[type[nn.Module], ...] = (
    nn.BatchNorm2d,
    nn.SyncBatchNorm,
    nn.Identity,
    nn.Dropout,
    nn.Dropout2d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
    nn.ChannelShuffle,
    nn.LocalResponseNorm,
    nn.Softmax2d,
    nn.CELU,
    nn.ELU,
    nn.GELU,
    nn.Hardshrink,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Hardtanh,
    nn.LeakyReLU,
    nn.LogSigmoid,
    nn.Mish,
    nn.PReLU,
    nn.ReLU,
    nn.ReLU6,
    nn.RReLU,
    nn.SELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Softplus,
    nn.Softshrink,
    nn.Softsign,
    nn.Tanh,
    nn.Tanhshrink,
    nn.Threshold,
)
# Functions of torch, torch.nn.functional and operator, and methods of tensors; a trailing underscore is left out.
POINTWISE_NAMES = frozenset(
    "add sub mul div truediv floordiv true_divide floor_divide iadd isub imul itruediv radd rsub rmul neg pow square sqrt rsqrt "
    "reciprocal abs exp expm1 log log1p log2 sin cos tanh sigmoid erf clamp clip clamp_min clamp_max minimum maximum where lerp "
    "floor ceil round trunc sign eq ne lt le gt ge logical_and logical_or logical_not masked_fill addcmul addcdiv "
    "relu relu6 elu celu selu gelu silu mish leaky_relu prelu rrelu hardtanh hardswish hardsigmoid hardshrink softplus "
    "softshrink softsign tanhshrink logsigmoid threshold dropout dropout2d alpha_dropout stochastic_depth drop_block2d "
    "batch_norm local_response_norm channel_shuffle contiguous clone detach float half bfloat16 double to type_as "
    "zeros_like ones_like".split()
)
# Of these, the ones that treat axis 1 apart, which must not be one that the pixels run along.
CHANNEL_MODULES = (
    nn.BatchNorm2d,
    nn.SyncBatchNorm,
    nn.Dropout2d,
    nn.FeatureAlphaDropout,
    nn.ChannelShuffle,
    nn.LocalResponseNorm,
    nn.Softmax2d,
    nn.PReLU,
)
CHANNEL_NAMES = frozenset("prelu batch_norm dropout2d local_response_norm channel_shuffle".split())
# Operations along one axis, which keep the pixels apart as long as that is not an axis of theirs.
ALONG_AN_AXIS_MODULES = (nn.Softmax, nn.LogSoftmax, nn.GLU)
ALONG_AN_AXIS_NAMES = frozenset("softmax log_softmax glu normalize cumsum".split())
REDUCTION_NAMES = frozenset("mean sum amax amin max min std var argmax argmin prod norm any all".split())

# Each output pixel depends on a neighbourhood, or on all pixels.
SPATIAL_MODULES: tuple[type[nn.Module], ...] = (
    nn.Conv2d,
    nn.ConvTranspose2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.LPPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.Upsample,
    nn.ZeroPad2d,
    nn.ConstantPad2d,
    nn.ReflectionPad2d,
    nn.ReplicationPad2d,
    nn.CircularPad2d,
    nn.PixelShuffle,
    nn.PixelUnshuffle,
    # These sum over space, and sums must not depend on the key.
    nn.GroupNorm,
    nn.InstanceNorm2d,
)
SPATIAL_NAMES = frozenset(
    "conv2d conv_transpose2d max_pool2d avg_pool2d lp_pool2d adaptive_avg_pool2d adaptive_max_pool2d interpolate pad "
    "pixel_shuffle pixel_unshuffle group_norm instance_norm flip roll getitem".split()
)

# What makes a map of many pixels out of a single one.
GROWING_MODULES = (nn.ConvTranspose2d, nn.Upsample, nn.ZeroPad2d, nn.ConstantPad2d, nn.ReplicationPad2d, nn.PixelShuffle)
GROWING_NAMES = frozenset("conv_transpose2d interpolate pad pixel_shuffle".split())


def name_of(node: fx.Node) -> str:
    """The plain name of the function or method that a node calls: "add" for torch.add, operator.iadd is "iadd"."""
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    # torch.nn.functional wraps boolean choices: boolean_dispatch names max_pool2d "fn", and has the name in its doc only.
    return _DISPATCHED.get(id(node.target), name).removeprefix("_").rstrip("_")


_DISPATCHED = {
    id(getattr(nn.functional, name)): name
    for name in ("max_pool2d", "adaptive_max_pool2d", "fractional_max_pool2d")
    if hasattr(nn.functional, name)
}


def is_pointwise_convolution(module: nn.Module) -> bool:
    """A 1x1 convolution that visits every pixel once mixes channels only."""
    return (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.stride == (1, 1)
        and module.padding in ((0, 0), "same", "valid")
    )

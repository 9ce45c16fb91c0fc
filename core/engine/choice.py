"""Which kernel a layer runs on, chosen in this one place, with the reason in words."""

from dataclasses import dataclass

from core.engine.flow import Task
from core.engine.steps.geometry import has_few_long_filters, is_pointwise
from core.engine.steps.spread import reach_apart, small_groups
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.layers.activation import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from core.layers.arrangement import Pad2D, Reshape, Scale
from core.layers.base import Layer
from core.layers.batch_norm import BatchNorm
from core.layers.conv2d import Conv2D
from core.layers.dense import Dense
from core.layers.dropout import Dropout
from core.layers.local_response_norm import LocalResponseNorm
from core.layers.maxout import Maxout
from core.layers.merge import Add, Concatenate
from core.layers.other_pooling import ChannelPool, GaussianPool2D, GlobalMaxPool2D, L2Pool2D
from core.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from core.layers.rectified import APL, ELU, NoisyReLU, PReLU, RReLU, Softplus, VeryLeakyReLU
from core.layers.reshape import Flatten

# Layers for which there is one kernel only, and what it does.
_SINGLE: dict[type[Layer], tuple[str, str]] = {
    Dense: ("dense", "a matrix product in register tiles"),
    Flatten: ("flatten", "only the order of the numbers changes"),
    ReLU: ("activation", "one number in, one number out"),
    LeakyReLU: ("activation", "one number in, one number out"),
    VeryLeakyReLU: ("activation", "one number in, one number out"),
    Sigmoid: ("activation", "one number in, one number out"),
    Tanh: ("activation", "one number in, one number out"),
    ELU: ("activation", "one number in, one number out"),
    Softplus: ("activation", "one number in, one number out"),
    PReLU: ("learned-slope", "number by number, a slope per channel"),
    APL: ("hinges", "number by number, a few hinges per channel"),
    Scale: ("scale", "number by number, a factor and a shift per channel"),
    NoisyReLU: ("noisy", "random numbers from counters, none kept"),
    RReLU: ("random-slope", "random numbers from counters, none kept"),
    Maxout: ("maxout", "one matrix product for all pieces, then the largest"),
    Softmax: ("softmax", "each picture's scores together"),
    MaxPool2D: ("max-pool", "window by window"),
    AveragePool2D: ("average-pool", "window by window"),
    GlobalAveragePool2D: ("global-average", "the mean of each map"),
    GlobalMaxPool2D: ("max-pool", "one window over the whole map"),
    L2Pool2D: ("length-pool", "window by window"),
    GaussianPool2D: ("weighted-pool", "window by window"),
    ChannelPool: ("channel-pool", "neighbouring channels together"),
    LocalResponseNorm: ("neighbours", "pixel by pixel, sums over neighbouring channels"),
    Pad2D: ("pad", "rows are copied into a frame that is filled once"),
    BatchNorm: ("batch-norm", "sums per channel, then number by number"),
    Dropout: ("dropout", "random numbers from counters, none kept"),
    Add: ("add", "number by number"),
    Concatenate: ("concatenate", "channels behind each other"),
}


# How full Winograd's blocks of output must be: below, the products saved are spent on what is thrown away.
_WORTH_BLOCKS = 0.6
_LEAST_CHANNELS = 16
# 5×5 with pictures side by side: the fewest channels and filters, the most weights, and numbers of a picture.
_LEAST_ABREAST, _MOST_WEIGHTS, _MOST_NUMBERS = (3, 6), 32 * 32, 40 * 40 * 32


@dataclass(frozen=True)
class Choice:
    """`kernel` is the name of a step; `reason` says why, for people who ask."""

    kernel: str
    reason: str


def choose(task: Task) -> Choice:
    """The step for a task."""
    layer = task.layer
    if not COMPILED:
        return Choice("definition", "compilation is switched off (NUMBA_DISABLE_JIT), so the NumPy definition runs")
    if isinstance(layer, Conv2D):
        return _convolution(layer, task)
    if isinstance(layer, Reshape):
        # As a vector the numbers lie as Flatten leaves them.
        return Choice("flatten" if len(task.shape) == 1 else "reshape", "only the order of the numbers changes")
    if type(layer) in _SINGLE:
        return Choice(*_SINGLE[type(layer)])
    return Choice("definition", "there is no compiled kernel for this layer, so the NumPy definition runs")


def _worth_lanes(filters: int, task: Task) -> bool:
    """Whether 5×5 filters share enough of what turning patches into positions costs, in a cache that holds them."""
    (channels, height, width), (_, down, across) = task.input_shapes[0], task.layer_shape
    used = down * across / (4 * -(-down // 2) * -(-across // 2))
    few = channels * filters <= _MOST_WEIGHTS and channels * height * width <= _MOST_NUMBERS
    return few and used >= _WORTH_BLOCKS and channels >= _LEAST_ABREAST[0] and filters >= _LEAST_ABREAST[1]


def _convolution(layer: Conv2D, task: Task) -> Choice:
    if small_groups(layer, task.input_shapes[0][0]):
        return Choice("lanewise", "small groups: every output channel has a lane of its own")
    if layer.groups > 1:
        return Choice("split", "register tiles for each group, once its channels lie next to each other")
    if reach_apart(layer) != (1, 1):
        return Choice("split", "register tiles, once the pixels that a dilated filter looks at lie next to each other")
    channels, height, width = task.input_shapes[0][0], *task.layer_shape[1:]
    if is_pointwise(layer, task.input_shapes[0]):
        pixels = "all pixels" if layer.stride == (1, 1) else "the pixels that it sees"
        return Choice("pointwise", f"register tiles: a filter of one pixel, so {pixels} are one matrix product")
    if layer.kernel == (5, 5) and layer.stride == (1, 1) and _worth_lanes(layer.filters, task):
        if task.precise:
            return Choice("convolution", "register tiles, because Precise is on: Winograd's blocks would lose a digit")
        return Choice("abreast", f"5×5 at stride 1: 36 products instead of 100, {LANES} pictures side by side")
    whole = all(count >= _LEAST_CHANNELS and count % LANES == 0 for count in (channels, layer.filters))
    if whole and layer.kernel == (3, 3) and layer.stride == (1, 1):
        if task.precise:
            return Choice("convolution", "register tiles, because Precise is on: Winograd's blocks would lose a digit")
        used = height * width / (16 * -(-height // 4) * -(-width // 4))
        if used >= _WORTH_BLOCKS:
            return Choice("winograd", "3×3 at stride 1, whole vectors of channels: a quarter of the products")
        return Choice("convolution", f"register tiles: Winograd's 4×4 blocks would be only {used:.0%} full")
    strided = layer.kernel != (1, 1) and layer.stride != (1, 1)
    if strided and channels % LANES == 0 and layer.filters % LANES == 0:
        return Choice("regions", "register tiles without a frame of zeros: with a stride the frame would cost the most")
    if has_few_long_filters(layer, task.input_shapes[0]):
        return Choice("dots", "dot products along the filters: so few filters would leave most of a vector idle")
    return Choice("convolution", "register tiles: each row of a filter covers neighbouring numbers")

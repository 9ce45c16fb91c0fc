"""The steps by the names that `choice` uses."""

from collections.abc import Callable

from core.engine.flow import Task
from core.engine.steps.abreast import AbreastConvolution
from core.engine.steps.activation import Activation, SoftmaxRows
from core.engine.steps.arrange import Pad, Rearrange
from core.engine.steps.base import Build, Step
from core.engine.steps.batch_norm import Normalise
from core.engine.steps.definition import Definition
from core.engine.steps.dense import FullyConnected, LargestPiece
from core.engine.steps.direct import DirectConvolution
from core.engine.steps.dots import DotConvolution
from core.engine.steps.few_abreast import FewFiltersAbreast
from core.engine.steps.few_filters import FewFilters, suits
from core.engine.steps.lanewise import LanewiseConvolution
from core.engine.steps.merge import Join, Sum
from core.engine.steps.neighbours import Neighbours
from core.engine.steps.noise import Drop, Noisy, RandomSlope
from core.engine.steps.patches import PatchConvolution, few_windows
from core.engine.steps.per_channel import Hinged, Scaled, Sloped
from core.engine.steps.planes import PlaneConvolution, few_channels
from core.engine.steps.pointwise import PointwiseConvolution
from core.engine.steps.pooling import AveragePool, GlobalAverage, LengthPool, MaxPool, OverChannels, WeightedPool
from core.engine.steps.regions import RegionConvolution, without_frames
from core.engine.steps.reshape import Transpose
from core.engine.steps.sampled import SampledConvolution
from core.engine.steps.split import SplitConvolution
from core.engine.steps.winograd import WinogradConvolution
from core.engine.steps.within import SharedConvolution, share_pictures
from core.engine.tensor import Tensor
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D

_Maker = Callable[[Task, list[Tensor], Tensor, Build], Step]


def _single(step: Callable[[Task, Tensor, Tensor, Build], Step]) -> _Maker:
    """A step with one input."""
    return lambda task, sources, output, build: step(task, sources[0], output, build)


def _convolution(task: Task, source: Tensor, output: Tensor, build: Build) -> Step:
    """Register tiles: pixels in lanes for few filters; the pictures shared between threads where they are few."""
    # First what does not depend on the number of threads, so that the bits do not either.
    if suits(task, source):
        return (FewFiltersAbreast if build.abreast else FewFilters)(task, source, output, build)
    if few_channels(task, source):
        return PlaneConvolution(task, source, output, build)
    if without_frames(task, build):
        return RegionConvolution(task, source, output, build)
    return (SharedConvolution if share_pictures(task, build) else DirectConvolution)(task, source, output, build)


def _pointwise(task: Task, source: Tensor, output: Tensor, build: Build) -> Step:
    """One matrix product; the pictures shared between threads where they are few."""
    if share_pictures(task, build):
        return SharedConvolution(task, source, output, build)
    layer = task.layer
    assert isinstance(layer, Conv2D)
    return (PointwiseConvolution if layer.stride == (1, 1) else SampledConvolution)(task, source, output, build)


def _split(task: Task, source: Tensor, output: Tensor, build: Build) -> Step:
    """Groups or dilated filters taken apart; windows one by one where they are few."""
    return (PatchConvolution if few_windows(task) else SplitConvolution)(task, source, output, build)


def _abreast(task: Task, source: Tensor, output: Tensor, build: Build) -> Step:
    """Pictures in lanes, unless there are too few of them."""
    return (AbreastConvolution if build.batch >= LANES else _convolution)(task, source, output, build)


STEPS: dict[str, _Maker] = {
    "convolution": _single(_convolution),
    "regions": _single(_convolution),
    "pointwise": _single(_pointwise),
    "abreast": _single(_abreast),
    "winograd": _single(WinogradConvolution),
    "split": _single(_split),
    "dots": _single(DotConvolution),
    "lanewise": _single(LanewiseConvolution),
    "dense": _single(FullyConnected),
    "flatten": _single(Transpose),
    "activation": _single(Activation),
    "softmax": _single(SoftmaxRows),
    "max-pool": _single(MaxPool),
    "average-pool": _single(AveragePool),
    "global-average": _single(GlobalAverage),
    "length-pool": _single(LengthPool),
    "weighted-pool": _single(WeightedPool),
    "channel-pool": _single(OverChannels),
    "batch-norm": Normalise,
    "dropout": _single(Drop),
    "noisy": _single(Noisy),
    "random-slope": _single(RandomSlope),
    "learned-slope": _single(Sloped),
    "hinges": _single(Hinged),
    "scale": _single(Scaled),
    "neighbours": _single(Neighbours),
    "maxout": _single(LargestPiece),
    "pad": _single(Pad),
    "reshape": _single(Rearrange),
    "add": Sum,
    "concatenate": Join,
    "definition": Definition,
}

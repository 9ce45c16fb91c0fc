"""ResNet (He, Zhang, Ren, Sun, 2015): blocks that compute F(x) + x; lecture topic 5.6."""

from collections.abc import Callable
from functools import partial

from core.graph.network import Network
from core.project import DataChoice
from core.templates.base import Builder, Template
from core.train.options import TrainOptions

Block = Callable[[Builder, str, int, int, int], int]
SOURCE = "He, Zhang, Ren, Sun: Deep residual learning for image recognition, 2015"
# Blocks per stage, and whether they are bottlenecks.
_DEPTHS = {18: ((2, 2, 2, 2), False), 34: ((3, 4, 6, 3), False), 50: ((3, 4, 6, 3), True), 101: ((3, 4, 23, 3), True),
           152: ((3, 8, 36, 3), True)}


def resnet(depth: int) -> Network:
    """The published networks on 3×224×224: ResNet-18 has 11,689,512 parameters, 50 has 25,557,032, 152 60,192,808."""
    build = Builder()
    build.add("Input", "Input", shape=[3, 224, 224])
    normalised(build, "Stem", 64, 7, stride=2, relu=True)
    build.add("MaxPool2D", "Stem_pool", kernel=3, stride=2, padding=1)
    stages, deep = _DEPTHS[depth]
    _stages(build, stages, (64, 128, 256, 512), bottleneck if deep else residual)
    _head(build, 1000)
    return build.folded()


def resnet20_cifar() -> Network:
    """Three stages of three blocks with 16, 32 and 64 filters on 3×32×32, projection shortcuts: 272,474 parameters."""
    return _cifar((3, 3, 3)).folded()


def resnet_small() -> Network:
    """Three residual blocks with 16, 32 and 64 filters on 3×32×32."""
    return _cifar((1, 1, 1)).network


def _cifar(stages: tuple[int, ...]) -> Builder:
    build = Builder()
    build.add("Input", "Input", shape=[3, 32, 32])
    normalised(build, "Stem", 16, 3, relu=True)
    _stages(build, stages, (16, 32, 64), residual)
    _head(build, 10)
    return build


def _stages(build: Builder, stages: tuple[int, ...], widths: tuple[int, ...], block: Block) -> None:
    """Blocks of each stage; the first block of every stage but the first halves height and width."""
    channels = widths[0]
    for stage, (count, filters) in enumerate(zip(stages, widths, strict=True), 1):
        for place in range(1, count + 1):
            stride = 2 if stage > 1 and place == 1 else 1
            name = f"B{stage}" if set(stages) == {1} else f"S{stage}B{place}"
            channels = block(build, name, filters, stride, channels)
            build.module(name)


def _head(build: Builder, classes: int) -> None:
    build.add("GlobalAveragePool2D", "Pool")
    build.add("Dense", "Output", units=classes)
    build.add("Softmax", "Softmax")


def residual(build: Builder, name: str, filters: int, stride: int, channels: int) -> int:
    """F(x) + x with two 3×3 convolutions; gives how many channels come out."""
    start = build.last
    normalised(build, f"{name}_conv1", filters, 3, stride=stride, relu=True)
    path = normalised(build, f"{name}_conv2", filters, 3)
    _add(build, name, path, start, filters, stride, channels)
    return filters


def bottleneck(build: Builder, name: str, filters: int, stride: int, channels: int) -> int:
    """F(x) + x with 1×1, 3×3 and 1×1 convolutions, the last four times as wide; gives how many channels come out.

    The stride lies in the 3×3 convolution, as everybody builds it today; the paper had it in the first 1×1.
    """
    start = build.last
    normalised(build, f"{name}_conv1", filters, 1, relu=True)
    normalised(build, f"{name}_conv2", filters, 3, stride=stride, relu=True)
    path = normalised(build, f"{name}_conv3", 4 * filters, 1)
    _add(build, name, path, start, 4 * filters, stride, channels)
    return 4 * filters


def _add(build: Builder, name: str, path: str, start: str, filters: int, stride: int, channels: int) -> None:
    """The sum and its ReLU; a 1×1 projection on the shortcut where the size or the number of channels changes."""
    if stride > 1 or filters != channels:
        start = normalised(build, f"{name}_project", filters, 1, start, stride=stride)
    build.add("Add", f"{name}_add", path, start)
    build.add("ReLU", f"{name}_relu")


def normalised(build: Builder, name: str, filters: int, kernel: int, *sources: str, stride: int = 1,
               relu: bool = False) -> str:
    """A convolution without bias and its batch normalisation, perhaps with a ReLU; gives the id of the last."""
    build.add("Conv2D", name, *sources, filters=filters, kernel=kernel, stride=stride, padding=kernel // 2, bias=False)
    last = build.add("BatchNorm", f"{name}_norm")
    return build.add("ReLU", f"{name}_relu") if relu else last


_COLOUR = DataChoice("cifar10", reflect=True, translate=True)
_OPTIONS = TrainOptions(optimizer="momentum", learning_rate=0.1, batch_size=256, weight_decay=1e-4, schedule="step",
                        epochs=90)
_CIFAR = TrainOptions(optimizer="momentum", learning_rate=0.1, batch_size=128, weight_decay=1e-4, schedule="step",
                      epochs=164)
TEMPLATES_HERE = (
    *(Template(f"resnet{depth}", f"ResNet-{depth}", f"{sum(stages)} {'bottleneck' if deep else 'residual'} blocks in "
               "four stages, with shortcuts that add the input back in.", SOURCE, partial(resnet, depth), _OPTIONS)
      for depth, (stages, deep) in _DEPTHS.items()),
    Template("resnet20-cifar", "ResNet-20", "Nine residual blocks, for colour pictures of 32×32.",
             SOURCE + " (section 4.2, with projection shortcuts)", resnet20_cifar, _CIFAR, _COLOUR),
    Template("resnet-small", "Small ResNet", "Three residual blocks: shortcuts that add the input back in.",
             SOURCE + " (for class)", resnet_small, TrainOptions(epochs=20, learning_rate=0.005, schedule="cosine"),
             _COLOUR),
)

"""GoogLeNet (Szegedy and others, 2014): Inception modules; lecture topic 5.5."""

from functools import partial

from core.graph.network import Network
from core.graph.output import MAIN, Output
from core.project import DataChoice
from core.templates.base import Builder, Template
from core.train.options import TrainOptions

_HEADS = ("4a", "4d")
SOURCE = "Szegedy and others: Going deeper with convolutions, 2014"
# Filters of: 1×1, 3×3 reduction, 3×3, 5×5 reduction, 5×5, pool projection (table 1 of the paper).
Widths = tuple[int, int, int, int, int, int]
_STAGES: tuple[tuple[str, tuple[Widths, ...]], ...] = (
    ("3", ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64))),
    ("4", ((192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64),
           (112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128))),
    ("5", ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128))),
)


def googlenet(reduced: bool, auxiliary: bool = False) -> Network:
    """22 layers on 3×224×224. With 1×1 reductions 6,998,552 parameters; naive modules put the filters side by side.

    Auxiliary heads behind modules 4a and 4d count with 0.3 in training, and lead the gradient into the early layers.
    """
    build = Builder()
    build.add("Input", "Input", shape=[3, 224, 224])
    convolution(build, "Conv1", 64, 7, stride=2)
    build.add("MaxPool2D", "Pool1", kernel=3, stride=2, ceil=True)
    build.add("LocalResponseNorm", "Norm1")
    convolution(build, "Conv2_reduce", 64, 1)
    convolution(build, "Conv2", 192, 3)
    build.add("LocalResponseNorm", "Norm2")
    for stage, modules in _STAGES:
        build.add("MaxPool2D", f"Pool{int(stage) - 1}", kernel=3, stride=2, ceil=True)
        for letter, widths in zip("abcde", modules, strict=False):
            joined = (inception if reduced else naive_inception)(build, f"I{stage}{letter}", widths)
            build.module(f"I{stage}{letter}")
            if auxiliary and f"{stage}{letter}" in _HEADS:
                _auxiliary_head(build, f"{stage}{letter}")
                build.last = joined
    build.add("GlobalAveragePool2D", "Pool5")
    build.add("Dropout", "Drop", rate=0.4)
    build.add("Dense", "Output", units=1000)
    build.add("Softmax", "Softmax")
    if auxiliary:
        build.decide(Output(MAIN, 1.0))
    return build.folded()


def _auxiliary_head(build: Builder, place: str) -> None:
    """A classifier on the features of an inner module (section 5 of the paper)."""
    name = f"Head{place}"
    build.add("AveragePool2D", f"{name}_pool", kernel=5, stride=3)
    convolution(build, f"{name}_conv", 128, 1)
    build.add("Flatten", f"{name}_flatten")
    build.add("Dense", f"{name}_dense", units=1024)
    build.add("ReLU", f"{name}_relu")
    build.add("Dropout", f"{name}_drop", rate=0.7)
    build.add("Dense", f"{name}_output", units=1000)
    build.module(name)
    build.add("Softmax", f"Aux{place}")
    build.decide(Output())


def googlenet_small() -> Network:
    """Four small Inception modules with reductions on 3×32×32."""
    build = Builder()
    build.add("Input", "Input", shape=[3, 32, 32])
    convolution(build, "Conv1", 32, 3)
    build.add("MaxPool2D", "Pool1")
    _module(build, "I2a", (16, 16, 32, 8, 16, 16))
    _module(build, "I2b", (32, 24, 48, 8, 16, 16))
    build.add("MaxPool2D", "Pool2")
    _module(build, "I3a", (48, 32, 64, 16, 32, 32))
    _module(build, "I3b", (64, 48, 96, 16, 32, 32))
    build.add("GlobalAveragePool2D", "Pool3")
    build.add("Dropout", "Drop", rate=0.2)
    build.add("Dense", "Output", units=10)
    build.add("Softmax", "Softmax")
    return build.folded()


def _module(build: Builder, name: str, widths: Widths) -> None:
    inception(build, name, widths)
    build.module(name)


def convolution(build: Builder, name: str, filters: int, kernel: int, *sources: str, stride: int = 1) -> str:
    """A convolution that keeps the size (but for its stride), with its ReLU; gives the id of the ReLU."""
    build.add("Conv2D", name, *sources, filters=filters, kernel=kernel, stride=stride, padding=kernel // 2)
    return build.add("ReLU", f"{name}_relu")


def inception(build: Builder, name: str, widths: Widths) -> str:
    """1×1, 3×3 and 5×5 filters and a pool side by side; 1×1 convolutions in front keep the cost down."""
    start = build.last
    one, three_reduced, three, five_reduced, five, projected = widths
    ends = [convolution(build, f"{name}_1x1", one, 1, start)]
    convolution(build, f"{name}_3x3_reduce", three_reduced, 1, start)
    ends.append(convolution(build, f"{name}_3x3", three, 3))
    convolution(build, f"{name}_5x5_reduce", five_reduced, 1, start)
    ends.append(convolution(build, f"{name}_5x5", five, 5))
    build.add("MaxPool2D", f"{name}_pool", start, kernel=3, stride=1, padding=1)
    ends.append(convolution(build, f"{name}_project", projected, 1))
    return build.add("Concatenate", f"{name}_join", *ends)


def naive_inception(build: Builder, name: str, widths: Widths) -> str:
    """1×1, 3×3 and 5×5 filters and a pool side by side, straight on the input: the channels only ever grow."""
    start = build.last
    ends = [convolution(build, f"{name}_{kernel}x{kernel}", filters, kernel, start)
            for kernel, filters in ((1, widths[0]), (3, widths[2]), (5, widths[4]))]
    ends.append(build.add("MaxPool2D", f"{name}_pool", start, kernel=3, stride=1, padding=1))
    return build.add("Concatenate", f"{name}_join", *ends)


_COLOUR = DataChoice("cifar10", reflect=True, translate=True)
_OPTIONS = TrainOptions(optimizer="momentum", learning_rate=0.01, batch_size=128, epochs=60)
TEMPLATES_HERE = (
    Template("googlenet", "GoogLeNet", "Nine Inception modules with 1×1 reductions; no large fully connected layer.",
             SOURCE, partial(googlenet, True), _OPTIONS),
    Template("googlenet-aux", "GoogLeNet with auxiliary heads", "Two more classifiers inside, whose losses count 0.3 "
             "each while it trains.", SOURCE, partial(googlenet, True, True), _OPTIONS),
    Template("googlenet-naive", "GoogLeNet, naive", "GoogLeNet without the 1×1 reductions: see what they save.",
             SOURCE + " (figure 2a)", partial(googlenet, False), _OPTIONS),
    Template("googlenet-small", "Small GoogLeNet", "Four Inception modules, for colour pictures of 32×32.",
             SOURCE + " (for class)", googlenet_small, TrainOptions(epochs=25, schedule="cosine", learning_rate=0.002),
             _COLOUR),
)

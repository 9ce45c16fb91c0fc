"""VGG (Simonyan and Zisserman, 2014): only 3×3 convolutions, in blocks that end with a pool; lecture topic 5.4."""

from functools import partial

from core.graph.network import Network
from core.project import DataChoice
from core.templates.base import Builder, Template
from core.train.options import TrainOptions

_STAGES = {11: (1, 1, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_FILTERS = (64, 128, 256, 512, 512)
SOURCE = "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, 2014"


def vgg(depth: int) -> Network:
    """The published networks on 3×224×224: 132,863,336 (11), 138,357,544 (16) and 143,667,240 (19) parameters."""
    build = Builder()
    build.add("Input", "Input", shape=[3, 224, 224])
    for number, (count, filters) in enumerate(zip(_STAGES[depth], _FILTERS, strict=True), 1):
        stage(build, f"S{number}", count, filters)
    build.add("Flatten", "Flatten")
    for number in (1, 2):
        build.add("Dense", f"FC{number}", units=4096)
        build.add("ReLU", f"FC{number}_relu")
        build.add("Dropout", f"FC{number}_drop", rate=0.5)
    build.add("Dense", "FC3", units=1000)
    build.add("Softmax", "Softmax")
    return build.network


def vgg_small() -> Network:
    """Three stages of two convolutions with 32, 64 and 128 filters on 3×32×32."""
    build = Builder()
    build.add("Input", "Input", shape=[3, 32, 32])
    for number, filters in enumerate((32, 64, 128), 1):
        stage(build, f"S{number}", 2, filters)
    build.add("Flatten", "Flatten")
    build.add("Dropout", "Drop", rate=0.5)
    build.add("Dense", "FC1", units=128)
    build.add("ReLU", "FC1_relu")
    build.add("Dense", "FC2", units=10)
    build.add("Softmax", "Softmax")
    return build.network


def stage(build: Builder, name: str, count: int, filters: int) -> None:
    """So many 3×3 convolutions with their ReLUs, then a pool that halves height and width."""
    for place in range(1, count + 1):
        build.add("Conv2D", f"{name}_conv{place}", filters=filters, padding=1)
        build.add("ReLU", f"{name}_relu{place}")
    build.add("MaxPool2D", f"{name}_pool")


_COLOUR = DataChoice("cifar10", reflect=True, translate=True)
_OPTIONS = TrainOptions(optimizer="momentum", learning_rate=0.01, batch_size=256, weight_decay=5e-4, epochs=74)
TEMPLATES_HERE = (
    *(Template(f"vgg{depth}", f"VGG-{depth}", f"{sum(_STAGES[depth])} convolutions of 3×3 in five stages, then three "
               "fully connected layers.", SOURCE, partial(vgg, depth), _OPTIONS) for depth in _STAGES),
    Template("vgg-small", "Small VGG", "Six 3×3 convolutions in three stages, for colour pictures of 32×32.",
             SOURCE + " (for class)", vgg_small, TrainOptions(epochs=25, schedule="cosine"), _COLOUR),
)

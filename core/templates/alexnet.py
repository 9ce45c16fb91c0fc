"""AlexNet (Krizhevsky, Sutskever, Hinton, 2012); lecture topic 5.3."""

from core.graph.network import Network
from core.templates.base import Builder, Template
from core.train.options import TrainOptions


def alexnet() -> Network:
    """Five convolutions, three of them in two groups, and three fully connected layers: 60,965,224 parameters.

    The input is 227×227: with the 224 of the paper the first convolution's windows do not come out even.
    """
    build = Builder()
    build.add("Input", "Input", shape=[3, 227, 227])
    build.add("Conv2D", "Conv1", filters=96, kernel=11, stride=4)
    build.add("ReLU", "A1")
    _normalise_and_pool(build, 1)
    build.add("Conv2D", "Conv2", filters=256, kernel=5, padding=2, groups=2)
    build.add("ReLU", "A2")
    _normalise_and_pool(build, 2)
    for number, (filters, groups) in enumerate(((384, 1), (384, 2), (256, 2)), 3):
        build.add("Conv2D", f"Conv{number}", filters=filters, padding=1, groups=groups)
        build.add("ReLU", f"A{number}")
    build.add("MaxPool2D", "Pool5", kernel=3, stride=2)
    build.add("Flatten", "Flatten")
    for number in (6, 7):
        build.add("Dropout", f"Drop{number}", rate=0.5)
        build.add("Dense", f"FC{number}", units=4096)
        build.add("ReLU", f"A{number}")
    build.add("Dense", "FC8", units=1000)
    build.add("Softmax", "Softmax")
    return build.network


def _normalise_and_pool(build: Builder, number: int) -> None:
    # The paper's α of 1e-4 is not divided by the five channels; ours is.
    build.add("LocalResponseNorm", f"Norm{number}", size=5, alpha=5e-4, beta=0.75, k=2.0)
    build.add("MaxPool2D", f"Pool{number}", kernel=3, stride=2)


TEMPLATES_HERE = (
    Template("alexnet", "AlexNet", "Five convolutions in two halves, then three large fully connected layers.",
             "Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, 2012",
             alexnet, TrainOptions(optimizer="momentum", learning_rate=0.01, batch_size=128, weight_decay=5e-4,
                                   epochs=90)),
)

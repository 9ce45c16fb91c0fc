"""The reference networks that every measurement of speed is about, from tiny to residual."""

from collections.abc import Callable
from functools import partial

from core.graph.network import Network
from core.templates import template
from core.templates.base import Builder
from core.templates.vgg import stage


def lenet() -> Network:
    """Like LeNet-5, on 1×28×28: 6 filters of 5×5, pool, 16 of 5×5, pool, 120, 84, 10."""
    build = Builder()
    build.add("Input", "Input", shape=[1, 28, 28])
    for name, filters, padding in (("C1", 6, 2), ("C2", 16, 0)):
        build.add("Conv2D", name, filters=filters, kernel=5, padding=padding)
        build.add("ReLU", f"{name}_relu")
        build.add("MaxPool2D", f"{name}_pool")
    build.add("Flatten", "Flatten")
    for name, units in (("F1", 120), ("F2", 84)):
        build.add("Dense", name, units=units)
        build.add("ReLU", f"{name}_relu")
    build.add("Dense", "Output", units=10)
    build.add("Softmax", "Softmax")
    return build.network


def small_vgg() -> Network:
    """Three stages of two 3×3 convolutions with 64, 128 and 256 filters on 3×32×32, then 256 and 10."""
    build = Builder()
    build.add("Input", "Input", shape=[3, 32, 32])
    for number, filters in enumerate((64, 128, 256), 1):
        stage(build, f"S{number}", 2, filters)
    build.add("Flatten", "Flatten")
    build.add("Dense", "Hidden", units=256)
    build.add("ReLU", "Hidden_relu")
    build.add("Dense", "Output", units=10)
    build.add("Softmax", "Softmax")
    return build.network


def smallest() -> Network:
    """One number in, one out."""
    build = Builder()
    build.add("Input", "Input", shape=[1])
    build.add("Dense", "Output", units=1)
    return build.network


def direct() -> Network:
    """Convolutions that no short cut fits: windows of 5×5 and 1×1, and stride 2, with 16 to 128 channels."""
    build = Builder()
    build.add("Input", "Input", shape=[3, 32, 32])
    for name, filters, kernel, stride in (
            ("First_16", 16, 3, 1), ("K5_16", 16, 5, 1), ("S2_32", 32, 3, 2), ("K5_32", 32, 5, 1), ("K1_64", 64, 1, 1),
            ("K5_64", 64, 5, 1), ("S2_128", 128, 3, 2), ("K5_128", 128, 5, 1), ("K1_128", 128, 1, 1)):
        build.add("Conv2D", name, filters=filters, kernel=kernel, stride=stride, padding=kernel // 2)
        build.add("ReLU", f"{name}_relu")
    build.add("GlobalAveragePool2D", "Pool")
    build.add("Dense", "Output", units=10)
    build.add("Softmax", "Softmax")
    return build.network


def _of_template(name: str) -> Network:
    return template(name).network


REFERENCES: dict[str, Callable[[], Network]] = {
    "lenet": lenet,
    "classroom-cnn": partial(_of_template, "classroom-cnn"),
    "small-vgg": small_vgg,
    "resnet20": partial(_of_template, "resnet20-cifar"),
}
# Those that a measurement finds by name; `direct` is there for the share of the peak that each layer reaches.
NAMED: dict[str, Callable[[], Network]] = {**REFERENCES, "direct": direct}

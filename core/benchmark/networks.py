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


def _of_template(name: str) -> Network:
    return template(name).network


REFERENCES: dict[str, Callable[[], Network]] = {
    "lenet": lenet,
    "classroom-cnn": partial(_of_template, "classroom-cnn"),
    "small-vgg": small_vgg,
    "resnet20": partial(_of_template, "resnet20-cifar"),
}

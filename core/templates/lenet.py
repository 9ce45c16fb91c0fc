"""LeNet-5 (LeCun, Bottou, Bengio, Haffner, 1998), as taught today and as published; lecture topic 5.2."""

from functools import partial

from core.graph.network import Network
from core.templates.base import Builder, Template
from core.train.options import TrainOptions

_SOURCE = "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998"


def lenet(activation: str, pool: str) -> Network:
    """Conv 6@5×5, pool, conv 16@5×5, pool, 120, 84, 10 on 1×32×32: 61,706 parameters."""
    build = Builder()
    build.add("Input", "Input", shape=[1, 32, 32])
    build.add("Conv2D", "C1", filters=6, kernel=5)
    build.add(activation, "A1")
    build.add(pool, "S2")
    build.add("Conv2D", "C3", filters=16, kernel=5)
    build.add(activation, "A3")
    build.add(pool, "S4")
    build.add("Flatten", "Flatten")
    build.add("Dense", "C5", units=120)
    build.add(activation, "A5")
    build.add("Dense", "F6", units=84)
    build.add(activation, "A6")
    build.add("Dense", "F7", units=10)
    build.add("Softmax", "Softmax")
    return build.network


_OPTIONS = TrainOptions(optimizer="adam", learning_rate=0.002, schedule="cosine", batch_size=64, epochs=5)
TEMPLATES_HERE = (
    Template("lenet5", "LeNet-5", "Two convolutions with pooling, then three fully connected layers. Reads digits.",
             _SOURCE + " (with ReLU and maximum pooling)", partial(lenet, "ReLU", "MaxPool2D"), _OPTIONS),
    Template("lenet5-1998", "LeNet-5 (1998)", "LeNet-5 with Tanh and average pooling, close to how it was published.",
             _SOURCE, partial(lenet, "Tanh", "AveragePool2D"), _OPTIONS),
)

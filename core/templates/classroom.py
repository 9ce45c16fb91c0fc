"""Small networks for a lesson: they train in seconds to a few minutes on a laptop."""

from core.graph.network import Network
from core.templates.base import Builder, Template
from core.train.options import TrainOptions


def mlp() -> Network:
    """Two fully connected layers on 28×28 pictures: the comparison partner of every CNN (lecture topic 5.1)."""
    build = Builder()
    build.add("Input", "Input", shape=[1, 28, 28])
    build.add("Flatten", "Flatten")
    build.add("Dense", "Hidden1", units=128)
    build.add("ReLU", "A1")
    build.add("Dense", "Hidden2", units=64)
    build.add("ReLU", "A2")
    build.add("Dense", "Output", units=10)
    build.add("Softmax", "Softmax")
    return build.network


def classroom_cnn() -> Network:
    """Two 3×3 convolutions, one pooling, two fully connected layers."""
    build = Builder()
    build.add("Input", "Input", shape=[1, 28, 28])
    build.add("Conv2D", "Conv1", filters=32, padding=1)
    build.add("ReLU", "A1")
    build.add("Conv2D", "Conv2", filters=64, padding=1)
    build.add("ReLU", "A2")
    build.add("MaxPool2D", "Pool")
    build.add("Flatten", "Flatten")
    build.add("Dense", "Hidden", units=128)
    build.add("ReLU", "A3")
    build.add("Dense", "Output", units=10)
    build.add("Softmax", "Softmax")
    return build.network


def _residual(build: Builder, name: str, filters: int, stride: int) -> None:
    """F(x) + x with two 3×3 convolutions; a 1×1 projection where the size changes (lecture topic 5.6)."""
    start = build.last
    build.add("Conv2D", f"{name}_conv1", filters=filters, stride=stride, padding=1, bias=False)
    build.add("BatchNorm", f"{name}_norm1")
    build.add("ReLU", f"{name}_relu1")
    build.add("Conv2D", f"{name}_conv2", filters=filters, padding=1, bias=False)
    path = build.add("BatchNorm", f"{name}_norm2")
    if stride > 1:
        build.add("Conv2D", f"{name}_project", start, filters=filters, kernel=1, stride=stride, bias=False)
        start = build.add("BatchNorm", f"{name}_norm3")
    build.add("Add", f"{name}_add", path, start)
    build.add("ReLU", f"{name}_relu2")


def resnet_small() -> Network:
    """Three residual blocks with 16, 32 and 64 channels on 28×28 pictures."""
    build = Builder()
    build.add("Input", "Input", shape=[1, 28, 28])
    build.add("Conv2D", "Stem", filters=16, padding=1, bias=False)
    build.add("BatchNorm", "Stem_norm")
    build.add("ReLU", "Stem_relu")
    for number, (filters, stride) in enumerate(((16, 1), (32, 2), (64, 2)), 1):
        _residual(build, f"B{number}", filters, stride)
    build.add("GlobalAveragePool2D", "Pool")
    build.add("Dense", "Output", units=10)
    build.add("Softmax", "Softmax")
    return build.network


TEMPLATES_HERE = (
    Template("mlp", "Multilayer perceptron", "Fully connected layers only, to compare a convolutional network with.",
             "Lecture notes, topic 5.1", mlp),
    Template("classroom-cnn", "Classroom CNN", "Two 3×3 convolutions and one pooling: small, quick and good.",
             "A plain small network in the style of VGG (Simonyan and Zisserman, 2014)", classroom_cnn,
             TrainOptions(epochs=5)),
    Template("resnet-small", "Small ResNet", "Three residual blocks: shortcuts that add the input back in.",
             "He, Zhang, Ren, Sun: Deep residual learning for image recognition, 2015", resnet_small,
             TrainOptions(epochs=8, learning_rate=0.002)),
)

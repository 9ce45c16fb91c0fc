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


TEMPLATES_HERE = (
    Template("mlp", "Multilayer perceptron", "Fully connected layers only, to compare a convolutional network with.",
             "Lecture notes, topic 5.1", mlp),
    Template("classroom-cnn", "Classroom CNN", "Two 3×3 convolutions and one pooling: small, quick and good.",
             "A plain small network in the style of VGG (Simonyan and Zisserman, 2014)", classroom_cnn,
             TrainOptions(epochs=5)),
)

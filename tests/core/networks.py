"""Small networks for tests of training and inspection."""

from core.graph.initial import initial_weights
from core.graph.network import Edge, Network, Node
from core.graph.output import Output
from core.graph.shapes import infer
from core.layers import make_layer
from core.layers.base import Array


class Drawing:
    """Writes a network down: each layer is wired to the one before, or to those named."""

    def __init__(self) -> None:
        self.network = Network()
        self.last = ""

    def add(self, kind: str, name: str, *sources: str, **settings: object) -> "Drawing":
        """Add a layer behind the layers named, or behind the last one."""
        node = Node(self.network.fresh_id(), make_layer(kind, settings), name)
        self.network = self.network.add(node)
        for port, source in enumerate(sources or ((self.last,) if self.last else ())):
            self.network = self.network.connect(Edge(self.network.by_name(source).id, node.id, port))
        self.last = name
        return self


def weights_of(network: Network, seed: int = 0) -> dict[str, Array]:
    """Initial weights."""
    return initial_weights(infer(network), seed)


def small_cnn(shape: tuple[int, ...] = (1, 8, 8), classes: int = 10) -> Network:
    """Conv, ReLU, pool, dense, softmax: learns the digits in seconds."""
    drawing = Drawing().add("Input", "Input", shape=shape).add("Conv2D", "C1", filters=8, kernel=3).add("ReLU", "R1")
    drawing.add("MaxPool2D", "P1").add("Flatten", "Flatten").add("Dense", "F1", units=classes)
    return drawing.add("Softmax", "Softmax").network


def every_layer() -> Network:
    """All types of layer in one network, with a branch and a shortcut."""
    drawing = Drawing().add("Input", "Input", shape=(2, 9, 9)).add("Pad2D", "Pad", padding=1, value=0.1)
    drawing.add("Conv2D", "C1", filters=4, kernel=3).add("BatchNorm", "B1").add("ReLU", "R1")
    drawing.add("Conv2D", "C2", filters=4, kernel=3, padding=2, dilation=2, groups=2).add("LeakyReLU", "L2")
    drawing.add("Add", "Sum", "R1", "L2").add("MaxPool2D", "P1", kernel=3, stride=2)
    drawing.add("Sigmoid", "S1").add("AveragePool2D", "P2", "Sum", kernel=2, padding=1, ceil=True).add("Tanh", "T1")
    drawing.add("GlobalAveragePool2D", "G1", "S1").add("Flatten", "Flat", "T1").add("Dense", "D1", units=4, bias=False)
    drawing.add("Concatenate", "Join", "G1", "D1").add("Dropout", "Drop", rate=0.3).add("Dense", "D2", units=54)
    _rarer_layers(drawing)
    return drawing.add("Dense", "D3", units=3).add("Softmax", "Softmax").network


def _rarer_layers(drawing: Drawing) -> None:
    """What few networks have, between a vector of 54 and another vector."""
    drawing.add("Reshape", "Maps", shape=(6, 3, 3))
    drawing.add("LocalResponseNorm", "LRN", size=3, alpha=0.5).add("Scale", "Scale").add("PReLU", "PReLU")
    drawing.add("GaussianPool2D", "Bell", kernel=2, stride=1).add("ELU", "ELU").add("APL", "APL")
    drawing.add("L2Pool2D", "Length", kernel=(2, 1), stride=1).add("Softplus", "Soft", centred=True)
    drawing.add("NoisyReLU", "Noisy").add("ChannelPool", "Best").add("VeryLeakyReLU", "VeryLeaky")
    drawing.add("RReLU", "Random").add("Linear", "Line").add("GlobalMaxPool2D", "Top")
    drawing.add("Maxout", "Most", units=5, pieces=3)


def two_heads(classes: int = 10, weight: float | None = 0.3, loss: str = "same", units: int | None = None) -> Network:
    """A trunk, an auxiliary classifier in its middle, and the main one at its end, for 8×8 pictures.

    With a weight of None nothing is decided about the outputs. `units` are those of the auxiliary one.
    """
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C1", filters=4).add("ReLU", "R1")
    drawing.add("Flatten", "AuxFlat").add("Dense", "AuxDense", units=units or classes).add("Softmax", "Aux")
    drawing.add("Conv2D", "C2", "R1", filters=6).add("BatchNorm", "B2").add("ReLU", "R2").add("MaxPool2D", "P2")
    drawing.add("Flatten", "Flat").add("Dense", "Dense", units=classes).add("Softmax", "Main")
    network = drawing.network
    return network if weight is None else network.decide(network.names["Aux"], Output("auxiliary", weight, loss))

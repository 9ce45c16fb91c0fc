"""What a network costs: parameters, multiply-adds, memory, and what each layer sees of the picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.graph.network import Node
from core.graph.shapes import Inference
from core.layers.base import Shape

FLOAT_BYTES = 4
OPTIMIZER_SLOTS: Mapping[str, int] = {"sgd": 0, "momentum": 1, "nesterov": 1, "adagrad": 1, "rmsprop": 1, "adam": 2,
                                      "adamw": 2}


@dataclass(frozen=True)
class ReceptiveField:
    """Which part of the input one unit sees, in pixels; pairs are (vertical, horizontal).

    `jump` lies between neighbouring units; `start` is the centre of the first unit's field, counted from the middle
    of the first pixel.

    size grows by (reach − 1)·jump and jump by the stride with every window (lecture topic 2.7).
    """

    size: tuple[int, int] = (1, 1)
    jump: tuple[int, int] = (1, 1)
    start: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class LayerCost:
    """Cost of one layer.

    `parameters` are trained numbers, `macs` multiply-adds for one picture, `activation_bytes` the float32 output for
    one picture; the receptive field is None for flat vectors.
    """

    parameters: int
    trainable: int
    macs: int
    activation_bytes: int
    receptive_field: ReceptiveField | None


@dataclass(frozen=True)
class Cost:
    """Cost of a network: by node id, and in total over the layers whose shapes are known."""

    layers: dict[str, LayerCost] = field(default_factory=dict)
    parameters: int = 0
    trainable: int = 0
    macs: int = 0
    activation_bytes: int = 0

    def memory_bytes(self, batch: int = 64, optimizer: str = "adam") -> int:
        """Bytes that training needs: weight, gradient and optimizer slots, and the activations kept for a batch."""
        return self.parameters * (2 + OPTIMIZER_SLOTS[optimizer]) * FLOAT_BYTES + self.activation_bytes * batch


def cost(inference: Inference) -> Cost:
    """The cost of every layer whose shape is known, those in blocks by the ids of `core.graph.expand`."""
    inference = inference.flat
    layers: dict[str, LayerCost] = {}
    for key in inference.network.order:
        shape, gets = inference.shapes.get(key), inference.inputs.get(key)
        if shape is not None and gets is not None:
            node = inference.network.nodes[key]
            layers[key] = _layer_cost(node, gets, shape, _seen(inference, layers, node, gets, shape))
    each = layers.values()
    return Cost(layers, sum(layer.parameters for layer in each), sum(layer.trainable for layer in each),
                sum(layer.macs for layer in each), sum(layer.activation_bytes for layer in each))


def _layer_cost(node: Node, gets: tuple[Shape, ...], shape: Shape, seen: ReceptiveField | None) -> LayerCost:
    size = FLOAT_BYTES
    for length in shape:
        size *= length
    if node.layer.bypassed:
        return LayerCost(0, 0, 0, size, seen)
    parameters = sum(spec.size for spec in node.layer.arrays(*gets).values() if spec.trained)
    trainable = 0 if node.layer.frozen else parameters
    return LayerCost(parameters, trainable, node.layer.macs(gets, shape), size, seen)


def _seen(inference: Inference, layers: dict[str, LayerCost], node: Node, gets: tuple[Shape, ...],
          shape: Shape) -> ReceptiveField | None:
    """The receptive field behind a node; where branches meet, the largest."""
    if len(shape) != 3:
        return None
    fields = [layers[source].receptive_field for source in inference.network.inputs_of(node.id).values()]
    known = [each for each in fields if each is not None]
    before = max(known, key=lambda each: each.size, default=None if fields else ReceptiveField())
    window = node.layer.window()
    if before is None or window is None or node.layer.bypassed:
        return before
    pads = window.padded(*gets[0][1:])
    size, jump, start = [], [], []
    for axis in (0, 1):
        size.append(before.size[axis] + (window.reach(axis) - 1) * before.jump[axis])
        jump.append(before.jump[axis] * window.stride[axis])
        start.append(before.start[axis] + ((window.reach(axis) - 1) / 2 - pads[axis]) * before.jump[axis])
    return ReceptiveField((size[0], size[1]), (jump[0], jump[1]), (start[0], start[1]))

"""What a network costs: parameters, multiply-adds, memory, and what each layer sees of the picture."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from core.graph.memory import FLOAT_BYTES, Memory, memory
from core.graph.network import Node
from core.graph.shapes import Inference
from core.layers.base import Shape


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

    `parameters` are trained numbers, `macs` multiply-adds for one picture: forward, then backward to the weights and to
    the input. `activation_bytes` is the float32 output for one picture. The receptive field is that of the branch that
    sees most, `receptive_field_smallest` of the one that sees least; None for flat vectors.
    """

    parameters: int
    trainable: int
    macs: int
    macs_weights: int
    macs_inputs: int
    activation_bytes: int
    receptive_field: ReceptiveField | None
    receptive_field_smallest: ReceptiveField | None

    @property
    def macs_backward(self) -> int:
        """Multiply-adds of the way back: gradient of the weights + gradient of the input."""
        return self.macs_weights + self.macs_inputs


@dataclass(frozen=True)
class Cost:
    """Cost of a network: by node id, and in total over the layers whose shapes are known."""

    layers: dict[str, LayerCost] = field(default_factory=dict)
    parameters: int = 0
    trainable: int = 0
    macs: int = 0
    macs_backward: int = 0
    activation_bytes: int = 0
    memory: Memory = field(default_factory=Memory)

    def memory_bytes(self, batch: int = 64, optimizer: str = "adam", threads: int | None = None) -> int:
        """Bytes that training needs: weight, gradient and optimizer slots, what is kept for a batch, working room."""
        return self.memory.bytes(batch, optimizer, threads)


def cost(inference: Inference) -> Cost:
    """The cost of every layer whose shape is known, those in blocks by the ids of `core.graph.expand`."""
    inference = inference.flat
    layers: dict[str, LayerCost] = {}
    learning: set[str] = set()
    for key in inference.network.order:
        shape, gets = inference.shapes.get(key), inference.inputs.get(key)
        if shape is not None and gets is not None:
            before = any(each in learning for each in inference.network.inputs_of(key).values())
            layers[key] = _layer_cost(inference, layers, key, before)
            if before or layers[key].trainable:
                learning.add(key)
    each = layers.values()
    return Cost(layers, sum(layer.parameters for layer in each), sum(layer.trainable for layer in each),
                sum(layer.macs for layer in each), sum(layer.macs_backward for layer in each),
                sum(layer.activation_bytes for layer in each), memory(inference))


def _layer_cost(inference: Inference, layers: dict[str, LayerCost], key: str, before: bool) -> LayerCost:
    """The cost of one layer; `before`: whether something before it learns, so that its input needs a gradient."""
    node, gets, shape = inference.network.nodes[key], inference.inputs[key], inference.shapes[key]
    assert shape is not None
    size = FLOAT_BYTES * math.prod(shape)
    sources = [layers[source] for source in inference.network.inputs_of(key).values() if source in layers]
    most = _seen(node, gets, shape, [source.receptive_field for source in sources], max)
    least = _seen(node, gets, shape, [source.receptive_field_smallest for source in sources], min)
    if node.layer.bypassed:
        return LayerCost(0, 0, 0, 0, 0, size, most, least)
    parameters = sum(spec.size for spec in node.layer.arrays(*gets).values() if spec.trained)
    trainable = 0 if node.layer.frozen else parameters
    macs = node.layer.macs(gets, shape)
    return LayerCost(parameters, trainable, macs, macs if trainable else 0, macs if before else 0, size, most, least)


def _seen(node: Node, gets: tuple[Shape, ...], shape: Shape, fields: list[ReceptiveField | None],
          choose: Callable[..., ReceptiveField | None]) -> ReceptiveField | None:
    """The receptive field behind a node; where branches meet, the one that `choose` takes by its size."""
    if len(shape) != 3:
        return None
    known = [each for each in fields if each is not None]
    before = choose(known, key=lambda each: each.size, default=None if fields else ReceptiveField())
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

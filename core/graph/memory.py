"""What training a drawing will take in memory, found by walking through it as the engine lays it out.

Nothing is claimed and no kernel is loaded, so this is asked after every edit. The engine keeps every output and, where
something before it learns, its gradient; a ReLU, and behind Conv2D a 2×2 max pool, work in the output of the layer
before them. Convolutions keep packed filters, one sum of their gradients for each part of a batch, and frames for each
thread.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from core.graph.convolution_room import Room, room_for
from core.graph.network import Node
from core.graph.shapes import Inference

FLOAT_BYTES = 4
OPTIMIZER_SLOTS: Mapping[str, int] = {"sgd": 0, "momentum": 1, "nesterov": 1, "adagrad": 1, "rmsprop": 1, "adam": 2,
                                      "adamw": 2}
# Weights of the largest convolution → parts that a batch is cut into, each with gradient sums of its own.
_PARTS = ((32_768, 16), (1_000_000, 8))
_FEWEST_PARTS = 4
_TAKES_RELU = ("Conv2D", "Dense", "BatchNorm", "Add")
_IN_PLACE = ("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Dropout", "BatchNorm", "Add")


@dataclass(frozen=True)
class Memory:
    """What training keeps, in numbers of 4 bytes: `arrays` in all weights, `picture` for each picture of a batch.

    A batch is cut into at most `parts` parts; `rooms` is what the convolutions work in.
    """

    arrays: int = 0
    picture: int = 0
    parts: int = 1
    rooms: tuple[Room, ...] = ()

    def bytes(self, batch: int, optimizer: str, threads: int | None = None) -> int:
        """Bytes for a batch: weights, gradients and the optimizer's numbers, outputs and gradients, working room.

        `threads` None are all cores.
        """
        used = -(-batch // -(-batch // self.parts))
        numbers = self.arrays * (2 + OPTIMIZER_SLOTS[optimizer]) + self.picture * batch
        numbers += sum(room.part * used + room.packed for room in self.rooms)
        return FLOAT_BYTES * (numbers + (threads or os.cpu_count() or 1) * self._thread(batch))

    def _thread(self, batch: int) -> int:
        """Numbers of one thread; scratch is shared by all layers, so the largest counts."""
        scratch: dict[str, int] = {}
        for room in self.rooms:
            for name, count in room.scratch.items():
                scratch[name] = max(scratch.get(name, 0), count * min(batch, room.group))
        frames = sum(room.frame * min(batch, room.group) for room in self.rooms)
        return frames + sum(scratch.values()) + max((room.matrix for room in self.rooms), default=0)


def memory(inference: Inference) -> Memory:
    """The memory of the layers whose shapes are known."""
    return _Walk(inference).result()


class _Walk:
    """Steps of the engine as they come: `made` maps each layer to the step that makes its output."""

    def __init__(self, inference: Inference) -> None:
        self._network, self._shapes, self._gets = inference.network, inference.shapes, inference.inputs
        self._readers = {key: len(self._network.outgoing.get(key, ())) for key in self._network.nodes}
        self._made: dict[str, str] = {}
        self._ends: dict[str, str] = {}
        self._relu: set[str] = set()
        self._pool: set[str] = set()
        self._alone: set[str] = set()
        self._learns: set[str] = set()
        self._read: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._copies: dict[str, int] = {}
        self._more = 0
        for key in self._network.order:
            if self._shapes.get(key) is not None and self._gets.get(key) is not None:
                self._take(key, self._network.nodes[key], math.prod(self._shapes[key] or ()))

    def _take(self, key: str, node: Node, size: int) -> None:
        sources = [self._made[each] for _, each in sorted(self._network.inputs_of(key).items()) if each in self._made]
        if sources and self._joins(key, node, sources, size):
            self._made[key], self._ends[sources[0]] = sources[0], key
            return
        self._made[key] = self._ends[key] = key
        self._sizes[key] = size
        specs = node.layer.arrays(*self._gets[key]).values()
        if any(each in self._learns for each in sources) or (not node.layer.frozen
                                                             and any(spec.trained for spec in specs)):
            self._learns.add(key)
        if node.type == "Conv2D" and self._room(key).alone:
            self._alone.add(key)
        self._copies[key] = 2 if key in self._learns and not self._lent(node, sources, size) else 1
        self._more += size if node.type == "MaxPool2D" else 0
        for each in sources:
            # A second reader of an output has a gradient of its own, to be added up.
            self._more += self._sizes[each] if each in self._learns and each in self._read else 0
            self._read.add(each)

    def _joins(self, key: str, node: Node, sources: list[str], size: int) -> bool:
        """Whether a layer works in the output of the step before it."""
        before = sources[0]
        source = self._network.nodes[before]
        if node.layer.bypassed:
            return True
        if any(self._readers[each] != 1 for each in self._network.inputs_of(key).values()):
            return False
        if node.type == "Flatten" or (node.type == "Softmax" and not self._readers[key]):
            return True
        if node.type == "ReLU" and source.type in _TAKES_RELU and before not in self._relu | self._alone:
            self._relu.add(before)
            return True
        if _halves(node) and source.type == "Conv2D" and before not in self._pool | self._alone:
            self._pool.add(before)
            self._sizes[before] = size
            self._more += size // FLOAT_BYTES
            return True
        return False

    def _lent(self, node: Node, sources: list[str], size: int) -> bool:
        """Whether the way back works in the gradient of an input that nobody else reads."""
        return node.type in _IN_PLACE and any(
            each in self._learns and self._sizes[each] == size and self._readers[self._ends[each]] == 1
            for each in sources)

    def _room(self, key: str) -> Room:
        return room_for(self._network.nodes[key].layer, self._gets[key][0], key in self._relu, key in self._pool)

    def result(self) -> Memory:
        """All of it added up."""
        arrays = largest = 0
        for key in self._sizes:
            node = self._network.nodes[key]
            sizes = [spec.size for spec in node.layer.arrays(*self._gets[key]).values()]
            arrays += sum(-(-size // 16) * 16 for size in sizes)
            largest = max(largest, 0 if node.type == "Dense" else sum(sizes))
        parts = next((count for most, count in _PARTS if largest <= most), _FEWEST_PARTS)
        finals = sum(math.prod(self._shapes.get(key) or ()) for key in self._network.finals())
        picture = sum(self._sizes[key] * self._copies[key] for key in self._sizes) + self._more + 2 * finals
        rooms = [self._room(key) for key in self._sizes if self._network.nodes[key].type == "Conv2D"]
        return Memory(arrays, picture, parts, tuple(rooms))


def _halves(node: Node) -> bool:
    """Whether a layer is the common 2×2 max pool without padding."""
    window = node.layer.window()
    return (node.type == "MaxPool2D" and window is not None and window.kernel == window.stride == (2, 2)
            and not window.ceil and window.padding in ("valid", (0, 0, 0, 0)))

"""What training a drawing will take in memory, found by walking through it as the engine lays it out.

Nothing is claimed and no kernel is loaded, so this is asked after every edit. The engine keeps every output and, where
something before it learns, room for its gradient, which others use too at other times; a ReLU, behind Conv2D a 2×2 max
pool and behind BatchNorm an Add work in the output of the layer before them. Convolutions keep packed filters, one sum
of their gradients for each part of a batch, and frames for each thread.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from core.graph.convolution_room import LANES, Room, few_abreast, room_abreast, room_for, sampled
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

    A batch is cut into at most `parts` parts; `rooms` is what the convolutions work in, `abreast` the same in batches
    of at least a vector of pictures, where some work on so many side by side.
    """

    arrays: int = 0
    picture: int = 0
    parts: int = 1
    rooms: tuple[Room, ...] = ()
    abreast: tuple[Room, ...] = ()

    def bytes(self, batch: int, optimizer: str, threads: int | None = None) -> int:
        """Bytes for a batch: weights, gradients and the optimizer's numbers, outputs and gradients, working room.

        `threads` None are all cores.
        """
        rooms, part = self.rooms, -(-batch // self.parts)
        if self.abreast and batch >= LANES:
            rooms, part = self.abreast, -(-part // LANES) * LANES
        used = -(-batch // part)
        numbers = self.arrays * (2 + OPTIMIZER_SLOTS[optimizer]) + self.picture * batch
        numbers += sum(room.once(used) for room in rooms)
        return FLOAT_BYTES * (numbers + (threads or os.cpu_count() or 1) * _thread(rooms, batch, part))


def _thread(rooms: tuple[Room, ...], batch: int, part: int) -> int:
    """Numbers of one thread; scratch is shared by all layers, so the largest counts."""
    scratch: dict[str, int] = {}
    for room in rooms:
        for name, count in room.scratch.items():
            scratch[name] = max(scratch.get(name, 0), count * min(batch, room.together(part)))
    frames = sum(room.frame * min(batch, room.together(part)) for room in rooms)
    turn = max((room.sums for room in rooms if room.in_turn(-(-batch // part))), default=0)
    return frames + turn + sum(scratch.values()) + max((room.summing(part) for room in rooms), default=0)


def memory(inference: Inference) -> Memory:
    """The memory of the layers whose shapes are known."""
    return _Walk(inference).result()


@dataclass
class _Step:
    """A step of the engine: the layer that it begins with, the steps it reads, where in the order its output is made.

    `size` are the numbers of its output, `kept` those that it keeps besides for the way back. One that takes
    so many `samples` of its input sends only these back, and so needs no second gradient of it.
    """

    key: str
    node: Node
    sources: list[str]
    size: int
    learns: bool
    place: int
    end: str
    kept: int = 0
    samples: int = 0
    relu: bool = False
    pool: bool = False
    adds: bool = False


class _Walk:
    """Steps of the engine as they come: `made` maps each layer to the step that makes its output."""

    def __init__(self, inference: Inference) -> None:
        self._network, self._shapes, self._gets = inference.network, inference.shapes, inference.inputs
        self._readers = {key: len(self._network.outgoing.get(key, ())) for key in self._network.nodes}
        self._made: dict[str, str] = {}
        self._steps: dict[str, _Step] = {}
        for place, key in enumerate(self._network.order):
            if self._shapes.get(key) is not None and self._gets.get(key) is not None:
                self._take(key, place, math.prod(self._shapes[key] or ()))

    def _take(self, key: str, place: int, size: int) -> None:
        node = self._network.nodes[key]
        sources = [self._made[each] for _, each in sorted(self._network.inputs_of(key).items()) if each in self._made]
        joined = self._joined(key, node, [self._steps[each] for each in sources], size)
        if joined is not None:
            self._made[key], joined.end, joined.place = joined.key, key, place
            return
        specs = node.layer.arrays(*self._gets[key]).values()
        learns = any(self._steps[each].learns for each in sources) or (
            not node.layer.frozen and any(spec.trained for spec in specs))
        taken = sampled(node.layer, *self._gets[key]) if node.type == "Conv2D" else 0
        self._made[key] = key
        self._steps[key] = _Step(key, node, sources, size, learns, place, key,
                                 kept=size if node.type == "MaxPool2D" else 0, samples=taken)

    def _joined(self, key: str, node: Node, sources: list[_Step], size: int) -> _Step | None:
        """The step before in whose output a layer works."""
        if not sources:
            return None
        before = sources[0]
        if node.layer.bypassed:
            return before
        if node.type == "Add" and len(sources) == 2:
            return self._adding(sources)
        if any(self._readers[each] != 1 for each in self._network.inputs_of(key).values()):
            return None
        if node.type == "Flatten" or (node.type == "Softmax" and not self._readers[key]):
            return before
        if node.type == "ReLU" and before.node.type in _TAKES_RELU and not before.relu:
            before.relu = True
            return before
        if _halves(node) and before.node.type == "Conv2D" and not before.pool:
            before.pool, before.size = True, size
            before.kept += size // FLOAT_BYTES
            return before
        return None

    def _adding(self, sources: list[_Step]) -> _Step | None:
        """The normalisation that adds another branch in its own pass."""
        for before, other in (sources, sources[::-1]):
            alone = self._readers[before.end] == 1 and len(self._shapes[before.end] or ()) == 3
            if before.node.type == "BatchNorm" and alone and not before.relu and not before.adds and before != other:
                before.adds = True
                before.sources.append(other.key)
                return before
        return None

    def _rooms(self) -> tuple[tuple[Room, ...], tuple[Room, ...]]:
        """The rooms of all convolutions; and in large batches, where that is another for one of them."""
        rooms, abreast, another = [], [], False
        for step in self._steps.values():
            if step.node.type == "Conv2D":
                first, shape = not any(self._steps[each].learns for each in step.sources), self._gets[step.key][0]
                rooms.append(room_for(step.node.layer, shape, step.relu, step.pool, first))
                other = room_abreast(step.node.layer, shape, step.pool, first)
                abreast.append(other or few_abreast(step.node.layer, shape, rooms[-1]))
                another = another or other is not None
        return tuple(rooms), tuple(abreast) if another else ()

    def result(self) -> Memory:
        """All of it added up."""
        arrays = largest = 0
        for step in self._steps.values():
            sizes = [spec.size for spec in step.node.layer.arrays(*self._gets[step.key]).values()]
            arrays += sum(-(-size // 16) * 16 for size in sizes)
            largest = max(largest, 0 if step.node.type == "Dense" else sum(sizes))
        parts = next((count for most, count in _PARTS if largest <= most), _FEWEST_PARTS)
        finals = sum(math.prod(self._shapes.get(key) or ()) for key in self._network.finals())
        picture = sum(step.size + step.kept for step in self._steps.values()) + 2 * finals
        picture += gradient_numbers(sorted(self._steps.values(), key=lambda step: step.place))
        return Memory(arrays, picture, parts, *self._rooms())


@dataclass
class _Lot:
    """Room for a gradient of some size, and the last place in the order that needs it."""

    size: int
    until: int


def gradient_numbers(steps: list[_Step]) -> int:
    """Numbers for the gradients of one picture, as the engine shares room between those that are never there at once.

    A gradient is there from the last reader of an output to the step that made it; a Dense layer's stays.
    """
    by_key = {step.key: step for step in steps}
    readers: dict[str, list[int]] = {step.key: [] for step in steps}
    for step in steps:
        for each in step.sources:
            readers[each].append(step.place)
    lots: list[_Lot] = []
    own: dict[str, _Lot] = {}
    claims = dict.fromkeys(by_key, 0)

    def take(size: int, first: int, last: int) -> _Lot:
        free = next((lot for lot in lots if lot.size == size and lot.until < first), None)
        if free is None:
            lots.append(_Lot(size, last))
            return lots[-1]
        free.until = last
        return free

    for step in steps:
        last = max(readers[step.key], default=len(by_key) * len(by_key) + step.place)
        if step.learns:
            lent = next((own[each] for each in step.sources if step.node.type in _IN_PLACE and each in own
                         and len(readers[each]) == 1 and by_key[each].size == step.size), None)
            if lent is not None:
                lent.until = max(lent.until, last)
            dense = lent is None and step.node.type == "Dense"
            own[step.key] = lent or (_Lot(step.size, last) if dense else take(step.size, step.place, last))
            if dense:
                lots.append(_Lot(step.size, len(by_key) ** 2 + last))
        for each in step.sources:
            if step.samples and each in own:
                take(step.samples, by_key[each].place, step.place)
            claims[each] += each in own and not (step.samples and len(readers[each]) > 1)
            if claims[each] > 1 and not (by_key[each].adds and len(readers[each]) == 2):
                take(by_key[each].size, by_key[each].place, step.place)
    return sum(lot.size for lot in lots)


def _halves(node: Node) -> bool:
    """Whether a layer is the common 2×2 max pool without padding."""
    window = node.layer.window()
    return (node.type == "MaxPool2D" and window is not None and window.kernel == window.stride == (2, 2)
            and not window.ceil and window.padding in ("valid", (0, 0, 0, 0)))

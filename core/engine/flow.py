"""The network as the engine sees it: layers in order, without bypassed ones and without blocks around them."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import NetworkError
from core.graph.goals import Goal, goals_of
from core.graph.network import Network
from core.graph.shapes import running
from core.layers.activation import Softmax
from core.layers.base import Layer, Shape
from core.layers.input import Input
from core.layers.rectified import Linear


@dataclass(frozen=True)
class Task:
    """One step to be: a layer, where its inputs come from (ids), and the layers behind it that run together with it.

    `output` is the id whose output the step makes: its own, or that of the last fused layer. `precise` forgoes kernels
    that lose digits.
    """

    id: str
    name: str
    layer: Layer
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    layer_shape: Shape
    shape: Shape
    output: str
    relu: bool = False
    pool: bool = False
    precise: bool = False


@dataclass(frozen=True)
class End:
    """One output: the id whose numbers its loss takes, and whether a Softmax stands behind them that is left to it."""

    goal: Goal
    source: str
    softmax: bool = False


@dataclass(frozen=True)
class Flow:
    """All tasks in order. `names` maps each layer's name to the id whose output it puts out (bypassed: its input's).

    `ends` are the outputs that a training looks at, the main one first.
    """

    tasks: tuple[Task, ...]
    source: str
    source_name: str
    source_shape: Shape
    ends: tuple[End, ...]
    names: dict[str, str]

    @property
    def last(self) -> str:
        """The id whose numbers the main output's loss takes."""
        return self.ends[0].source

    @property
    def softmax_last(self) -> bool:
        """Whether the main output's Softmax is left to its loss."""
        return self.ends[0].softmax

    def leading_to(self, sources: Iterable[str]) -> frozenset[str]:
        """The ids of all outputs that are needed for these, themselves included."""
        found = set(sources)
        for task in reversed(self.tasks):
            if task.output in found:
                found.update(task.inputs)
        return frozenset(found)


def make_flow(network: Network, join_softmax: bool, loss: str = "cross-entropy", precise: bool = False) -> Flow:
    """The tasks of a network that runs; NetworkError lists what keeps it from running.

    With `join_softmax` a last Softmax is left to the loss where that is cross-entropy.
    """
    inference = running(network)
    network = inference.network
    stands_for = _stand_ins(network)
    source = _only_input(network)
    tasks = []
    for key in network.order:
        node = network.nodes[key]
        if stands_for[key] != key or isinstance(node.layer, Input):
            continue
        inputs = tuple(stands_for[each] for _, each in sorted(network.inputs_of(key).items()))
        shape = inference.shapes[key]
        assert shape is not None
        tasks.append(Task(key, node.name, node.layer, inputs, inference.inputs[key], shape, shape, key,
                          precise=precise))
    ends = [End(goal, stands_for[goal.id]) for goal in goals_of(network, loss) if goal.counts]
    if join_softmax:
        tasks, ends = _without_softmax(tasks, ends)
    names = {node.name: stands_for[key] for key, node in network.nodes.items()}
    source_shape = inference.shapes[source]
    assert source_shape is not None
    return Flow(tuple(tasks), source, network.nodes[source].name, source_shape, tuple(ends), names)


def _without_softmax(tasks: list[Task], ends: list[End]) -> tuple[list[Task], list[End]]:
    """Cross-entropy takes what goes into a last Softmax, which then need not run unless others read it too."""
    by_id = {task.id: task for task in tasks}
    joined = [End(end.goal, by_id[end.source].inputs[0], True)
              if end.goal.loss == "cross-entropy" and end.source in by_id
              and isinstance(by_id[end.source].layer, Softmax) else end for end in ends]
    read = {each for task in tasks for each in task.inputs} | {end.source for end in joined}
    gone = {before.source for before, end in zip(ends, joined, strict=True) if end.softmax} - read
    return [task for task in tasks if task.id not in gone], joined


def _only_input(network: Network) -> str:
    found = [key for key in network.order if isinstance(network.nodes[key].layer, Input)]
    if len(found) != 1:
        raise NetworkError(f"Training needs exactly one Input, but there are {len(found)}. Connect or remove others.")
    return found[0]


def _stand_ins(network: Network) -> dict[str, str]:
    """For each id the id whose output it hands on: itself, or what a bypassed layer's first input stands for.

    A Linear hands on what it gets as well, and so is no work at all.
    """
    found: dict[str, str] = {}
    for key in network.order:
        inputs = network.inputs_of(key)
        layer = network.nodes[key].layer
        hands_on = (layer.bypassed or isinstance(layer, Linear)) and bool(inputs)
        found[key] = found[inputs[min(inputs)]] if hands_on else key
    return found

"""The network as the engine sees it: layers in order, without bypassed ones and without blocks around them."""

from dataclasses import dataclass

from core.errors import NetworkError
from core.graph.network import Network
from core.graph.shapes import running
from core.layers.activation import Softmax
from core.layers.base import Layer, Shape
from core.layers.input import Input
from core.layers.rectified import Linear


@dataclass(frozen=True)
class Task:
    """One step to be: a layer, where its inputs come from (ids), and the layers behind it that run together with it.

    `output` is the id whose output the step makes: its own, or that of the last fused layer.
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


@dataclass(frozen=True)
class Flow:
    """All tasks in order. `names` maps each layer's name to the id whose output it puts out (bypassed: its input's)."""

    tasks: tuple[Task, ...]
    source: str
    source_name: str
    source_shape: Shape
    last: str
    softmax_last: bool
    names: dict[str, str]


def make_flow(network: Network, join_softmax: bool) -> Flow:
    """The tasks of a network that runs; NetworkError lists what keeps it from running.

    With `join_softmax` a last Softmax is left to the loss.
    """
    inference = running(network)
    network = inference.network
    stands_for = _stand_ins(network)
    source = _only([key for key in network.order if isinstance(network.nodes[key].layer, Input)], "Input")
    tasks = []
    for key in network.order:
        node = network.nodes[key]
        if stands_for[key] != key or isinstance(node.layer, Input):
            continue
        inputs = tuple(stands_for[each] for _, each in sorted(network.inputs_of(key).items()))
        shape = inference.shapes[key]
        assert shape is not None
        tasks.append(Task(key, node.name, node.layer, inputs, inference.inputs[key], shape, shape, key))
    last = stands_for[_only(list(network.finals()), "last layer")]
    softmax = bool(tasks) and join_softmax and isinstance(tasks[-1].layer, Softmax) and tasks[-1].id == last
    if softmax:
        last = tasks.pop().inputs[0]
    names = {node.name: stands_for[key] for key, node in network.nodes.items()}
    source_shape = inference.shapes[source]
    assert source_shape is not None
    return Flow(tuple(tasks), source, network.nodes[source].name, source_shape, last, softmax, names)


def _only(found: list[str], what: str) -> str:
    if len(found) != 1:
        raise NetworkError(f"Training needs exactly one {what}, but there are {len(found)}. Connect or remove others.")
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

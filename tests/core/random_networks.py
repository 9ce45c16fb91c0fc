"""Random networks that run, of all types of layers, for tests of what leaves the program and comes back.

`chains` is for Hypothesis; `drawn` gives many values of a strategy at once, for tests that hand all of them to one
child process.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.errors import NetworkError
from core.graph.blocks import group
from core.graph.model import Model
from core.graph.network import Edge, Network, Node
from core.graph.shapes import infer
from core.layers.base import Array, Layer, Shape
from core.layers.input import Input
from core.project import Project, complete_weights
from tests.core.layers.drawn import KINDS, cases

IN_A_ROW = [kind for kind in KINDS if kind not in ("Add", "Concatenate")]
FLATTENING = ("Flatten", "GlobalAveragePool2D", "GlobalMaxPool2D", "Dense", "Maxout", "Softmax", "Reshape")
INPUTS = ((4, 9, 8), (6, 7, 7), (16, 6, 5), (12,))


def network_of(layer: Layer, shapes: tuple[Shape, ...]) -> Network:
    """The layer behind an Input for each of its ports, with a curve behind it."""
    nodes = [Node(f"i{port}", Input(shape=shape), f"In{port}") for port, shape in enumerate(shapes)]
    network = Network().add(*nodes, Node("l", layer, "Layer"))
    for port in range(len(shapes)):
        network = network.connect(Edge(f"i{port}", "l", port))
    end = network.new_node("Tanh")
    return network.add(end).connect(Edge("l", end.id))


@st.composite
def layers_in_a_network(draw: st.DrawFn, kind: str) -> Network:
    """A layer of this kind with any settings, in the smallest network around it."""
    return network_of(*draw(cases(kind)))


@st.composite
def chains(draw: st.DrawFn, blocks: bool = False) -> Network:
    """Up to eight layers in a row, each one that fits, with shortcuts where shapes allow; perhaps some in a block."""
    node = Node("n1", Input(shape=draw(st.sampled_from(INPUTS))), "In")
    network, last = Network().add(node), "n1"
    for number in range(draw(st.integers(2, 8))):
        maps_stay = number < 4 and len(INPUTS[0]) == len(node.layer.shape)
        kind = draw(st.sampled_from([kind for kind in IN_A_ROW if not (maps_stay and kind in FLATTENING)]))
        layer, _ = draw(cases(kind))
        new = Node(network.fresh_id(), layer, network.fresh_name(kind))
        grown = network.add(new).connect(Edge(last, new.id))
        if not infer(grown).runs:
            continue
        network, last = grown, new.id
        shapes = infer(network).shapes
        before = [key for key, shape in shapes.items() if shape == shapes[last] and key != last]
        if before and draw(st.booleans()):
            new = network.new_node(draw(st.sampled_from(["Add", "Concatenate"])))
            network = network.add(new).connect(Edge(last, new.id)).connect(Edge(before[-1], new.id, 1))
            last = new.id
    return _grouped(draw, network) if blocks else network


def _grouped(draw: st.DrawFn, network: Network) -> Network:
    """With some neighbouring layers as a block, where they can be one."""
    for _ in range(draw(st.integers(0, 2))):
        keys = [key for key in network.order if network.nodes[key].layer.ports[1] != 0]
        if not keys:
            break
        start = draw(st.integers(0, len(keys) - 1))
        chosen = keys[start:start + draw(st.integers(1, 4))]
        try:
            grown = group(network, chosen, network.fresh_name("Block")).network
        except NetworkError:
            continue
        if infer(grown).runs:
            network = grown
    return network


def drawn(strategy: st.SearchStrategy[Any], count: int, wanted: Callable[[Any], bool] = lambda value: True
          ) -> list[Any]:
    """So many values of a strategy, always the same ones; only those that are `wanted`."""
    found: list[Any] = []

    @settings(max_examples=10 * count, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(value: Any) -> None:
        if len(found) < count and wanted(value):
            found.append(value)

    collect()
    assert len(found) == count
    return found


def random_weights(network: Network, seed: int = 0) -> dict[str, Array]:
    """An array for all that the network needs; what scales lies around 1, the rest around 0."""
    rng = np.random.default_rng(seed)
    return {name: (rng.uniform(0.5, 1.5, array.shape) if name.endswith(("running_var", "weight")) and array.ndim == 1
                   else rng.normal(0, 0.5, array.shape)).astype(np.float32)
            for name, array in complete_weights(Project(network)).items()}


def random_pictures(network: Network, count: int = 3, seed: int = 0) -> dict[str, Array]:
    """Normal numbers N×C×H×W (or N×K) for each Input, by its name."""
    rng = np.random.default_rng(seed)
    return {node.name: rng.normal(0, 1, (count, *node.layer.shape)).astype(np.float32)
            for node in network.nodes.values() if isinstance(node.layer, Input)}


def answers(network: Network, weights: dict[str, Array], pictures: dict[str, Array]) -> dict[str, Array]:
    """What the last layers put out by the layers' own definitions in float64, by full name."""
    model = Model(network, weights)
    return model.outputs(pictures, [model.network.nodes[key].name for key in model.network.finals()])


def apart(found: Array, expected: Array) -> float:
    """max|a − b| / max|b|, and at least against 1; infinite numbers must be the same."""
    assert found.shape == expected.shape
    lost = np.isinf(expected)
    if not np.array_equal(found[lost], expected[lost]):
        return float("inf")
    scale = max(1.0, float(np.abs(expected[~lost]).max(initial=0.0)))
    return float(np.abs(found[~lost] - expected[~lost]).max(initial=0.0)) / scale

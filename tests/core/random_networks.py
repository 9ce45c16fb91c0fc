"""Random networks that run, of all types of layers, for tests of what leaves the program and comes back.

`chains` is for Hypothesis; `drawn` gives many values of a strategy at once, for tests that hand all of them to one
child process.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.engine.engine import Engine
from core.errors import NetworkError
from core.graph.blocks import group
from core.graph.expand import expanded
from core.graph.model import Model
from core.graph.network import Edge, Network, Node
from core.graph.shapes import infer
from core.layers import make_layer
from core.layers.base import Array, Layer, Shape
from core.layers.input import Input
from core.project import Project, complete_weights
from tests.core.layers.drawn import KINDS, MAPS, SETTINGS, VECTORS, cases

FLATTENING = ("Flatten", "GlobalAveragePool2D", "GlobalMaxPool2D")
IN_A_ROW = [kind for kind in KINDS if kind not in ("Add", "Concatenate")]
ONLY = {VECTORS: [kind for kind, (shape, _) in SETTINGS.items() if shape is VECTORS],
        MAPS: ["Conv2D", *(kind for kind, (shape, _) in SETTINGS.items() if shape is MAPS)]}
OF_EITHER = [kind for kind in IN_A_ROW if kind not in (*ONLY[VECTORS], *ONLY[MAPS], *FLATTENING)]
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


@dataclass(frozen=True)
class Choice:
    """How a random network is decided: one of several things, and a layer of a type with any settings."""

    one_of: Callable[[Sequence[Any]], Any]
    layer: Callable[[str], Layer]


@st.composite
def chains(draw: st.DrawFn, blocks: bool = False) -> Network:
    """Up to eight layers in a row, each one that fits, with shortcuts where shapes allow; perhaps some in a block."""
    choice = Choice(lambda things: draw(st.sampled_from(things)), lambda kind: draw(cases(kind))[0])
    network = chain_of(choice)
    return _grouped(choice, network) if blocks else network


@cache
def two_hundred() -> tuple[Network, ...]:
    """Two hundred networks with one Input and one end, always the same, in which all types of layers are common."""
    rng, found = random.Random(0), list[Network]()
    pool = {kind: [layer for layer, _ in drawn(cases(kind), 24)] for kind in IN_A_ROW}
    used = Counter(IN_A_ROW)

    def one_of(things: Sequence[Any]) -> Any:
        """A type that was rare so far, or anything else."""
        if things[0] not in used:
            return rng.choice(things)
        return rng.choices(things, [1 / used[kind] for kind in things])[0]

    choice = Choice(one_of, lambda kind: rng.choice(pool[kind]))
    while len(found) < 200:
        network = _grouped(choice, chain_of(choice))
        if len(network.finals()) == 1 and len(network.nodes) > 2:
            used += Counter(node.type for node in expanded(network).nodes.values() if node.type in used)
            found.append(network)
    return tuple(found)


def chain_of(choice: Choice) -> Network:
    """Up to eight layers in a row, each one that fits, with shortcuts where shapes allow."""
    node = Node("n1", Input(shape=choice.one_of(INPUTS)), "In")
    network, last, shape = Network().add(node), "n1", node.layer.shape
    for number in range(choice.one_of(range(2, 9))):
        kind = choice.one_of(_kinds(shape, number))
        new = replace(network.new_node(kind), layer=_layer(choice, kind, shape))
        grown = network.add(new).connect(Edge(last, new.id))
        if not infer(grown).runs:
            continue
        network, last = grown, new.id
        shapes = infer(network).shapes
        shape = shapes[last]
        before = [key for key, found in shapes.items() if found == shape and key != last]
        if before and choice.one_of((False, True)):
            new = network.new_node(choice.one_of(("Add", "Concatenate")))
            network = network.add(new).connect(Edge(last, new.id)).connect(Edge(before[-1], new.id, 1))
            last, shape = new.id, infer(network).shapes[new.id]
    return network


def _kinds(shape: Shape, number: int) -> list[str]:
    """The types that may follow; maps stay maps at the beginning, and are likely to become vectors later."""
    if len(shape) == 1:
        return [*OF_EITHER, *ONLY[VECTORS] * 2]
    kinds = [*OF_EITHER, *ONLY[MAPS]]
    return [*kinds, *FLATTENING * 4] if number >= 3 else [kind for kind in kinds if kind not in FLATTENING]


def _layer(choice: Choice, kind: str, shape: Shape) -> Layer:
    """A layer with any settings; one that changes the shape alone fits this one."""
    if kind != "Reshape":
        return choice.layer(kind)
    size = math.prod(shape)
    height = choice.one_of([each for each in (1, 2, 3, 4, 5) if size % each == 0])
    width = choice.one_of([each for each in (1, 2, 3, 4) if size // height % each == 0])
    return make_layer(kind, {"shape": choice.one_of([(size // height // width, height, width), (size,)])})


def _grouped(choice: Choice, network: Network) -> Network:
    """With some neighbouring layers as a block, where they can be one."""
    for _ in range(choice.one_of((0, 1, 2))):
        keys = [key for key in network.order if network.nodes[key].layer.ports[1] != 0]
        if not keys:
            break
        start = choice.one_of(range(len(keys)))
        chosen = keys[start:start + choice.one_of((1, 2, 3, 4))]
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

    class Enough(Exception):
        """Ends the drawing."""

    @settings(max_examples=10 * count, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(value: Any) -> None:
        if len(found) < count and wanted(value):
            found.append(value)
        if len(found) == count:
            raise Enough

    with suppress(Enough):
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


def engine_answers(network: Network, weights: dict[str, Array], pictures: dict[str, Array]) -> dict[str, Array]:
    """What the engine gives for a network with one Input and one end: {full name of its last layer: the output}."""
    (x,) = pictures.values()
    flat = expanded(network)
    (last,) = flat.finals()
    engine = Engine(network, weights, len(x), threads=1, training=False)
    try:
        return {flat.nodes[last].name: engine.predict(x)}
    finally:
        engine.close()


def apart(found: Array, expected: Array) -> float:
    """max|a − b| / max|b|, and at least against 1; infinite numbers must be the same."""
    assert found.shape == expected.shape
    lost = np.isinf(expected)
    if not np.array_equal(found[lost], expected[lost]):
        return float("inf")
    scale = max(1.0, float(np.abs(expected[~lost]).max(initial=0.0)))
    return float(np.abs(found[~lost] - expected[~lost]).max(initial=0.0)) / scale

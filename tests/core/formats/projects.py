"""Random projects for tests of files: any settings within limits, any wires the rules allow, any letters."""

import contextlib
from typing import Any

import numpy as np
from hypothesis import strategies as st

from core.errors import EdgeRefused, NetworkError
from core.graph.blocks import group
from core.graph.network import Edge, Network, Node
from core.graph.output import Output
from core.graph.shapes import infer
from core.layers import LAYERS, make_layer
from core.layers.unknown import Unknown
from core.project import DataChoice, Project
from core.settings import Setting, settings_of
from core.train.events import EpochDone
from core.train.options import TrainOptions

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
json_values = st.recursive(st.none() | st.booleans() | st.integers(-2**53, 2**53) | finite | texts,
                           lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
                           max_leaves=5)
unknown_keys = st.dictionaries(texts.map(lambda text: "x-" + text), json_values, max_size=2)


def _value(declared: Setting) -> st.SearchStrategy[Any]:
    low, high = declared.low, declared.high
    whole = st.integers(int(low or 0), min(int(high or 64), 64))
    found = {
        "int": whole, "bool": st.booleans(), "choice": st.sampled_from(declared.choices or ("",)), "text": texts,
        "float": st.floats(low, high, allow_nan=False, allow_infinity=False),
        "pair": st.tuples(whole, whole), "shape": st.one_of(st.tuples(whole), st.tuples(whole, whole, whole)),
        "sides": st.tuples(whole, whole, whole, whole),
        "padding": st.one_of(st.sampled_from(("valid", "same")), st.tuples(whole, whole, whole, whole)),
    }[declared.kind]
    return st.none() | found if declared.none else found


@st.composite
def settings_for(draw: Any, kind: type) -> dict[str, Any]:
    """Values for all settings of a class, each within its limits."""
    return {name: draw(_value(declared)) for name, declared in settings_of(kind).items()}


_names = st.text(st.characters(codec="utf-8", exclude_characters="./", exclude_categories=("C", "Z")), min_size=1,
                 max_size=12)


@st.composite
def networks(draw: Any) -> Network:
    """Up to nine layers of any type, one of them perhaps unknown, wired at random."""
    network = Network(name=draw(texts), extra=draw(unknown_keys))
    for name in draw(st.lists(_names, max_size=9, unique=True)):
        kind = draw(st.sampled_from([*LAYERS, "Novelty"]))
        layer = make_layer(kind, draw(settings_for(LAYERS[kind]))) if kind in LAYERS else \
            Unknown(name=kind, kept=draw(st.dictionaries(texts, json_values, max_size=3)))
        place = (draw(st.floats(-1e7, 1e7)), draw(st.integers(-4000, 4000)))
        output = Output(**draw(settings_for(Output))) if draw(st.booleans()) else None
        network = network.add(Node(network.fresh_id(), layer, name, place, draw(unknown_keys), output))
    ids = list(network.nodes)
    for source, target, port in draw(st.lists(st.tuples(st.sampled_from(ids or [""]), st.sampled_from(ids or [""]),
                                                        st.integers(0, 2)), max_size=12)):
        with contextlib.suppress(EdgeRefused):
            network = network.connect(Edge(source, target, port))
    for _ in range(draw(st.integers(0, 2))):
        with contextlib.suppress(NetworkError):
            network = group(network, draw(st.lists(st.sampled_from(list(network.nodes) or [""]), unique=True)),
                            draw(_names)).network
    return network


@st.composite
def projects(draw: Any) -> Project:
    """A network with weights for the small layers that have shapes, and everything else a project holds."""
    network = draw(networks())
    inference = infer(network).flat
    weights, state = {}, {}
    for key, gets in inference.inputs.items():
        node = inference.network.nodes[key]
        if inference.shapes[key] is None:
            continue
        for parameter, spec in node.layer.arrays(*gets).items():
            if spec.size < 10_000 and draw(st.booleans()):
                name = f"{node.name}.{parameter}"
                weights[name] = np.full(spec.shape, draw(finite), np.float32)
                state[f"{name}.moment"] = np.full(spec.shape, draw(finite), np.float32)
    shares = st.none() | st.floats(0, 1)
    epochs = st.builds(EpochDone, st.integers(1, 10**6), st.floats(0, 1e6), shares, shares, shares, st.floats(0, 1e6))
    return Project(network, weights, DataChoice(**draw(settings_for(DataChoice))),
                   TrainOptions(**draw(settings_for(TrainOptions))), tuple(draw(st.lists(epochs, max_size=3))),
                   draw(texts), state, draw(unknown_keys), tuple(draw(st.lists(texts, max_size=3))), draw(unknown_keys))

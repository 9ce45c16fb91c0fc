"""Networks of all types of layers, drawn by Hypothesis, come back from ONNX with the same layers and answers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.errors import FormatError
from core.graph.shapes import infer
from core.layers.unknown import Unknown
from tests.core.engine.agreement import chain
from tests.core.formats.test_onnx_reading import kinds, reopened, same_answers, with_weights
from tests.core.layers.drawn import KINDS, cases
from tests.core.networks import every_layer
from tests.core.random_networks import chains, network_of

pytest.importorskip("onnx")
# What their operators alone do not tell: which slope was drawn or noisy, that a kernel was a bell.
AS = {"VeryLeakyReLU": "LeakyReLU", "RReLU": "LeakyReLU", "NoisyReLU": "ReLU", "GaussianPool2D": "Conv2D"}


def there_and_back(network):
    """Refuse a network that comes back otherwise. What cannot be written cannot be read."""
    project = with_weights(network)
    try:
        found = reopened(project)
    except FormatError as error:
        if "padding alone" in error.message:
            return
        raise
    assert not any(isinstance(node.layer, Unknown) for node in found.network.nodes.values())
    same_answers(project, found)
    expected = {name: AS.get(kind, kind) for name, kind in
                ((node.name, node.type) for node in network.nodes.values())}
    assert {node.name: node.type for node in found.network.nodes.values()} == expected


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Input"])
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_type_of_layer(kind, data):
    layer, shapes = data.draw(cases(kind))
    network = network_of(layer, shapes)
    assume(infer(network).runs)
    there_and_back(network)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(chains())
def test_a_hundred_networks(network):
    assume(len(network.nodes) > 2)
    there_and_back(network)


def test_all_layers_at_once():
    there_and_back(every_layer())
    assert kinds(every_layer())["Maxout"] == 1


def test_untrained_scales_and_centred_curves_stay():
    network = network_of(*_scale())
    found = reopened(replace(with_weights(network), weights={}))
    assert kinds(found.network) == kinds(network)
    assert np.array_equal(found.weights["Layer.weight"], np.ones(3, np.float32))


def _scale():
    from core.layers import make_layer

    return make_layer("Scale", {}), ((3, 4, 4),)


def test_scales_in_a_row_stay_apart():
    there_and_back(chain((3, 4, 4), "Scale", "Scale", ("Conv2D", {}), "Scale", "Scale", "ReLU", "Scale"))


@pytest.mark.parametrize("kind", ["MaxPool2D", "AveragePool2D", "L2Pool2D"])
def test_padding_behind_a_pool_stays_a_layer(kind):
    pool = (kind, {"kernel": (4, 2), "padding": "same", "ceil": True})
    there_and_back(chain((3, 6, 5), pool, ("Pad2D", {"padding": (2, 1, 0, 0)}), "ReLU"))
    there_and_back(chain((3, 6, 5), (kind, {"kernel": 2, "padding": (3, 0, 0, 0)}), ("Pad2D", {"padding": 1}), "ReLU"))

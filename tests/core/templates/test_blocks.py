"""The blocks of the palette: what they put out, what they cost, and that they learn like the networks they are from."""

import pytest

from core.graph.block import Block
from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.initial import initial_weights
from core.graph.model import Model
from core.graph.network import Edge, Network
from core.graph.shapes import infer
from core.inspect.gradients import verify, worst
from core.templates.blocks import BLOCKS, new_node
from tests.core.networks import Drawing

# Parameters by hand for 16 channels of 8×8: kernel·kernel·in·out + bias, 2 for each normalised channel.
_3 = 9 * 16 * 16 + 2 * 16
CASES = {
    "InceptionNaive": ((80, 8, 8), (16 * 16 + 16) + (9 * 16 * 32 + 32) + (25 * 16 * 16 + 16)),
    "Inception": ((80, 8, 8), 2 * (16 * 16 + 16) + (16 * 16 + 16) + (9 * 16 * 32 + 32) + (16 * 8 + 8)
                  + (25 * 8 * 16 + 16)),
    "ResidualIdentity": ((16, 8, 8), 2 * _3),
    "ResidualProjection": ((32, 4, 4), (9 * 16 * 32 + 64) + (9 * 32 * 32 + 64) + (16 * 32 + 64)),
    "BottleneckIdentity": ((16, 8, 8), (16 * 4 + 8) + (9 * 4 * 4 + 8) + (4 * 16 + 32)),
    "BottleneckProjection": ((32, 4, 4), (16 * 8 + 16) + (9 * 8 * 8 + 16) + (8 * 32 + 64) + (16 * 32 + 64)),
    "VGGStage": ((64, 4, 4), (9 * 16 * 64 + 64) + (9 * 64 * 64 + 64)),
}


def behind(kind, channels):
    """A block behind an Input."""
    network = Drawing().add("Input", "Input", shape=(channels, 8, 8)).network
    node = new_node(network, kind, channels=channels)
    return network.add(node).connect(Edge("n1", node.id)), node.id


def test_every_block_has_a_case_a_title_and_a_source():
    assert CASES.keys() == BLOCKS.keys()
    assert len({block.title for block in BLOCKS.values()}) == len(BLOCKS)
    for block in BLOCKS.values():
        assert "20" in block.source
        assert block.about.endswith(".")
        assert Network().fresh_name(block.name) == block.name


@pytest.mark.parametrize("kind", BLOCKS)
def test_shapes_and_parameters(kind):
    network, key = behind(kind, 16)
    inference = infer(network)
    shape, parameters = CASES[kind]
    assert not inference.errors
    assert inference.shapes[key] == shape
    assert cost(inference).parameters == parameters
    layer = network.nodes[key].layer
    assert isinstance(layer, Block)
    assert len(layer.entries) == 1
    assert len({node.position for node in layer.network.nodes.values()}) == len(layer.network.nodes)


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("channels", [1, 3, 6, 64])
def test_they_fit_any_number_of_channels(kind, channels):
    network, key = behind(kind, channels)
    inference = infer(network)
    assert not inference.errors
    if "Identity" in kind and channels % 4 == 0:
        assert inference.shapes[key] == (channels, 8, 8)


@pytest.mark.parametrize("kind", ["Inception", "ResidualProjection", "BottleneckIdentity"])
def test_their_gradients_are_right(kind):
    network, key = behind(kind, 4)
    node = network.new_node("GlobalAveragePool2D")
    network = network.add(node).connect(Edge(key, node.id))
    weights = initial_weights(infer(network), 1)
    assert worst(verify(network, weights)) < 1e-5
    assert Model(network, weights).last == node.id


def test_names_inside_are_short_and_the_node_gets_a_free_one():
    network, _ = behind("ResidualProjection", 8)
    assert [node.name for node in expanded(network).nodes.values()][1:3] == ["Residual/conv1", "Residual/conv1_norm"]
    assert new_node(network, "ResidualIdentity").name == "Residual_2"
    assert new_node(network, "Conv2D", filters=3).layer.filters == 3

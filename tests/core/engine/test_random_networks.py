"""Networks drawn at random, small ones: the engine computes what the layers' definitions say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.random_networks import draw
from tests.core.engine.agreement import chain, disagreement

COUNT = 16


@pytest.mark.parametrize("number", range(COUNT))
def test_a_random_network_agrees_with_the_definitions(number):
    drawn = draw(number, COUNT, seed=5, most=1e6)
    assert disagreement(drawn.network, min(drawn.batch, 5)) <= 1e-4, drawn.text()


@st.composite
def apart(draw_from):
    """A convolution with groups or dilation, or both, on a picture it fits, behind one that makes its channels."""
    groups = draw_from(st.sampled_from([1, 2, 3, 4, 8]))
    channels, filters = (groups * draw_from(st.sampled_from(sizes)) for sizes in ([1, 2, 5, 16], [1, 2, 3, 10, 17]))
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    padding = draw_from(st.sampled_from(["valid", "same", (0, 1, 2, 3), (3, 2, 0, 0)]))
    settings_ = {"filters": filters, "kernel": draw_from(pair), "stride": draw_from(pair), "groups": groups,
                 "dilation": draw_from(pair), "padding": padding, "bias": draw_from(st.booleans())}
    size = draw_from(st.tuples(st.integers(8, 12), st.integers(8, 12)))
    behind = draw_from(st.sampled_from([(), ("ReLU",), ("Tanh",), ("ReLU", ("MaxPool2D", {"padding": "same"}))]))
    return chain((2, *size), ("Conv2D", {"filters": channels, "kernel": 1}), ("Conv2D", settings_), *behind, "Flatten",
                 ("Dense", {"units": 5}), "Softmax")


@settings(max_examples=40, deadline=None)
@given(apart(), st.integers(1, 7))
def test_convolutions_with_groups_and_dilation_agree_with_the_definition(network, count):
    assert disagreement(network, count) <= 1e-4

"""The engine against the layers' definitions: every layer, every setting that changes arithmetic, odd sizes."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.engine.arena import Arena
from core.engine.choice import choose
from core.engine.flow import make_flow
from core.engine.fusion import fused
from core.engine.parameters import Parameters
from core.engine.plan import make_plan
from core.engine.steps.direct import DirectConvolution
from core.engine.steps.few_filters import FewFilters
from core.engine.steps.planes import PlaneConvolution
from core.graph.shapes import infer
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.layers import LAYERS
from tests.core.engine.agreement import chain, disagreement, lenet, many_weights, residual
from tests.core.networks import Drawing, every_layer

LIMIT = 2e-5
PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
PADDING = st.one_of(st.sampled_from(["valid", "same"]), st.integers(0, 2), st.tuples(*[st.integers(0, 2)] * 4))


@pytest.mark.parametrize("count", [1, 5, 33])
@pytest.mark.parametrize("network", [lenet(), every_layer(), residual(), many_weights()],
                         ids=["lenet", "every layer", "residual", "many weights"])
def test_whole_networks(network, count):
    # One picture through batch normalisation over few pixels magnifies rounding.
    assert disagreement(network, count) < (2e-4 if count == 1 else LIMIT)


def _sums(*readers):
    """Sums of three, of one output twice, of a sum, with and without ReLU; `readers` look at inputs as well."""
    drawing = Drawing().add("Input", "I", shape=(2, 4, 4)).add("Conv2D", "A", filters=3, kernel=1)
    drawing.add("Sigmoid", "S").add("Conv2D", "B", "I", filters=3, kernel=1).add("BatchNorm", "N").add("ReLU", "R")
    drawing.add("Add", "Three", "S", "R", "B").add("ReLU", "T").add("Add", "Twice", "T", "T").add("ReLU", "U")
    drawing.add("Conv2D", "C", "U", filters=3, kernel=1).add("BatchNorm", "M").add("Add", "Last", "M", "U", *readers)
    return drawing.add("ReLU", "V").add("Flatten", "F").add("Dense", "D", units=3).network


@pytest.mark.parametrize("readers", [(), ("S",), ("R", "A"), ("Three",)], ids=str)
def test_sums_lend_gradients_only_where_nobody_else_reads(readers):
    assert disagreement(_sums(*readers), 5) < LIMIT


def test_every_layer_is_in_one_of_them():
    used = {node.type for network in (lenet(), every_layer(), residual()) for node in network.nodes.values()}
    assert {name for name, kind in LAYERS.items() if name != "Unknown"} <= used


@given(filters=st.sampled_from([1, 2, 3, 6, 8, 16, 17, 33]), channels=st.integers(1, 5), kernel=PAIR, stride=PAIR,
       padding=PADDING, size=st.tuples(st.integers(3, 9), st.integers(3, 9)), bias=st.booleans(), relu=st.booleans(),
       pool=st.booleans())
@settings(max_examples=60)
def test_convolutions_through_tiles(filters, channels, kernel, stride, padding, size, bias, relu, pool):
    first = {"filters": filters, "kernel": kernel, "stride": stride, "padding": padding, "bias": bias}
    between = [*(["ReLU"] if relu else []), *(["MaxPool2D"] if pool else [])]
    network = chain((channels, *size), ("Conv2D", {"filters": channels, "kernel": 1}), ("Conv2D", first), *between,
                    "Flatten", ("Dense", {"units": 3}))
    assume(not infer(network).errors)
    assert disagreement(network, count=3) < LIMIT


@pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
@given(filters=st.sampled_from([1, 3, 6, 9]), channels=st.integers(1, 4), kernel=st.tuples(*[st.integers(1, 6)] * 2),
       padding=PADDING, size=st.tuples(st.integers(4, 9), st.sampled_from([4, 9, 2 * LANES - 1, 2 * LANES, 5 * LANES])),
       bias=st.booleans(), relu=st.booleans(), count=st.sampled_from([1, 5]))
@settings(max_examples=40)
def test_few_filters_with_their_pool(filters, channels, kernel, padding, size, bias, relu, count):
    first = {"filters": filters, "kernel": kernel, "padding": padding, "bias": bias}
    network = chain((channels, *size), ("Conv2D", first), *(["ReLU"] if relu else []), "MaxPool2D", "Flatten",
                    ("Dense", {"units": 3}))
    assume(not infer(network).errors)
    assert disagreement(network, count=count) < LIMIT


@pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
@pytest.mark.skipif(LANES < 8, reason="six filters fill short vectors")
def test_the_first_layer_has_pixels_in_its_lanes_where_filters_would_leave_them_idle():
    made = {}
    for name, network in (("few", lenet()), ("many", chain((1, 28, 28), ("Conv2D", {"filters": 2 * LANES}), "MaxPool2D",
                                                           "Flatten", ("Dense", {"units": 3})))):
        flow = fused(make_flow(network, join_softmax=True))
        arena = Arena()
        made[name] = type(make_plan(flow, 4, 1, True, Parameters(arena)).steps[0])
    assert made == {"few": FewFilters, "many": DirectConvolution}


@given(filters=st.integers(1, 2 * LANES + 3), channels=st.integers(1, 40),
       size=st.tuples(st.integers(1, 9), st.integers(1, 9)), bias=st.booleans(), frozen=st.booleans(),
       relu=st.booleans(), pool=st.booleans(), count=st.sampled_from([1, 5, 33]))
@settings(max_examples=40)
def test_filters_of_one_pixel(filters, channels, size, bias, frozen, relu, pool, count):
    second = {"filters": filters, "kernel": 1, "bias": bias, "frozen": frozen}
    network = chain((3, *size), ("Conv2D", {"filters": channels, "kernel": 1}), ("Conv2D", second),
                    *(["ReLU"] if relu else []), *(["MaxPool2D"] if pool else []), "Flatten", ("Dense", {"units": 3}))
    assume(not infer(network).errors)
    assert disagreement(network, count=count) < LIMIT


@pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
@given(channels=st.sampled_from([1, 3]), vectors=st.integers(1, 3), padding=PADDING, bias=st.booleans(),
       size=st.tuples(st.integers(3, 9), st.integers(3, 9)), relu=st.booleans(), count=st.sampled_from([1, 5, 33]))
@settings(max_examples=50)
def test_few_channels_and_whole_vectors_of_filters(channels, vectors, padding, bias, size, relu, count):
    first = {"filters": vectors * LANES, "padding": padding, "bias": bias}
    network = chain((channels, *size), ("Conv2D", first), *(["ReLU"] if relu else []), "Flatten",
                    ("Dense", {"units": 3}))
    assume(not infer(network).errors)
    made = make_plan(fused(make_flow(network, join_softmax=True)), 4, 1, True, Parameters(Arena()))
    assert isinstance(made.steps[0], PlaneConvolution) == (channels == 1 or LANES == 16)
    assert disagreement(network, count=count) < LIMIT


@pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
@given(channels=st.sampled_from([16, 32, 48]), filters=st.sampled_from([16, 32, 48]), padding=PADDING,
       size=st.tuples(st.integers(3, 13), st.integers(3, 13)), bias=st.booleans(), relu=st.booleans(),
       pool=st.booleans(), count=st.sampled_from([1, 3, 9]))
@settings(max_examples=40)
def test_convolutions_by_winograd(channels, filters, padding, size, bias, relu, pool, count):
    between = [*(["ReLU"] if relu else []), *(["MaxPool2D"] if pool else [])]
    network = chain((2, *size), ("Conv2D", {"filters": channels, "kernel": 1}),
                    ("Conv2D", {"filters": filters, "padding": padding, "bias": bias}), *between, "Flatten",
                    ("Dense", {"units": 3}))
    assume(not infer(network).errors)
    assume(any(choose(task).kernel == "winograd" for task in make_flow(network, join_softmax=True).tasks))
    # Its transforms lose about a digit, and near a tie another corner may then win the pool, or a ReLU open.
    assert disagreement(network, count) < (0.05 if relu or pool else 10 * LIMIT)


@given(kernel=PAIR, stride=PAIR, padding=PADDING, dilation=PAIR, groups=st.sampled_from([1, 2, 4]), bias=st.booleans())
@settings(max_examples=25)
def test_convolutions_by_plain_loops(kernel, stride, padding, dilation, groups, bias):
    layer = {"filters": 4, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation,
             "groups": groups, "bias": bias}
    network = chain((2, 7, 8), ("Conv2D", {"filters": 4, "kernel": 1}), ("Conv2D", layer), "ReLU", "Flatten",
                    ("Dense", {"units": 3}))
    assume(not infer(network).errors)
    assert disagreement(network, count=3) < LIMIT


@given(kind=st.sampled_from(["MaxPool2D", "AveragePool2D"]), kernel=PAIR, stride=st.one_of(st.none(), PAIR),
       padding=st.one_of(st.sampled_from(["valid", "same"]), st.integers(0, 1)), ceil=st.booleans(),
       count_padding=st.booleans(), size=st.tuples(st.integers(3, 8), st.integers(3, 8)))
@settings(max_examples=50)
def test_pools(kind, kernel, stride, padding, ceil, count_padding, size):
    layer = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}
    if kind == "AveragePool2D":
        layer["count_padding"] = count_padding
    network = chain((2, *size), ("Conv2D", {"filters": 3, "kernel": 1}), (kind, layer), "Flatten",
                    ("Dense", {"units": 3}))
    assume(not infer(network).errors)
    # A window that lies in the padding alone has no largest number.
    assume(kind == "AveragePool2D" or padding == "valid" or min(kernel) > 1)
    assert disagreement(network, count=3) < LIMIT


@pytest.mark.parametrize("loss", ["cross-entropy", "sum-of-squares", "mean-squares"])
@pytest.mark.parametrize("last", [["Softmax"], ["Sigmoid"], ["Tanh"], [("LeakyReLU", {"alpha": 0.3})], []], ids=str)
def test_losses_behind_any_last_layer(loss, last):
    network = chain((1, 5, 4), "Flatten", ("Dense", {"units": 7}), "ReLU", ("Dense", {"units": 4, "bias": False}),
                    *last)
    assert disagreement(network, 6, loss) < LIMIT


@pytest.mark.parametrize("layers", [
    ["Flatten"],
    ["Flatten", ("Dropout", {"rate": 0.4}), "BatchNorm", "ReLU", ("Dense", {"units": 3})],
    ["BatchNorm", "Flatten", "Sigmoid", ("Dense", {"units": 3}), "BatchNorm"],
    ["Flatten", "Softmax"],
    ["Flatten", "Flatten", ("Dense", {"units": 3})],
    ["ReLU", "GlobalAveragePool2D", "Flatten"],
    ["MaxPool2D", "ReLU", "Flatten"],
], ids=str)
def test_orders_of_flattened_numbers(layers):
    network = chain((2, 6, 5), ("Conv2D", {"filters": 4, "kernel": 2}), *layers)
    assert disagreement(network, 7) < LIMIT


@pytest.mark.parametrize("layer", [
    "ELU", ("Softplus", {"centred": True}), "PReLU", ("APL", {"segments": 3}), "Scale", "RReLU", "NoisyReLU", "Linear",
    ("LocalResponseNorm", {"size": 4, "alpha": 2.0}), ("ChannelPool", {"size": 3}),
    ("ChannelPool", {"size": 2, "mode": "average"}), ("Reshape", {"shape": (12, 2, 5)}),
    ("Reshape", {"shape": (1, 8, 15)}), ("Reshape", {"shape": (120,)}), ("Maxout", {"units": 5, "pieces": 3}),
    ("Maxout", {"units": 4, "bias": False})], ids=str)
@pytest.mark.parametrize("before", [[], ["Flatten"], ["Flatten", "Linear", "PReLU"]], ids=str)
def test_layers_on_maps_and_on_what_was_flattened(before, layer):
    before = ["Flatten"] if layer[0] == "Maxout" and not before else before
    after = [] if before and layer[0] != "Reshape" else ["Flatten"]
    network = chain((2, 6, 5), ("Conv2D", {"filters": 6, "kernel": 2}), *before, layer, *after, ("Dense", {"units": 3}))
    assert disagreement(network, 7) < LIMIT


@pytest.mark.parametrize("layer", [
    ("L2Pool2D", {"kernel": 3, "stride": 2, "padding": (1, 0, 1, 1), "ceil": True}),
    ("GaussianPool2D", {"kernel": (3, 2), "stride": 1, "padding": "same", "sigma": 0.7}), "GlobalMaxPool2D",
    ("Pad2D", {"padding": (1, 0, 2, 3), "value": 0.5}), ("Reshape", {"shape": (3, 8, 5)})], ids=str)
def test_layers_on_maps_only(layer):
    network = chain((2, 6, 5), ("Conv2D", {"filters": 6, "kernel": 2}), layer, "Scale", "Flatten",
                    ("Dense", {"units": 3}))
    assert disagreement(network, 7) < LIMIT


def test_frozen_and_bypassed_layers():
    network = chain((1, 6, 6), ("Conv2D", {"filters": 4}), ("ReLU", {"bypassed": True}),
                    ("Conv2D", {"filters": 4, "frozen": True}), ("Conv2D", {"filters": 9, "bypassed": True}), "ReLU",
                    "Flatten", ("Dense", {"units": 3}))
    assert disagreement(network, 4) < LIMIT

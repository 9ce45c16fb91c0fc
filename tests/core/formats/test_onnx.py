"""ONNX export against the layers' own definitions, every layer and every setting that changes arithmetic."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import FormatError, NetworkError
from core.formats import FORMATS
from core.formats.onnx import classes_of, to_onnx
from core.formats.onnx_operators import OPERATORS
from core.graph.model import Model
from core.graph.network import Edge, Network, Node
from core.graph.shapes import infer
from core.layers import LAYERS
from core.layers.input import Input
from core.layers.unknown import Unknown
from core.project import DataChoice, Project, complete_weights
from core.templates import TEMPLATES, template
from tests.core.engine.agreement import chain
from tests.core.networks import Drawing, every_layer, two_heads

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
LIMIT = 1e-5


def _random_weights(project, seed=0):
    rng = np.random.default_rng(seed)
    return {name: (rng.uniform(0.5, 1.5, array.shape) if name.endswith(("running_var", "weight")) and array.ndim == 1
                   else rng.normal(0, 0.5, array.shape)).astype(np.float32)
            for name, array in complete_weights(project).items()}


def _run(data, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def _compare(network, pictures=3, seed=0):
    project = Project(network)
    project = replace(project, weights=_random_weights(project, seed))
    rng = np.random.default_rng(seed)
    feeds = {node.name: rng.normal(0, 1, (pictures, *node.layer.shape)).astype(np.float32)
             for node in network.nodes.values() if isinstance(node.layer, Input)}
    found = _run(to_onnx(project), feeds)
    expected = Model(network, project.weights).outputs(feeds, [network.nodes[key].name for key in network.finals()])
    assert found.keys() == expected.keys()
    for name, y in expected.items():
        assert found[name].shape == y.shape
        lost = np.isinf(y)
        assert np.array_equal(found[name][lost], y[lost])
        scale = max(1.0, np.abs(y[~lost]).max(initial=0.0))
        assert np.abs(found[name][~lost] - y[~lost]).max(initial=0.0) <= LIMIT * scale, name
    return found


def _one(kind, gets=(4, 9, 8), **values):
    return Drawing().add("Input", "In", shape=gets).add(kind, "L", **values).network


def test_every_layer_has_its_operators():
    assert set(OPERATORS) == set(LAYERS) - {"Input"}


def test_all_layers_in_one_network():
    _compare(every_layer())


@pytest.mark.parametrize("kind", ["MaxPool2D", "AveragePool2D", "L2Pool2D"])
@pytest.mark.parametrize("pads", [(1, 1, 1, 1), (0, 0, 2, 1)])
@pytest.mark.parametrize("value", [0.0, 0.5])
def test_padding_in_front_of_a_pool_counts_as_a_layer(kind, pads, value):
    # Where numbers lie below zero a padded zero is the largest of its window; and it is part of each mean.
    drawing = Drawing().add("Input", "In", shape=(2, 5, 6)).add("ELU", "E").add("Dropout", "D")
    drawing.add("Pad2D", "Pad", padding=pads, value=value).add("Linear", "L").add(kind, "Pool", kernel=3, padding=1)
    _compare(drawing.network)


def test_large_templates():
    for name in ("alexnet", "googlenet", "resnet18"):
        network = template(name).network
        project = Project(network, complete_weights(Project(network)))
        feeds = {"Input": np.random.default_rng(0).random((1, *network.nodes["n1"].layer.shape), np.float32)}
        expected = Model(network, project.weights).outputs(feeds, ["Softmax"])["Softmax"]
        assert np.abs(_run(to_onnx(project), feeds)["Softmax"] - expected).max() <= LIMIT


@pytest.mark.parametrize("name", [
    name for name in TEMPLATES if max(template(name).network.nodes["n1"].layer.shape) <= 32])
def test_templates(name):
    found = _compare(template(name).network, pictures=2)
    assert np.allclose(found["Softmax"].sum(axis=1), 1)


sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))
paddings = st.sampled_from(("valid", "same")) | st.tuples(*[st.integers(0, 3)] * 4)


@given(kernel=sizes, stride=sizes, padding=paddings, dilation=sizes, groups=st.sampled_from((1, 2, 4)),
       bias=st.booleans())
@settings(max_examples=40)
def test_convolution(**values):
    network = _one("Conv2D", filters=4, **values)
    assume(infer(network).runs)
    _compare(network)


@given(kind=st.sampled_from(("MaxPool2D", "AveragePool2D", "L2Pool2D", "GaussianPool2D")), kernel=sizes,
       stride=st.none() | sizes, padding=paddings,
       ceil=st.booleans(), count=st.booleans())
@settings(max_examples=120)
def test_pooling(kind, count, **values):
    more = {"count_padding": count} if kind == "AveragePool2D" else {}
    network = _one(kind, (2, 7, 6), **values, **more)
    assume(infer(network).runs)
    _compare(network, pictures=2)


@pytest.mark.parametrize("count", [True, False])
@pytest.mark.parametrize("padding", [[5, 0, 5, 1], [0, 6, 0, 0], [9, 9, 9, 9]])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pooling_where_windows_lie_in_the_padding_alone(count, padding, stride):
    _compare(_one("AveragePool2D", kernel=2, padding=padding, count_padding=count, ceil=True, stride=stride))
    _compare(_one("MaxPool2D", kernel=2, padding=padding, stride=stride))


@pytest.mark.parametrize("kind", ["MaxPool2D", "AveragePool2D", "L2Pool2D"])
@pytest.mark.parametrize("between", [None, "Linear", "Dropout"])
@pytest.mark.parametrize("before", [("Pad2D", {"padding": 3}), ("L2Pool2D", {"kernel": 1, "padding": 3})])
def test_pooling_behind_padding_as_wide_as_the_window(kind, between, before):
    layers = [before, (kind, {"kernel": 2, "stride": 1}), "ReLU"]
    if between is not None:
        layers.insert(1, between)
    _compare(chain((2, 5, 5), *layers))


@pytest.mark.parametrize(("kind", "shape", "values"), [
    ("Dense", (6,), {"units": 3}), ("Dense", (6,), {"units": 3, "bias": False}), ("BatchNorm", (6,), {}),
    ("BatchNorm", (4, 9, 8), {"epsilon": 0.1, "momentum": 0.3}), ("Flatten", (6,), {}), ("Flatten", (4, 3, 2), {}),
    ("LeakyReLU", (6,), {"alpha": 0.3}), ("LeakyReLU", (6,), {"alpha": 0.0}), ("Dropout", (6,), {"rate": 0.9}),
    ("Dropout", (6,), {"rate": 0.0}), ("Softmax", (6,), {}), ("Sigmoid", (4, 3, 2), {}), ("Tanh", (6,), {}),
    ("ReLU", (6,), {}), ("GlobalAveragePool2D", (4, 9, 8), {}), ("Conv2D", (4, 9, 8), {"bypassed": True}),
    ("Dense", (6,), {"frozen": True}), ("Linear", (6,), {}), ("VeryLeakyReLU", (4, 3, 2), {"alpha": 0.4}),
    ("RReLU", (6,), {"low": 0.2, "high": 0.3}), ("NoisyReLU", (6,), {}), ("ELU", (4, 3, 2), {"alpha": 0.7}),
    ("Softplus", (6,), {}), ("Softplus", (4, 3, 2), {"centred": True}), ("PReLU", (4, 3, 2), {"initial": -0.3}),
    ("PReLU", (6,), {}), ("APL", (4, 3, 2), {"segments": 3}), ("APL", (6,), {}), ("Maxout", (6,), {"pieces": 3}),
    ("Maxout", (6,), {"bias": False}), ("ChannelPool", (4, 3, 2), {}),
    ("ChannelPool", (6,), {"size": 3, "mode": "average"}),
    ("GlobalMaxPool2D", (4, 9, 8), {}), ("LocalResponseNorm", (7, 3, 2), {"alpha": 2.0}),
    ("LocalResponseNorm", (7, 3, 2), {"size": 4, "alpha": 2.0, "beta": 0.5, "k": 2.0}),
    ("LocalResponseNorm", (7,), {"size": 3, "alpha": 2.0}), ("Reshape", (4, 3, 2), {"shape": (2, 6, 2)}),
    ("Reshape", (24,), {"shape": (2, 3, 4)}), ("Pad2D", (4, 3, 2), {"padding": (0, 1, 2, 3), "value": -0.5}),
    ("Scale", (4, 3, 2), {}), ("Scale", (6,), {}), ("Reshape", (4, 3, 2), {"shape": (24,)}),
], ids=str)
def test_other_layers(kind, shape, values):
    _compare(_one(kind, shape, **values))


@pytest.mark.parametrize("kind", ["Add", "Concatenate"])
@pytest.mark.parametrize("shape", [(5,), (3, 4, 2)])
def test_merging_three_branches_one_of_them_twice(kind, shape):
    drawing = Drawing().add("Input", "In", shape=shape).add("Tanh", "T", "In").add("ReLU", "R", "In")
    _compare(drawing.add(kind, "M", "R", "In", "T", "R").network)


def test_several_inputs_and_ends():
    drawing = Drawing().add("Input", "A", shape=(3,))
    second = Node("z", Input(shape=(3,)), "B")
    network = drawing.network.add(second, Node("y", LAYERS["Add"](), "Sum"), Node("x", LAYERS["Tanh"](), "End"))
    first = network.names["A"]
    for edge in (Edge(first, "y", 0), Edge("z", "y", 1), Edge("z", "x", 0)):
        network = network.connect(edge)
    assert set(_compare(network)) == {"Sum", "End"}


def test_auxiliary_outputs_stay_out_and_the_main_one_comes_first():
    for network, names in ((two_heads(), ["Main"]), (two_heads(weight=None), ["Main", "Aux"])):
        model = onnx.load_model_from_string(to_onnx(Project(network)))
        assert [output.name for output in model.graph.output] == names
        held = {constant.name for constant in model.graph.initializer}
        assert ("AuxDense.weight" in held) == ("Aux" in names)
        assert {"C1.weight", "Dense.weight"} <= held


def test_pictures_are_normalised_inside_the_file():
    network = _one("Tanh", (2, 3, 3))
    project = Project(network, data=DataChoice(normalise=True))
    with pytest.raises(FormatError, match="Train first"):
        to_onnx(project)
    x = np.random.default_rng(0).random((2, 2, 3, 3), np.float32)
    for mean, spread in (((0.1, 0.4), (0.5, 2.0)), ((0.3,), (0.25,))):
        data = to_onnx(replace(project, progress={"mean": list(mean), "spread": list(spread)}))
        shape = (len(mean), 1, 1)
        expected = np.tanh((x - np.reshape(mean, shape)) / np.reshape(spread, shape))
        assert np.abs(_run(data, {"In": x})["L"] - expected).max() <= 1e-6


def test_what_the_file_says_about_itself():
    project = replace(template("lenet5"), classes=("null", "eins", "zwei × drei"))
    data = to_onnx(project)
    assert to_onnx(project) == data
    model = onnx.load_from_string(data)
    assert (model.ir_version, model.opset_import[0].version, model.producer_name) == (8, 17, "guibuilder")
    assert classes_of(model) == project.classes
    assert {entry.key for entry in model.metadata_props} == {"classes", "pixels", "generator"}
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    assert sum(array.size for array in weights.values()) == 61_706
    assert all(np.array_equal(weights[name], array) for name, array in complete_weights(project).items())
    shapes = {each.name: [size.dim_param or size.dim_value for size in each.type.tensor_type.shape.dim]
              for each in (*model.graph.input, *model.graph.value_info, *model.graph.output)}
    assert (shapes["Input"], shapes["C3"], shapes["Softmax"]) == (["N", 1, 32, 32], ["N", 16, 10, 10], ["N", 10])
    assert [node.name for node in model.graph.node][:3] == ["C1", "A1", "S2"]


def test_the_format_writes_it():
    buffer = io.BytesIO()
    FORMATS["onnx"].write(template("mlp"), buffer)
    assert buffer.getvalue() == to_onnx(template("mlp"))


def test_what_cannot_be_exported_is_named():
    with pytest.raises(NetworkError, match="empty"):
        to_onnx(Project())
    network = Network().add(Node("a", Input(), "In"), Node("b", Unknown(name="Attention"), "U")).connect(Edge("a", "b"))
    with pytest.raises(NetworkError, match="Attention"):
        to_onnx(Project(network))
    to_onnx(Project(Network().add(Node("a", Input(), "In"))))


def test_a_layer_without_operators_is_named(monkeypatch):
    monkeypatch.setattr("core.formats.onnx_operators.OPERATORS", {})
    with pytest.raises(FormatError, match="Flatten: ONNX export does not know Flatten yet"):
        to_onnx(template("mlp"))


def test_windows_that_see_padding_alone_are_named():
    with pytest.raises(FormatError, match="L looks at its padding alone"):
        to_onnx(Project(_one("MaxPool2D", (1, 1, 1), kernel=1, stride=2, padding=1)))


@given(st.text(st.characters(codec="utf-8", exclude_characters="./", exclude_categories=("C", "Z")), min_size=1),
       st.text())
@settings(max_examples=40)
def test_any_name_is_carried(name, title):
    network = replace(_one("Conv2D", filters=1), name=title)
    network = network.put(replace(network.nodes["n2"], name=name)) if name != "In" else network
    found = _compare(network)
    assert list(found) == [name if name != "In" else "L"]

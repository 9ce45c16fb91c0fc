"""The ONNX project's own models: each opens and gives the stored answers, or says which operator is missing."""

import math
from pathlib import Path

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import FormatError
from core.formats import open_file
from core.graph.model import Model
from core.graph.shapes import infer
from core.layers.input import Input
from core.layers.unknown import Unknown

onnx = pytest.importorskip("onnx")
DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
# What opens and answers as stored; everything else in the two folders has to name what is missing.
ANSWERS = {
    "pytorch-converted": """AvgPool1d AvgPool1d_stride AvgPool2d AvgPool2d_stride BatchNorm2d_eval
        BatchNorm2d_momentum_eval ConstantPad2d Conv2d Conv2d_depthwise Conv2d_depthwise_padded
        Conv2d_depthwise_strided Conv2d_depthwise_with_multiplier Conv2d_dilated Conv2d_groups Conv2d_groups_thnn
        Conv2d_no_bias Conv2d_padding Conv2d_strided ELU LeakyReLU LeakyReLU_with_negval Linear Linear_no_bias
        LogSoftmax MaxPool2d PReLU_2d PReLU_2d_multiparam ReLU SELU Sigmoid Softmax Softmin Softplus Tanh ZeroPad2d
        log_softmax_lastdim softmax_lastdim""",
    "pytorch-operator": """add_size1_singleton_broadcast addconstant clip concat2 conv flatten reduced_mean
        reduced_mean_keepdim selu""",
}
# The file puts out logarithms; what is drawn ends in the probabilities, and the notes say so.
LOGARITHMS = ("LogSoftmax", "log_softmax_lastdim")
CASES = [(group, path.name.removeprefix("test_").removeprefix("operator_"), path)
         for group in ANSWERS for path in sorted((DATA / group).glob("test_*"))]
# The model zoo's networks: how many trained numbers.
LIGHT = {"bvlc_alexnet": 60_965_224, "densenet121": 7_978_856, "inception_v1": 6_998_552, "inception_v2": 11_193_984,
         "resnet50": 25_557_032, "shufflenet": 1_100_000, "squeezenet": 1_235_496,
         "vgg19": 143_667_240, "zfnet512": 87_263_848}


def _tensors(path, what):
    found = sorted((path / "test_data_set_0").glob(f"{what}_*.pb"))
    return [onnx.numpy_helper.to_array(onnx.TensorProto.FromString(each.read_bytes())) for each in found]


@pytest.mark.parametrize(("group", "name", "path"), CASES, ids=[f"{group}-{name}" for group, name, _ in CASES])
def test_stored_answers(group, name, path):
    if name not in ANSWERS[group].split():
        _names_what_is_missing(path)
        return
    project = open_file(path / "model.onnx")
    assert infer(project.network).errors == ()
    inputs = [node for node in project.network.nodes.values() if isinstance(node.layer, Input)]
    feeds = {node.name: x.reshape(len(x), *node.layer.shape)
             for node, x in zip(inputs, _tensors(path, "input"), strict=True)}
    model = Model(project.network, project.weights)
    last = model.network.nodes[model.network.finals()[0]].name
    found = model.outputs(feeds, [last])[last]
    (expected,) = _tensors(path, "output")
    found = np.log(found) if name in LOGARITHMS else found
    assert ("logarithms" in project.notes) == (name in LOGARITHMS)
    assert found.size == expected.size
    assert np.abs(found.reshape(expected.shape) - expected).max() <= 1e-4


def _names_what_is_missing(path):
    model = onnx.load(path / "model.onnx")
    operators = {node.op_type for node in model.graph.node}
    try:
        project = open_file(path / "model.onnx")
    except FormatError as error:
        if "the input" not in error.message:
            raise
        return
    kept = [node.layer.kept["onnx"] for node in project.network.nodes.values() if isinstance(node.layer, Unknown)]
    assert kept
    assert {each["operator"] for each in kept} <= operators
    assert all(each["why"] for each in kept)
    assert len([problem for problem in infer(project.network).errors if "ONNX file" in problem.message]) == len(kept)


def test_the_table_is_of_models_that_are_there():
    names = {group: {name for each, name, _ in CASES if each == group} for group in ANSWERS}
    for group, text in ANSWERS.items():
        assert set(text.split()) <= names[group]


@pytest.mark.parametrize("name", LIGHT)
def test_networks_of_the_model_zoo(name):
    path = DATA / "light" / f"light_{name}.onnx"
    if not path.is_file():
        pytest.skip("this release of onnx has no light models")
    project = open_file(path)
    assert infer(project.network).errors == ()
    assert sum(array.size for key, array in project.weights.items() if "running_" not in key) >= LIGHT[name] * 0.99
    (shape,) = [node.layer.shape for node in project.network.nodes.values() if isinstance(node.layer, Input)]
    numbers = math.prod(shape)
    engine = Engine(project.network, project.weights, 1, training=False)
    # The picture that the stored answers belong to.
    found = engine.predict((np.arange(numbers, dtype=np.float32) / numbers).reshape(1, *shape))
    engine.close()
    stored = onnx.TensorProto.FromString(path.with_name(f"light_{name}_output_0.pb").read_bytes())
    expected = onnx.numpy_helper.to_array(stored)
    assert np.abs(found.ravel() - expected.ravel()).max() <= 1e-4 * np.abs(expected).max()


def test_channel_shuffles_are_fixed_convolutions():
    path = DATA / "light" / "light_shufflenet.onnx"
    if not path.is_file():
        pytest.skip("this release of onnx has no light models")
    project = open_file(path)
    fixed = [node for node in project.network.nodes.values() if node.type == "Conv2D" and node.layer.frozen]
    assert len(fixed) == 16
    for node in fixed:
        weight = project.weights[f"{node.name}.weight"]
        assert set(np.unique(weight)) == {0, 1}
        assert (weight.sum((0, 2, 3)) == 1).all()
        assert (weight.sum((1, 2, 3)) == 1).all()
    assert "1×1 convolution" in project.notes

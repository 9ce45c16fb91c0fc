"""Graphs as other programs write them, against onnxruntime: channels last, inferred padding, computed sizes."""

import numpy as np
import pytest

from core.formats import open_file
from core.graph.model import Model
from core.graph.shapes import infer
from core.layers.input import Input

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
helper = onnx.helper
RNG = np.random.default_rng(0)


def _array(name, *shape):
    return onnx.numpy_helper.from_array(RNG.normal(0, 0.4, shape).astype(np.float32), name)


def _whole(name, *values):
    return onnx.numpy_helper.from_array(np.array(values, np.int64), name)


def _model(nodes, tensors, gets, opset=13):
    ends = [helper.make_tensor_value_info("x", 1, ["N", *gets]), helper.make_tensor_value_info("y", 1, None)]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8).SerializeToString()


def _agree(tmp_path, data, gets, *, channels_last=False):
    (tmp_path / "m.onnx").write_bytes(data)
    project = open_file(tmp_path / "m.onnx")
    assert infer(project.network).errors == ()
    x = RNG.normal(0, 1, (2, *gets)).astype(np.float32)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": x})
    ours = np.moveaxis(x, -1, 1) if channels_last else x
    name = next(node.name for node in project.network.nodes.values() if isinstance(node.layer, Input))
    last = project.network.nodes[project.network.finals()[0]].name
    found = Model(project.network, project.weights).outputs({name: ours.reshape(2, *_shape(project, name))}, [last])
    assert np.abs(found[last].reshape(expected.shape) - expected).max() <= 1e-4 * max(1, np.abs(expected).max())
    return [project.network.nodes[key].type for key in project.network.order], project


def _shape(project, name):
    return project.network.by_name(name).layer.shape


def test_keras_as_tf2onnx_writes_it(tmp_path):
    make = helper.make_node
    nodes = [make("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
             make("Conv", ["t", "conv/kernel:0", "b"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2]),
             make("Relu", ["c"], ["r"]), make("Transpose", ["r"], ["last"], perm=[0, 2, 3, 1]),
             make("Add", ["last", "shift"], ["a"]), make("Transpose", ["a"], ["first"], perm=[0, 3, 1, 2]),
             make("MaxPool", ["first"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
             make("Transpose", ["p"], ["back"], perm=[0, 2, 3, 1]), make("Reshape", ["back", "sizes"], ["flat"]),
             make("MatMul", ["flat", "dense/kernel:0"], ["m"]), make("Add", ["m", "bias"], ["s"]),
             make("Softmax", ["s"], ["y"], axis=-1)]
    tensors = [_array("conv/kernel:0", 5, 3, 3, 3), _array("b", 5), _array("shift", 5), _whole("sizes", -1, 45),
               _array("dense/kernel:0", 45, 4), _array("bias", 4)]
    kinds, project = _agree(tmp_path, _model(nodes, tensors, (11, 12, 3)), (11, 12, 3), channels_last=True)
    assert kinds == ["Input", "Conv2D", "ReLU", "Scale", "MaxPool2D", "Flatten", "Dense", "Softmax"]
    assert {"conv", "dense"} <= project.network.names.keys()
    assert "height × width × channels" in project.notes
    assert project.weights["dense.bias"].shape == (4,)


@pytest.mark.parametrize("auto", ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"])
@pytest.mark.parametrize("operator", ["Conv", "MaxPool", "AveragePool"])
def test_inferred_padding(tmp_path, auto, operator):
    weights = ["w"] if operator == "Conv" else []
    node = helper.make_node(operator, ["x", *weights], ["y"], auto_pad=auto, kernel_shape=[4, 3], strides=[2, 1])
    _agree(tmp_path, _model([node], [_array("w", 2, 3, 4, 3)] if weights else [], (3, 9, 8)), (3, 9, 8))


@pytest.mark.parametrize("attributes", [{}, {"transB": 1}, {"alpha": 0.5, "beta": 2.0}, {"transB": 1, "beta": 0.0}],
                         ids=str)
def test_gemm(tmp_path, attributes):
    weight = _array("w", 4, 6) if attributes.get("transB") else _array("w", 6, 4)
    node = helper.make_node("Gemm", ["x", "w", "c"], ["y"], **attributes)
    kinds, _ = _agree(tmp_path, _model([node], [weight, _array("c", 1, 4)], (6,)), (6,))
    assert kinds == ["Input", "Dense"]


def test_sizes_computed_on_the_way(tmp_path):
    make = helper.make_node
    nodes = [make("Conv", ["x", "w"], ["c"]), make("Shape", ["c"], ["s"]), make("Gather", ["s", "zero"], ["n"]),
             make("Unsqueeze", ["n", "axis"], ["batch"]), make("Concat", ["batch", "rest"], ["sizes"], axis=0),
             make("Reshape", ["c", "sizes"], ["f"]), make("Unsqueeze", ["f", "two"], ["u"]),
             make("Squeeze", ["u", "two"], ["q"]), make("Sub", ["q", "half"], ["d"]), make("Neg", ["d"], ["y"])]
    tensors = [_array("w", 2, 3, 3, 3), onnx.numpy_helper.from_array(np.array(0, np.int64), "zero"), _whole("axis", 0),
               _whole("rest", -1), _whole("two", 2), onnx.numpy_helper.from_array(np.array(0.5, np.float32), "half")]
    kinds, _ = _agree(tmp_path, _model(nodes, tensors, (3, 6, 6)), (3, 6, 6))
    assert kinds == ["Input", "Conv2D", "Flatten", "Scale"]


def test_a_value_that_others_see_keeps_its_numbers(tmp_path):
    make = helper.make_node
    nodes = [make("Conv", ["x", "w"], ["c"]), make("Add", ["c", "b"], ["shifted"]), make("Relu", ["shifted"], ["r"]),
             make("Tanh", ["shifted"], ["h"]), make("Sum", ["r", "h", "c"], ["t"]), make("Sub", ["t", "r"], ["d"]),
             make("ReduceMean", ["d"], ["y"], axes=[2, 3], keepdims=0)]
    kinds, _ = _agree(tmp_path, _model(nodes, [_array("w", 2, 3, 3, 3), _array("b", 2, 1, 1)], (3, 6, 6)), (3, 6, 6))
    assert kinds.count("Add") == 2


def test_the_bias_of_a_product_counts_once(tmp_path):
    make = helper.make_node
    nodes = [make("MatMul", ["x", "w"], ["m"]), make("Add", ["m", "b"], ["a"]), make("Relu", ["a"], ["r"]),
             make("Tanh", ["a"], ["h"]), make("Add", ["r", "h"], ["y"])]
    kinds, _ = _agree(tmp_path, _model(nodes, [_array("w", 6, 4), _array("b", 4)], (6,)), (6,))
    assert sorted(kinds) == ["Add", "Dense", "Input", "ReLU", "Tanh"]

"""An exported model in onnxruntime against the engine."""

import pytest

from core.data.load import load
from core.data.normalisation import Normalisation
from core.errors import FormatError
from core.inspect.compare import compare_onnx, run_onnx
from tests.core.networks import small_cnn, weights_of

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")

PICTURES = load("digits").pictures("test", slice(None))


def exported(weights, softmax=True):
    """Our small network in ONNX, written by hand so that this test stands alone."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [helper.make_node("Conv", ["x", "C1.weight", "C1.bias"], ["c"]), helper.make_node("Relu", ["c"], ["r"]),
             helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
             helper.make_node("Flatten", ["p"], ["f"]),
             helper.make_node("Gemm", ["f", "F1.weight", "F1.bias"], ["scores"], transB=1)]
    nodes += [helper.make_node("Softmax", ["scores"], ["y"], axis=1)] if softmax else []
    graph = helper.make_graph(
        nodes, "digits", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info("y" if softmax else "scores", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def test_the_same_network_answers_alike():
    network = small_cnn()
    weights = weights_of(network)
    found = compare_onnx(exported(weights), network, weights, PICTURES)
    assert (found.same_class, found.pictures) == (360, 360)
    assert 0 < found.largest <= 1e-5


def test_scores_are_compared_as_probabilities():
    network = small_cnn()
    weights = weights_of(network)
    without = network.remove(network.by_name("Softmax").id)
    assert compare_onnx(exported(weights, softmax=False), without, weights, PICTURES).largest <= 1e-5


def test_other_weights_are_noticed():
    network = small_cnn()
    found = compare_onnx(exported(weights_of(network, 1)), network, weights_of(network, 2), PICTURES)
    assert found.largest > 0.01
    assert found.same_class < 360


def test_the_engine_is_given_normalised_pictures():
    network = small_cnn()
    weights = weights_of(network)
    found = compare_onnx(exported(weights), network, weights, PICTURES, normalisation=Normalisation((0.5,), (0.5,)))
    assert found.largest > 1e-3
    assert PICTURES.min() >= 0, "the pictures handed in stay as they are"


@pytest.mark.parametrize("content", [b"", b"no model", exported(weights_of(small_cnn()))[:200]])
def test_what_is_no_model_is_refused_in_words(content):
    with pytest.raises(FormatError, match="onnxruntime cannot run the file"):
        run_onnx(content, PICTURES)


def test_a_path_is_never_taken(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(exported(weights_of(small_cnn())))
    with pytest.raises(TypeError, match="not its path"):
        run_onnx(str(path), PICTURES)

"""A dropped ONNX model opens in the window, and what is not supported is a problem at its layer."""

import numpy as np
import pytest

from core.formats import open_file

onnx = pytest.importorskip("onnx")


def _model(path):
    make = onnx.helper.make_node
    nodes = [make("Conv", ["x", "features.0.weight"], ["c"]), make("Resize", ["c", "", "s"], ["big"], name="up/scale"),
             make("Relu", ["big"], ["y"], name="act")]
    tensors = [onnx.numpy_helper.from_array(np.ones(shape, np.float32), name)
               for name, shape in (("features.0.weight", (4, 3, 3, 3)), ("s", (4,)))]
    ends = [onnx.helper.make_tensor_value_info(name, 1, shape) for name, shape in
            (("x", [1, 3, 8, 8]), ("y", [1, 4, 6, 6]))]
    graph = onnx.helper.make_graph(nodes, "drawn", ends[:1], ends[1:], tensors)
    path.write_bytes(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)],
                                            ir_version=8).SerializeToString())
    return path


def test_a_dropped_model_shows_what_is_missing(window, worker, tmp_path, qtbot):
    path = _model(tmp_path / "net.onnx")
    window.commands.files.take(path)
    request = worker.last("OpenFile")
    assert request.path == str(path)
    worker.answer(request, open_file(path))
    network = window.commands.document.network
    assert list(network.names) == ["x", "features_0", "up_scale", "act"]
    unknown = network.names["up_scale"]
    (problem,) = window.commands.document.inference.problems_of(unknown)
    assert "Resize (node up/scale, number 2 in the ONNX file)" in problem.message
    window.commands.selection.set([unknown])
    qtbot.wait(50)
    assert not window.grab().isNull()

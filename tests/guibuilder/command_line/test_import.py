"""`import`: ONNX models and weights become projects, and what is not taken over is named."""

import numpy as np
import pytest

from core.formats import open_file, save_file
from core.formats.onnx import to_onnx
from core.project import complete_weights
from core.templates import template

onnx = pytest.importorskip("onnx")


@pytest.fixture
def model(tmp_path):
    """LeNet as ONNX."""
    path = tmp_path / "lenet.onnx"
    path.write_bytes(to_onnx(template("lenet5")))
    return path


def test_a_model(command, model, tmp_path):
    found = command("import", model, "--out", tmp_path / "a.gbnet", "--json")
    assert (found.status, found.json) == (0, {"layers": 14, "parameters": 61_706, "problems": []})
    project, known = open_file(tmp_path / "a.gbnet"), complete_weights(template("lenet5"))
    assert all(np.array_equal(project.weights[name], array) for name, array in known.items())
    told = command("import", model, "--out", tmp_path / "b")
    assert "14 layers, 61,706 parameters" in told.out
    assert (tmp_path / "b.gbnet").is_file()


def test_models_are_networks(command, model, tmp_path):
    assert command("summary", model, "--json").json["parameters"] == 61_706
    assert command("check", model, "--json").json == {"problems": []}
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((2, 1, 32, 32), np.float32))
    assert command("run", model, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy").status == 0
    save_file(template("lenet5"), tmp_path / "n.gbnet")
    command("run", tmp_path / "n.gbnet", "--input", tmp_path / "x.npy", "--output", tmp_path / "z.npy")
    assert np.abs(np.load(tmp_path / "y.npy") - np.load(tmp_path / "z.npy")).max() <= 1e-6


def test_what_is_not_supported_is_named(command, tmp_path):
    helper = onnx.helper
    nodes = [helper.make_node("Relu", ["x"], ["r"], name="first"),
             helper.make_node("Resize", ["r", "", "s"], ["big"], name="up/scale"),
             helper.make_node("Relu", ["big"], ["y"], name="last")]
    scales = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "s")
    ends = [helper.make_tensor_value_info(name, 1, shape) for name, shape in (("x", [1, 3, 4, 4]), ("y", [1, 3, 8, 8]))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [scales])
    (tmp_path / "m.onnx").write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                                        ir_version=8).SerializeToString())
    found = command("import", tmp_path / "m.onnx", "--out", tmp_path / "m.gbnet", "--json")
    assert found.status == 1
    assert found.json["layers"] == 4
    (problem,) = found.json["problems"]
    assert (problem["layer"], problem["code"], problem["severity"]) == ("up_scale", "unknown-type", "error")
    assert "Resize (node up/scale, number 2 in the ONNX file)" in problem["message"]
    assert command("check", tmp_path / "m.gbnet", "--json").json["problems"] == [problem]


@pytest.mark.parametrize("ending", ["safetensors", "npz"])
def test_weights_into_a_network(command, tmp_path, ending):
    command("export", "lenet5", "--seed", 5, "--to", ending, "--out", tmp_path / f"w.{ending}")
    found = command("import", tmp_path / f"w.{ending}", "--into", "lenet5", "--out", tmp_path / "n.gbnet", "--json")
    assert (found.status, found.json["problems"]) == (0, [])
    command("export", tmp_path / "n.gbnet", "--to", ending, "--out", tmp_path / f"v.{ending}")
    assert (tmp_path / f"w.{ending}").read_bytes() == (tmp_path / f"v.{ending}").read_bytes()
    other = command("import", tmp_path / f"w.{ending}", "--into", "lenet5-1998", "--out", tmp_path / "o.gbnet")
    assert other.status in (0, 3)
    assert command("import", tmp_path / f"w.{ending}", "--into", "mlp", "--out", tmp_path / "o.gbnet").status == 3


def test_weights_that_do_not_fit_are_named(command, tmp_path):
    arrays = complete_weights(template("lenet5"))
    first, second = list(arrays)[:2]
    arrays[first] = arrays[first][:2]
    del arrays[second]
    np.savez(tmp_path / "w.npz", **arrays)
    found = command("import", tmp_path / "w.npz", "--into", "lenet5", "--out", tmp_path / "n.gbnet", "--json")
    messages = [problem["message"] for problem in found.json["problems"]]
    assert any("is left out" in message and first in message for message in messages)
    assert any(f"no array {second}" in message for message in messages)


def test_wrong_usage(command, model, tmp_path):
    assert command("import", model).status == 2
    assert command("import", model, "--out", tmp_path / "a.json").status == 2
    assert command("import", model, "--into", "mlp", "--out", tmp_path / "a.gbnet").status == 2
    assert command("import", tmp_path / "w.npz", "--out", tmp_path / "a.gbnet").status == 2
    assert command("import", tmp_path / "none.onnx", "--out", tmp_path / "a.gbnet").status == 3
    (tmp_path / "bad.onnx").write_bytes(model.read_bytes()[:1000])
    bad = command("import", tmp_path / "bad.onnx", "--out", tmp_path / "a.gbnet")
    assert (bad.status, bad.err.count("\n")) == (3, 1)
    assert not (tmp_path / "a.gbnet").exists()

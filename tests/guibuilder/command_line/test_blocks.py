"""Every command on a network with blocks in blocks: it works as on one without, under the names of the blocks."""

import json

import numpy as np
import pytest

from core.formats import open_file, save_file
from core.graph.blocks import group
from core.project import Project
from tests.core.networks import small_cnn


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A network as text, plain and with blocks, and a batch for it."""
    folder = tmp_path_factory.mktemp("blocks")
    network = small_cnn()
    save_file(Project(network), folder / "plain.json")
    for names, name in ((("C1", "R1"), "Stem"), (("Stem", "P1"), "Front"), (("F1", "Softmax"), "Head")):
        network = group(network, [network.names[each] for each in names], name).network
    save_file(Project(network), folder / "blocks.json")
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.random((5, 1, 8, 8)).astype(np.float32))
    np.save(folder / "t.npy", rng.integers(0, 10, 5))
    return folder


def test_training_measuring_and_predicting(command, files):
    out = files / "trained.gbnet"
    found = command("train", files / "blocks.json", "--data", "digits", "--epochs", "1", "--out", out, "--json")
    assert found.status == 0
    project = open_file(out)
    assert set(project.network.names) == {"Input", "Front", "Flatten", "Head"}
    assert set(project.weights) == {"Front/Stem/C1.weight", "Front/Stem/C1.bias", "Head/F1.weight", "Head/F1.bias"}
    measured = command("evaluate", out, "--data", "digits", "--json").json
    assert measured["accuracy"] == pytest.approx(found.json["test_accuracy"])
    more = command("train", out, "--data", "digits", "--epochs", "1", "--out", files / "more.gbnet", "--json")
    assert more.status == 0
    assert more.json["epochs"][0]["train_loss"] < found.json["epochs"][0]["train_loss"]


def test_running_up_to_a_layer_in_a_block(command, files):
    for layer, shape in (("Front/Stem/C1", [8, 6, 6]), ("Head/Softmax", [10]), ("Front", [8, 3, 3]),
                         ("Front/Stem", [8, 6, 6])):
        found = command("run", files / "blocks.json", "--input", files / "x.npy", "--output", files / "y.npy",
                        "--layer", layer, "--json")
        assert found.json["output_shape"] == shape
    last = command("run", files / "blocks.json", "--input", files / "x.npy", "--output", files / "y.npy", "--json")
    assert last.json["output_shape"] == [10]
    wrong = command("run", files / "blocks.json", "--input", files / "x.npy", "--output", files / "y.npy",
                    "--layer", "C1")
    assert wrong.status == 1
    assert "Front/Stem/C1" in wrong.err


def test_gradients_and_their_check(command, files):
    found = command("gradients", files / "blocks.json", "--input", files / "x.npy", "--target", files / "t.npy",
                    "--output", files / "g.npz", "--json")
    assert found.json["arrays"][2:] == ["Front/Stem/C1.weight", "Front/Stem/C1.bias", "Head/F1.weight",
                                        "Head/F1.bias"]
    checked = command("verify", files / "blocks.json", "--json").json
    assert {layer["layer"] for layer in checked["layers"]} == {"Input", "Front/Stem/C1", "Head/F1"}
    assert checked["worst"] < 1e-5


@pytest.mark.parametrize(("kind", "name"), [("json", "n.json"), ("gbnet", "n.gbnet"), ("onnx", "n.onnx"),
                                            ("safetensors", "n.safetensors"), ("npz", "n.npz"), ("svg", "n.svg")])
def test_taking_it_away(command, files, kind, name):
    out = files / name
    found = command("export", files / "blocks.json", "--to", kind, "--out", out, "--json")
    assert found.status == 0
    if kind == "onnx" and found.json["max_difference"] is not None:
        assert found.json["max_difference"] < 1e-5
    if kind == "json":
        assert out.read_bytes() == (files / "blocks.json").read_bytes()
    if kind == "npz":
        assert "Front/Stem/C1.weight" in np.load(out)
    if kind == "svg":
        assert ">Front<" in out.read_text(encoding="utf-8")


def test_the_summary_of_both_is_the_same_but_for_the_names(command, files):
    plain = command("summary", files / "plain.json", "--json").json
    blocks = command("summary", files / "blocks.json", "--json").json
    for layer in [*blocks["layers"]]:
        layer["name"] = layer["name"].rpartition("/")[2]
        layer["inputs"] = [name.rpartition("/")[2] for name in layer["inputs"]]
    assert json.dumps(plain) == json.dumps(blocks)
    assert command("check", files / "blocks.json").status == 0

"""Networks with several outputs through every command."""

import json

import numpy as np
import pytest
from PIL import Image

from core.data.load import load
from core.formats import open_file, save_file
from core.graph.goals import goals_of
from core.graph.output import Output
from core.inspect.predict import predict
from core.project import Project
from tests.core.networks import two_heads


@pytest.fixture
def heads(tmp_path):
    """A plain network with two outputs, about which nothing was decided."""
    path = tmp_path / "heads.json"
    save_file(Project(two_heads(weight=None)), path)
    return path


def _goals(path):
    network = open_file(path).network
    return {goal.name: (goal.weight, goal.loss, goal.main) for goal in goals_of(network)}


def test_train_evaluate_and_predict_answer_with_the_main_output(command, heads, tmp_path):
    out = tmp_path / "a.gbnet"
    found = command("train", heads, "--data", "digits", "--epochs", 4, "--batch-size", 32, "--learning-rate", 0.01,
                    "--output-loss", "Aux=0.5:mean-squares", "--out", out, "--json")
    assert found.status == 0
    assert "The loss is 1 · Main + 0.5 · Aux; accuracy and test are those of Main." in found.err
    assert _goals(out) == {"Main": (1.0, "cross-entropy", True), "Aux": (0.5, "mean-squares", False)}
    measured = command("evaluate", out, "--data", "digits", "--json").json
    assert measured["accuracy"] == found.json["test_accuracy"] > 0.8
    assert measured["loss"] == pytest.approx(found.json["test_loss"])
    digits, project = load("digits"), open_file(out)
    picture = np.rint(digits.pictures("test", 0)[0] * 255).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    answer = command("predict", out, tmp_path / "a.png", "--json").json["predictions"][0]
    shares = predict(project.network, project.weights, picture[None, None].astype(np.float32) / 255)
    assert answer["probability"] == pytest.approx(float(shares.max()), abs=1e-5)


def test_another_main_output_can_be_chosen(command, heads, tmp_path):
    out = tmp_path / "a.gbnet"
    found = command("train", heads, "--data", "digits", "--epochs", 1, "--main-output", "Aux", "--output-loss",
                    "Main=0", "--out", out, "--json")
    assert found.status == 0
    assert _goals(out) == {"Aux": (1.0, "cross-entropy", True), "Main": (0.0, "cross-entropy", False)}
    assert "The loss is" not in found.err


@pytest.mark.parametrize(("options", "words"), [
    (("--main-output", "Conv"), "--main-output: there is no last layer 'Conv'; there are Main, Aux."),
    (("--output-loss", "Aux"), "must be LAYER=WEIGHT or LAYER=WEIGHT:LOSS"),
    (("--output-loss", "Aux=1:hinge"), "with one of the losses cross-entropy, sum-of-squares, mean-squares"),
    (("--output-loss", "Aux=-1"), "the weight must be a number from 0, not '-1'"),
    (("--output-loss", "Aux=much"), "the weight must be a number from 0, not 'much'"),
    (("--output-loss", "C1=1"), "there is no last layer 'C1'"),
    (("--output-loss", "Main=1:mean-squares"), "Main is the main output; its loss is chosen by --loss"),
])
def test_wrong_outputs_are_wrong_usage(command, heads, options, words):
    found = command("train", heads, "--data", "digits", *options)
    assert found.status == 2
    assert words in found.err


def test_no_weight_and_wrong_sizes_are_errors(command, heads, tmp_path):
    found = command("train", heads, "--data", "digits", "--output-loss", "Aux=0", "--output-loss", "Main=0")
    assert (found.status, "every output has the loss weight 0" in found.err) == (1, True)
    save_file(Project(two_heads(units=12)), tmp_path / "twelve.json")
    found = command("train", tmp_path / "twelve.json", "--data", "digits")
    assert found.status == 1
    assert "Aux puts out 12 numbers but the data has 10 classes: set AuxDense's units to 10" in found.err


def test_summary_marks_the_outputs(command, heads):
    assert "Main output Main (cross-entropy, weight 1); auxiliary output Aux (cross-entropy, weight 0.3)" in command(
        "summary", heads).out
    assert command("summary", heads, "--json").json["outputs"] == [
        {"name": "Main", "role": "main", "weight": 1.0, "loss": "cross-entropy"},
        {"name": "Aux", "role": "auxiliary", "weight": 0.3, "loss": "cross-entropy"}]
    assert "output Softmax (" not in command("summary", "mlp").out
    assert "outputs" not in command("summary", "mlp", "--json").json


def test_run_asks_which_output_unless_one_is_marked(command, heads, tmp_path):
    x, y = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(x, np.zeros((2, 1, 8, 8), np.float32))
    found = command("run", heads, "--input", x, "--output", y)
    assert (found.status, "name the one you mean with --layer" in found.err) == (1, True)
    for layer, width in (("Aux", 10), ("AuxDense", 10), ("Main", 10)):
        assert command("run", heads, "--input", x, "--output", y, "--layer", layer).status == 0
        assert np.load(y).shape == (2, width)
    network = two_heads()
    save_file(Project(network.decide(network.names["Main"], Output("main", 1.0))), heads)
    assert command("run", heads, "--input", x, "--output", y).out.startswith("Main:")


def test_gradients_and_verify_take_all_outputs(command, heads, tmp_path):
    x, t, g = tmp_path / "x.npy", tmp_path / "t.npy", tmp_path / "g.npz"
    np.save(x, np.random.default_rng(0).random((3, 1, 8, 8)))
    np.save(t, np.arange(3))
    found = command("gradients", heads, "--input", x, "--target", t, "--output", g, "--json").json
    arrays = np.load(g)
    assert {"AuxDense.weight", "Dense.weight", "C1.weight"} <= set(arrays.files)
    assert arrays["AuxDense.weight"].any()
    assert found["loss"] == pytest.approx(float(arrays["loss"]))
    checked = command("verify", heads, "--json")
    assert checked.status == 0
    assert {"AuxDense", "Dense"} <= {layer["layer"] for layer in checked.json["layers"]}


def test_export_keeps_auxiliary_outputs_out_and_says_so(command, tmp_path):
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    net, out = tmp_path / "net.json", tmp_path / "net.onnx"
    save_file(Project(two_heads()), net)
    found = command("export", net, "--to", "onnx", "--out", out, "--json")
    assert found.status == 0
    assert found.json["max_difference"] < 1e-5
    assert "Aux stays out: auxiliary outputs only help the training." in found.err
    assert [output.name for output in onnx.load(out).graph.output] == ["Main"]


def test_check_tells_of_outputs_that_differ(command, tmp_path):
    net = tmp_path / "net.json"
    save_file(Project(two_heads(units=12)), net)
    (problem,) = json.loads(command("check", net, "--json").out)["problems"]
    assert (problem["severity"], problem["layer"], problem["code"]) == ("warning", "Aux", "several-ends")

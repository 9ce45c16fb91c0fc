"""`predict`: the classes of picture files."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.data.load import load
from core.data.pictures import fit_dataset
from core.formats import open_file, save_file
from core.graph.model import Model
from core.graph.network import Edge
from core.project import Project
from tests.core.networks import small_cnn


def test_predict(command, trained, tmp_path):
    dataset = load("digits28")
    files = []
    for index in range(6):
        pixels = np.rint(dataset.pictures("test", index)[0] * 255).astype(np.uint8)
        files.append(tmp_path / f"{dataset.test_y[index]} {index}.png")
        Image.fromarray(pixels).save(files[-1])
    found = command("predict", trained, *files, "--json")
    assert found.status == 0
    each = found.json["predictions"]
    assert [one["file"] for one in each] == [str(file) for file in files]
    assert sum(one["class"] == file.name[0] for one, file in zip(each, files, strict=True)) >= 5
    assert list(each[0]) == ["file", "class", "probability", "top"]
    assert each[0]["top"][0] == [each[0]["class"], each[0]["probability"]]
    assert each[0]["probability"] >= each[0]["top"][1][1]
    # What the command says of a picture is what the network says of the data set's picture.
    fitted = fit_dataset(dataset, (1, 32, 32))
    project = open_file(trained)
    expected = Model(project.network, project.weights).outputs(fitted.pictures("test", [0]), ["Softmax"])["Softmax"]
    assert abs(expected.max() - each[0]["probability"]) < 0.01
    assert found.err.count("padded") == 1
    assert "Probability" in command("predict", trained, files[0]).out


def test_predict_refuses_what_is_no_picture(command, trained, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n")
    assert command("predict", trained, tmp_path / "a.png").status == 3
    assert command("predict", trained, tmp_path / "missing.png").status == 3
    assert command("predict", trained).status == 2


def test_predict_takes_any_number_of_pictures(command, batch, tmp_path):
    for shade in range(70):
        Image.new("L", (8, 8), shade * 3).save(tmp_path / f"{shade:02}.png")
    files = sorted(tmp_path.glob("*.png"))
    found = command("predict", batch / "net.json", *files, "--json").json["predictions"]
    assert [one["file"] for one in found] == [str(file) for file in files]
    alone = command("predict", batch / "net.json", files[69], "--json").json["predictions"][0]
    assert alone["class"] == found[69]["class"]
    assert abs(alone["probability"] - found[69]["probability"]) < 1e-6


def test_predict_normalises_as_the_training_did(command, batch, tmp_path):
    out = tmp_path / "a.gbnet"
    command("train", batch / "net.json", "--data", "digits", "--epochs", 1, "--normalise", "--out", out)
    digits = load("digits")
    Image.fromarray(np.rint(digits.pictures("test", 0)[0] * 255).astype(np.uint8)).save(tmp_path / "a.png")
    found = command("predict", out, tmp_path / "a.png", "--json").json["predictions"][0]
    project = open_file(out)
    x = (digits.pictures("test", [0]) - project.progress["mean"][0]) / project.progress["spread"][0]
    expected = Model(project.network, project.weights).outputs(x, ["Softmax"])["Softmax"][0]
    assert abs(expected.max() - found["probability"]) < 0.01


@pytest.mark.parametrize("verb", [
    ("predict",), ("evaluate", "--data", "digits"), ("train", "--data", "digits"),
    ("gradients", "--input", "x.npy", "--target", "t.npy", "--output", "g.npz"),
])
def test_one_input_and_ends_that_are_alike_are_needed(command, tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (8, 8)).save("a.png")
    np.save("x.npy", np.zeros((1, 1, 8, 8)))
    np.save("t.npy", np.zeros(1, np.int64))
    network = small_cnn()
    second = network.new_node("Input", shape=[1, 8, 8])
    merge = network.new_node("Add")
    last = network.names["P1"]
    both = network.add(second).add(replace(merge, id="m")).disconnect(*network.outgoing[network.names["C1"]])
    both = both.connect(Edge(network.names["C1"], "m", 0)).connect(Edge(network.names["C1"], "m", 1))
    both = both.connect(Edge("m", network.names["R1"]))
    ends = network.add(replace(network.new_node("Tanh"), id="t")).connect(Edge(last, "t"))
    loose = "The auxiliary output Tanh puts out 8×3×3, but one number for each of the 10 classes is needed"
    for name, drawn, words in (("two", both, "one Input, but there are 2: Input, Input_2"),
                               ("ends", ends, loose if verb[0] in ("train", "gradients") else "")):
        save_file(Project(drawn), f"{name}.json")
        found = command(verb[0], f"{name}.json", *(["a.png"] if verb == ("predict",) else verb[1:]))
        assert found.status == (1 if words else 0)
        assert words in found.err, found.err

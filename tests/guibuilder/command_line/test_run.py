"""`run`: a layer's own output for arrays as they are."""

import numpy as np
import pytest

from core.formats import save_file
from core.graph.model import Model
from core.graph.network import Edge
from core.project import Project, complete_weights
from core.templates import template
from tests.core.networks import every_layer, small_cnn


def test_run_gives_the_layers_own_output(command, batch, tmp_path):
    net, x = batch / "net.json", np.load(batch / "x.npy")
    weights = complete_weights(Project(small_cnn()))
    expected = Model(small_cnn(), weights).outputs(x)
    for layer in (None, "C1", "F1", "Softmax"):
        found = command("run", net, "--input", batch / "x.npy", "--output", tmp_path / "y.npy", "--json",
                        *(["--layer", layer] if layer else []))
        y = np.load(tmp_path / "y.npy")
        assert found.json["output_shape"] == list(y.shape[1:])
        assert found.json["seconds"] > 0
        wanted = expected[layer or "Softmax"]
        assert np.abs(y - wanted).max() <= 1e-5 * np.abs(wanted).max()
    assert "70 pictures, 10 each" in command("run", net, "--input", batch / "x.npy", "--output",
                                             tmp_path / "y.npy").out


def test_run_in_training_mode_uses_the_batch_and_the_seed(command, tmp_path):
    save_file(Project(every_layer()), tmp_path / "net.json")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((70, 2, 9, 9)))
    arguments = ("run", tmp_path / "net.json", "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")

    def output(*more):
        assert command(*arguments, *more).status == 0
        return np.load(tmp_path / "y.npy")

    normal = output("--layer", "B1", "--mode", "training")
    assert np.abs(normal.mean(axis=(0, 2, 3))).max() < 1e-4
    assert np.abs(output("--layer", "B1").mean(axis=(0, 2, 3))).max() > 1e-2
    dropped = output("--layer", "Drop", "--mode", "training", "--seed", 3)
    assert 0.1 < (dropped == 0).mean() < 0.6
    assert np.array_equal(dropped, output("--layer", "Drop", "--mode", "training", "--seed", 3))


@pytest.mark.parametrize(("more", "status", "words"), [
    (["--layer", "Z"], 1, "no layer 'Z'"), (["--input", "missing.npy"], 3, "cannot be read"),
    (["--output", "missing/y.npy"], 3, "no folder"), (["--mode", "fast"], 2, "invalid choice"),
])
def test_what_cannot_be_run(command, batch, tmp_path, monkeypatch, more, status, words):
    monkeypatch.chdir(tmp_path)
    found = command("run", batch / "net.json", "--input", batch / "x.npy", "--output", "y.npy", *more)
    assert (found.status, words in found.err) == (status, True)


def test_several_ends_need_a_name(command, tmp_path):
    network = small_cnn()
    extra = network.new_node("Tanh")
    network = network.add(extra).connect(Edge(network.names["P1"], extra.id))
    save_file(Project(network), tmp_path / "net.json")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((3, 1, 8, 8)))
    arguments = ("run", tmp_path / "net.json", "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert "--layer" in command(*arguments).err
    weights = complete_weights(Project(network))
    for name in ("Tanh", "Softmax", "C1"):
        assert command(*arguments, "--layer", name).status == 0
        expected = Model(network, weights).outputs(np.load(tmp_path / "x.npy"), [name])[name]
        assert np.abs(np.load(tmp_path / "y.npy") - expected).max() < 1e-5


def test_an_untrained_template_says_so_and_is_the_same_for_every_command(command, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1, 1, 28, 28)))
    found = command("run", "mlp", "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", "--seed", 3)
    assert "not trained; its weights are drawn from seed 3" in found.err
    command("export", "mlp", "--to", "npz", "--out", tmp_path / "w.npz", "--seed", 3)
    with np.load(tmp_path / "w.npz") as arrays:
        weights = {name: arrays[name] for name in arrays}
    expected = Model(template("mlp").network, weights).outputs(np.zeros((1, 1, 28, 28)), ["Softmax"])["Softmax"]
    assert np.abs(np.load(tmp_path / "y.npy") - expected).max() < 1e-6


def test_a_network_without_weights_is_not_called_untrained(command, batch, tmp_path):
    network = small_cnn()
    alone = network.remove(*(key for key, node in network.nodes.items() if node.type != "Input"))
    save_file(Project(alone), tmp_path / "net.json")
    found = command("run", tmp_path / "net.json", "--input", batch / "x.npy", "--output", tmp_path / "y.npy")
    assert (found.status, found.err) == (0, "")
    assert np.array_equal(np.load(tmp_path / "y.npy"), np.load(batch / "x.npy"))

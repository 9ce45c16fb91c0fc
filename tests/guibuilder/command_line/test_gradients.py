"""`gradients`: exact ones, and targets of both kinds."""

import numpy as np
import pytest

from core.graph.model import Model
from core.project import Project, complete_weights
from tests.core.networks import small_cnn


def test_gradients_are_exact(command, batch, tmp_path):
    g, x, t = tmp_path / "g.npz", np.load(batch / "x.npy"), np.load(batch / "t.npy")
    found = command("gradients", batch / "net.json", "--input", batch / "x.npy", "--target", batch / "t.npy",
                    "--output", g, "--json")
    with np.load(g) as arrays:
        gradients = {name: arrays[name] for name in arrays}
    assert set(found.json["arrays"]) == set(gradients)
    assert set(gradients) == {"loss", "input", "C1.weight", "C1.bias", "F1.weight", "F1.bias"}
    assert found.json["loss"] == float(gradients["loss"])
    assert gradients["input"].shape == x.shape
    weights = {name: array.astype(np.float64) for name, array in complete_weights(Project(small_cnn())).items()}

    def loss():
        scores = Model(small_cnn(), weights).outputs(x, ["F1"])["F1"]
        shifted = scores - scores.max(axis=1, keepdims=True)
        return -(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))[np.arange(70), t].mean()

    assert abs(loss() - found.json["loss"]) < 1e-9
    for name in ("F1.bias", "C1.bias"):
        weights[name][3] += 1e-5
        higher = loss()
        weights[name][3] -= 2e-5
        assert abs((higher - loss()) / 2e-5 - gradients[name][3]) < 1e-6
        weights[name][3] += 1e-5


def test_gradients_of_wanted_outputs(command, batch, tmp_path):
    np.save(tmp_path / "t.npy", np.full((70, 10), 0.1))
    found = command("gradients", batch / "net.json", "--input", batch / "x.npy", "--target", tmp_path / "t.npy",
                    "--output", tmp_path / "g.npz", "--loss", "sum-of-squares", "--json")
    assert 0 < found.json["loss"] < 1
    assert "Loss 0." in command("gradients", batch / "net.json", "--input", batch / "x.npy", "--target",
                                tmp_path / "t.npy", "--output", tmp_path / "g.npz", "--loss", "mean-squares").out


@pytest.mark.parametrize(("target", "words"), [
    (np.zeros(69, np.int64), "70 class numbers"), (np.full(70, 10), "class 10"), (np.full(70, -1), "class -1"),
    (np.zeros((70, 9)), "70×10"), (np.zeros(70), "70 class numbers"),
])
def test_targets_that_do_not_fit_are_named(command, batch, tmp_path, target, words):
    np.save(tmp_path / "t.npy", target)
    found = command("gradients", batch / "net.json", "--input", batch / "x.npy", "--target", tmp_path / "t.npy",
                    "--output", tmp_path / "g.npz")
    assert (found.status, words in found.err) == (1, True), found.err


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_gradients_of_what_is_no_number_are_refused(command, batch, tmp_path, value):
    x = np.load(batch / "x.npy").astype(np.float64)
    x[3, 0, 2, 2] = value
    np.save(tmp_path / "x.npy", x)
    found = command("gradients", batch / "net.json", "--input", tmp_path / "x.npy", "--target", batch / "t.npy",
                    "--output", tmp_path / "g.npz", "--json")
    assert (found.status, found.out, "no finite number" in found.err) == (1, "", True)
    assert not (tmp_path / "g.npz").exists()


def test_targets_may_be_ones_and_zeros(command, batch, tmp_path):
    np.save(tmp_path / "t.npy", np.eye(10, dtype=np.int64)[np.load(batch / "t.npy")])
    arguments = ("gradients", batch / "net.json", "--input", batch / "x.npy", "--output", tmp_path / "g.npz", "--json")
    losses = [command(*arguments, "--target", target).json["loss"] for target in (batch / "t.npy", tmp_path / "t.npy")]
    assert abs(losses[0] - losses[1]) < 1e-12

"""`evaluate`: figures of the test part, cut as the training cut it."""

from dataclasses import replace

import numpy as np

from core.data.load import load
from core.formats import open_file, save_file
from core.project import Project
from tests.core.networks import small_cnn


def test_evaluate(command, trained):
    found = command("evaluate", trained, "--data", "digits28", "--json")
    assert list(found.json) == ["loss", "accuracy", "confusion", "classes"]
    counts = np.array(found.json["confusion"])
    assert (counts.shape, counts.sum()) == ((10, 10), 360)
    assert np.trace(counts) / 360 == found.json["accuracy"]
    assert found.json["accuracy"] > 0.85
    assert "padded" in found.err
    table = command("evaluate", trained, "--data", "digits28")
    assert f"{found.json['accuracy']:.2%}"[:-1] in table.out
    assert "not trained" in command("evaluate", "lenet5", "--data", "digits28").err


def test_evaluate_needs_data_that_fits(command, trained):
    assert command("evaluate", trained).status == 2
    assert command("evaluate", trained, "--data", "nothing").status == 3
    assert command("evaluate", trained, "--data", "shapes:classes=2").status in (1, 2, 3)


def test_evaluate_cuts_the_data_as_the_training_did(command, batch, tmp_path):
    """Without a test part the seed decides what is held out; the project's own must be used, or it has seen it all."""
    digits = load("digits")
    np.savez(tmp_path / "own.npz", x_train=digits.train_x[:300, 0], y_train=digits.train_y[:300])
    out = tmp_path / "a.gbnet"
    trained = command("train", batch / "net.json", "--data", tmp_path / "own.npz", "--epochs", 2, "--seed", 7, "--out",
                      out, "--json").json
    same = command("evaluate", out, "--data", tmp_path / "own.npz", "--json")
    assert same.json["accuracy"] == trained["test_accuracy"]
    assert "(seed 7)" in same.err
    other = command("evaluate", out, "--data", tmp_path / "own.npz", "--seed", 8, "--json")
    assert "(seed 8)" in other.err
    assert other.json["confusion"] != same.json["confusion"]


def test_evaluate_on_other_classes_says_so(command, trained):
    found = command("evaluate", trained, "--data", "shapes")
    assert (found.status, "trained on other classes (0, 1, 2, 3, 4 …)" in found.err) == (0, True)
    assert "triangle" in found.out


def test_many_classes_are_shown_as_what_is_confused_most(command, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "many.npz", x_train=rng.random((60, 8, 8)), y_train=np.arange(60) % 30,
             x_test=rng.random((60, 8, 8)), y_test=np.arange(60) % 30)
    save_file(Project(small_cnn(classes=30)), tmp_path / "net.json")
    found = command("evaluate", tmp_path / "net.json", "--data", tmp_path / "many.npz")
    rows = found.out.splitlines()
    start = next(number for number, row in enumerate(rows) if row.split() == ["True", "class", "Taken", "for",
                                                                              "Pictures"])
    counts = [int(row.split()[-1]) for row in rows[start + 2:]]
    assert 1 <= len(counts) <= 10
    assert counts == sorted(counts, reverse=True)


def test_layers_that_changed_since_the_training_are_named(command, trained, tmp_path):
    project = open_file(trained)
    changed = project.network.change(project.network.names["F6"], units=60)
    save_file(replace(project, network=changed), tmp_path / "a.gbnet")
    found = command("evaluate", tmp_path / "a.gbnet", "--data", "digits28")
    assert "F6, F7 changed since the training; what is new is drawn from seed 0." in found.err

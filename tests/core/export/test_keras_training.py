"""The exported Keras folder trains in a process of its own as the program itself does."""

import csv
import importlib.util
import json
from dataclasses import replace

import numpy as np
import pytest

from core.data.load import load
from core.formats import save_file
from core.graph.network import Network, Node
from core.layers.input import Input
from core.project import DataChoice, Project
from core.train.events import EpochDone
from core.train.fit import fit
from core.train.job import Job
from core.train.options import OPTIMIZERS, TrainOptions
from tests.core.export.running import run_child
from tests.core.networks import small_cnn, two_heads

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("keras") or not importlib.util.find_spec("torch"),
                                reason="needs keras and torch")
_TRAIN = """
import json, runpy, sys
from pathlib import Path
for folder in sorted(each for each in Path(sys.argv[1]).iterdir() if each.is_dir()):
    sys.path.insert(0, str(folder))
    sys.modules.pop("model", None)
    sys.argv = ["train.py"]
    runpy.run_path(str(folder / "train.py"), run_name="__main__")
    sys.path.pop(0)
"""


def _history(folder):
    with (folder / "history.csv").open() as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def test_the_same_losses_as_here_with_every_optimizer_and_loss(tmp_path):
    load("digits")
    options = [TrainOptions(epochs=2, optimizer=name, learning_rate=0.002, weight_decay=0.01, clip=1.0)
               for name in OPTIMIZERS]
    options += [TrainOptions(epochs=2, loss="mean-squares", schedule="cosine"),
                TrainOptions(epochs=2, loss="sum-of-squares", schedule="step", schedule_every=1, validation=0.0),
                TrainOptions(epochs=2, schedule="linear", batch_size=500, seed=3)]
    projects = [Project(small_cnn(), data=DataChoice("digits"), options=each) for each in options]
    projects.append(Project(two_heads(loss="mean-squares"), data=DataChoice("digits"), options=TrainOptions(epochs=2)))
    for number, project in enumerate(projects):
        save_file(project, tmp_path / f"{number:02}", "keras")
    run_child(_TRAIN, tmp_path, KERAS_BACKEND="torch")
    for number, project in enumerate(projects):
        ours = [event for event in fit(Job(project, threads=1)) if isinstance(event, EpochDone)]
        theirs = _history(tmp_path / f"{number:02}")
        assert [row["epoch"] for row in theirs] == [1, 2]
        for row, event in zip(theirs, ours, strict=True):
            assert row["train_loss"] == pytest.approx(event.train_loss, rel=0.01), project.options
            assert row["train_accuracy"] == pytest.approx(event.train_accuracy, abs=0.012)
            assert ("validation_loss" in row) == (event.validation_loss is not None)
            if event.validation_loss is not None:
                assert row["validation_loss"] == pytest.approx(event.validation_loss, rel=0.02)


def test_augmented_pictures_plateau_and_an_early_end(tmp_path):
    data = DataChoice("digits", translate=True, reflect=True, crop=True)
    options = TrainOptions(epochs=4, learning_rate=1e-9, schedule="plateau", schedule_patience=1, patience=2)
    save_file(Project(small_cnn(), data=data, options=options), tmp_path / "a", "keras")
    before = dict(np.load(tmp_path / "a" / "weights.npz"))
    said = run_child(_TRAIN, tmp_path, KERAS_BACKEND="torch")
    assert "test accuracy" in said
    after = dict(np.load(tmp_path / "a" / "weights.npz"))
    assert before.keys() == after.keys()
    assert all(np.allclose(before[name], after[name], atol=1e-4) for name in before)


def test_what_lies_in_the_folder(tmp_path):
    project = Project(small_cnn(), data=DataChoice("digits"), classes=tuple("0123456789"))
    save_file(project, tmp_path / "a", "keras")
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"model.py", "weights.npz", "train.py", "config.json", "README.md", "data.npz"}
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    assert config["outputs"] == [{"layer": "F1", "loss": "cross-entropy", "weight": 1.0}]
    with np.load(tmp_path / "a" / "data.npz") as found:
        assert found["x_train"].shape == (1437, 1, 8, 8)
    save_file(replace(project, data=DataChoice("/nowhere")), tmp_path / "b", "keras")
    assert "--data" in (tmp_path / "b" / "README.md").read_text("utf-8")
    assert not (tmp_path / "b" / "data.npz").exists()
    save_file(Project(Network().add(Node("a", Input(), "In"))), tmp_path / "c", "keras")
    assert {path.name for path in (tmp_path / "c").iterdir()} == {"model.py", "weights.npz", "README.md"}


_STOPPED = """
import runpy, sys
from pathlib import Path
import keras
sys.path.insert(0, sys.argv[1])
folder, sys.argv = Path(sys.argv[1]), ["train.py"]
class Press(keras.callbacks.ReduceLROnPlateau):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

keras.callbacks.ReduceLROnPlateau = Press
runpy.run_path(str(folder / "train.py"), run_name="__main__")
"""


def test_ctrl_c_keeps_what_was_learned(tmp_path):
    options = TrainOptions(epochs=9, schedule="plateau")
    save_file(Project(small_cnn(), data=DataChoice("digits"), options=options), tmp_path / "a", "keras")
    before = dict(np.load(tmp_path / "a" / "weights.npz"))
    said = run_child(_STOPPED, tmp_path / "a", KERAS_BACKEND="torch")
    assert "Stopped; what was learned so far is kept." in said
    assert len(_history(tmp_path / "a")) == 2
    after = dict(np.load(tmp_path / "a" / "weights.npz"))
    assert any(np.abs(before[name] - after[name]).max() > 1e-3 for name in before)

"""`train.py`: trains as the program does, on one process and on two, and its weights come back."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.load import load
from core.data.pictures import fit_dataset
from core.formats.weights_into import weights_into
from core.graph.goals import goals_of
from core.inspect.mistakes import How, measure
from core.project import DataChoice, Project, complete_weights
from core.templates import template
from core.train.events import EpochDone, Finished
from core.train.fit import fit
from core.train.job import Job, normalisation
from core.train.options import TrainOptions
from tests.core.export.pytorch.programs import opened, run, with_options, written
from tests.core.networks import Drawing, small_cnn, two_heads

torch = pytest.importorskip("torch", reason="PyTorch is what the program is for")
WHOLE = TrainOptions(mode="batch", epochs=4, validation=0.1, learning_rate=0.05, optimizer="momentum")


def trained_here(project):
    """What the program's own training tells: its epochs and its end."""
    events = list(fit(Job(project, threads=1)))
    assert isinstance(events[-1], Finished)
    return [event for event in events if isinstance(event, EpochDone)], events[-1]


@pytest.mark.parametrize("changes", [
    {"schedule": "cosine"}, {"optimizer": "sgd", "weight_decay": 0.01, "clip": 0.05, "schedule": "linear"},
    {"optimizer": "nesterov", "loss": "mean-squares", "schedule": "exponential"},
    {"optimizer": "adam", "learning_rate": 0.01, "schedule": "step", "schedule_every": 1, "weight_decay": 0.01},
    {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.1, "schedule": "step"},
    {"optimizer": "rmsprop", "learning_rate": 0.001, "loss": "sum-of-squares"},
    {"optimizer": "adagrad", "learning_rate": 0.01, "schedule": "plateau", "schedule_patience": 1},
], ids=str)
def test_all_pictures_at_once_train_to_the_same_losses(tmp_path, monkeypatch, changes):
    project = Project(small_cnn(), data=DataChoice("digits", normalise="clip" in changes),
                      options=replace(WHOLE, **changes))
    epochs, end = trained_here(project)
    folder = written(project, tmp_path / "n")
    monkeypatch.setattr("sys.argv", ["train.py", "--threads", "1"])
    with opened(folder) as program:
        program.main()
        metrics = program.json.loads((folder / "metrics.json").read_text())
    for here, there in zip(epochs, metrics["epochs"], strict=True):
        assert there["train_loss"] == pytest.approx(here.train_loss, rel=2e-4)
        assert there["validation_loss"] == pytest.approx(here.validation_loss, rel=2e-4)
        assert there["train_accuracy"] == pytest.approx(here.train_accuracy, abs=0.003)
    assert metrics["test_loss"] == pytest.approx(end.test_loss, rel=2e-4)
    back, problems = weights_into(project, folder / "weights.safetensors")
    assert not problems
    for name, array in end.weights.items():
        assert np.abs(back.weights[name] - array).max() <= 2e-3 * max(1.0, np.abs(array).max())


def test_auxiliary_outputs_count_as_they_do_here(tmp_path, monkeypatch):
    project = Project(two_heads(weight=0.4, loss="mean-squares"), data=DataChoice("digits"),
                      options=replace(WHOLE, epochs=2, validation=0.0))
    # All pictures at a time go through batch normalisation here in pieces of their own.
    folder = written(project, tmp_path / "n")
    with_options(folder, epochs=1, mode="mini-batch", batch_size=1437)
    project = replace(project, options=replace(project.options, epochs=1, mode="mini-batch", batch_size=1437))
    epochs, _ = trained_here(project)
    monkeypatch.setattr("sys.argv", ["train.py", "--threads", "1"])
    with opened(folder) as program:
        program.main()
        metrics = program.json.loads((folder / "metrics.json").read_text())
    assert metrics["epochs"][0]["train_loss"] == pytest.approx(epochs[0].train_loss, rel=2e-4)
    assert [goal.weight for goal in goals_of(project.network)] == [1.0, 0.4]


def test_two_processes_train_and_the_weights_open_again(tmp_path):
    project = replace(template("lenet5"), data=DataChoice("digits28"))
    folder = written(project, tmp_path / "lenet")
    metrics = run(folder, "--epochs", 2, processes=2)
    assert metrics["said"].count("test accuracy") == 2
    assert metrics["test_accuracy"] > 0.8
    back, problems = weights_into(project, folder / "weights.safetensors")
    assert not problems
    dataset = fit_dataset(load("digits28"), (1, 32, 32))
    how = How("cross-entropy", normalisation(back, dataset), 1)
    found = measure(back.network, complete_weights(back), dataset, how)
    assert found.accuracy == pytest.approx(metrics["test_accuracy"], abs=1e-3)
    assert found.loss == pytest.approx(metrics["test_loss"], rel=1e-3)


def test_small_steps_and_augmented_pictures(tmp_path):
    data = DataChoice("shapes:size=16,colour=yes,train=200,test=60", normalise=True, translate=True, reflect=True,
                      crop=True, rgb_pca=True)
    network = small_cnn((3, 16, 16), 10)
    project = Project(network, data=data, options=TrainOptions(epochs=1, batch_size=32))
    metrics = run(written(project, tmp_path / "n"), "--threads", 1, "--fresh")
    assert len(metrics["mean"]) == 3
    assert 0 < metrics["epochs"][0]["train_loss"] < 4


def _ending_in_a_normalised_vector():
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "F").add("Dense", "D", units=10)
    return drawing.add("BatchNorm", "B").network


def test_a_last_batch_of_one_picture_is_left_out(tmp_path, monkeypatch):
    options = TrainOptions(epochs=1, batch_size=718, validation=0)
    project = Project(_ending_in_a_normalised_vector(), data=DataChoice("digits"), options=options)
    # 1,437 pictures are two batches and one picture more.
    monkeypatch.setattr("sys.argv", ["train.py", "--threads", "1"])
    folder = written(project, tmp_path / "n")
    with opened(folder) as program:
        program.main()
        metrics = program.json.loads((folder / "metrics.json").read_text())
    assert 0 < metrics["epochs"][0]["train_loss"] < 5


def test_what_augmentation_does(tmp_path):
    data = DataChoice("shapes:size=16,colour=yes,train=40,test=20", translate=True, reflect=True)
    project = Project(small_cnn((3, 16, 16), 10), data=data)
    with opened(written(project, tmp_path / "n")) as program:
        x = torch.arange(1.0, 257.0).reshape(1, 1, 16, 16).expand(500, 3, 16, 16)
        made = program.Augment(x, 1.0)(x)
        assert made.shape == x.shape
        columns = {int(each) for each in (made[:, 0].flatten(1).argmax(1) % 16)}
        # The brightest pixel is the last; shifted by at most 2 it stays in the corner it is mirrored to.
        assert columns <= {0, 1, 2, 13, 14, 15}
        assert {13, 15, 0, 2} <= columns
        assert torch.isin(made, torch.cat([x.unique(), torch.zeros(1)])).all()
        program.DATA["augment"] |= {"translate": False, "reflect": False, "crop": True, "rgb_pca": True}
        cropped = program.Augment(x / 256, 1.0)(x / 256)
        assert cropped.shape == x.shape
        assert 0.5 < cropped.mean() / (x / 256).mean() < 1.5


def test_ctrl_c_keeps_the_last_whole_epoch(tmp_path, monkeypatch, capsys):
    project = Project(small_cnn(), data=DataChoice("digits"), options=TrainOptions(epochs=9))
    folder = written(project, tmp_path / "n")
    monkeypatch.setattr("sys.argv", ["train.py", "--threads", "1"])
    with opened(folder) as program:
        step, epochs = program.train_epoch, []

        def press(*arguments):
            epochs.append(1)
            if len(epochs) == 3:
                raise KeyboardInterrupt
            return step(*arguments)

        monkeypatch.setattr(program, "train_epoch", press)
        with pytest.raises(SystemExit) as ended:
            program.main()
        metrics = program.json.loads((folder / "metrics.json").read_text())
    assert ended.value.code == 130
    assert "last whole epoch are kept" in capsys.readouterr().out
    assert len(metrics["epochs"]) == 2
    assert not list(folder.glob("*.part"))
    assert weights_into(project, folder / "weights.safetensors")[1] == []

"""`train.py --resume` goes on to the same weights as without a pause, and early stopping writes the best ones."""

from dataclasses import replace

import pytest

from core.formats.weights_into import weights_into
from core.project import DataChoice, Project
from core.train.options import TrainOptions
from tests.core.export.pytorch.programs import opened, run, with_options, written
from tests.core.networks import Drawing, small_cnn

torch = pytest.importorskip("torch", reason="PyTorch is what the program is for")
OPTIONS = TrainOptions(epochs=4, batch_size=128, learning_rate=0.01)


def train(folder, monkeypatch, *arguments, stop_in=0):
    """Run train.py in this process, with Ctrl+C in an epoch where asked for; gives its metrics."""
    monkeypatch.setattr("sys.argv", ["train.py", "--threads", "1", *arguments])
    with opened(folder) as program:
        step, begun = program.train_epoch, []

        def press(*arguments):
            begun.append(1)
            if len(begun) == stop_in:
                raise KeyboardInterrupt
            return step(*arguments)

        program.train_epoch = press
        if stop_in:
            with pytest.raises(SystemExit):
                program.main()
        else:
            program.main()
        return program.json.loads((folder / "metrics.json").read_text())


def numbers(metrics):
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in metrics["epochs"]]


@pytest.mark.parametrize("changes", [{"schedule": "cosine", "optimizer": "adam"},
                                     {"schedule": "plateau", "schedule_patience": 1, "optimizer": "momentum"}], ids=str)
def test_behind_a_pause_it_ends_with_the_same_weights(tmp_path, monkeypatch, changes):
    data = DataChoice("digits", translate=True)
    project = Project(small_cnn(), data=data, options=replace(OPTIONS, **changes))
    straight, paused = (written(project, tmp_path / name) for name in ("straight", "paused"))
    expected = train(straight, monkeypatch)
    assert len(train(paused, monkeypatch, stop_in=3)["epochs"]) == 2
    found = train(paused, monkeypatch, "--resume")
    assert numbers(found) == numbers(expected)
    assert found["test_loss"] == expected["test_loss"]
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (straight, paused)]
    assert weights[0] == weights[1]
    assert not list(paused.glob("*.part"))


def test_several_processes_go_on_together(tmp_path):
    project = Project(small_cnn(), data=DataChoice("digits"), options=replace(OPTIONS, optimizer="adam"))
    folder = written(project, tmp_path / "n")
    assert len(run(folder, "--epochs", 1, processes=2)["epochs"]) == 1
    metrics = run(folder, "--epochs", 2, "--resume", processes=2)
    assert [epoch["epoch"] for epoch in metrics["epochs"]] == [1, 2]
    assert metrics["said"].count("test accuracy") == 1
    assert metrics["epochs"][1]["train_loss"] < metrics["epochs"][0]["train_loss"]
    steps = torch.load(folder / "checkpoint.pt", weights_only=True)["optimizer"]["state"][0]["step"]
    assert steps == 2 * -(-1293 // 128), "the optimizer went on counting"


def test_what_cannot_go_on_says_why(tmp_path, monkeypatch):
    folder = written(Project(small_cnn(), data=DataChoice("digits"), options=OPTIONS), tmp_path / "n")
    with pytest.raises(SystemExit, match=r"There is no .*checkpoint.pt to go on from"):
        train(folder, monkeypatch, "--resume")
    train(folder, monkeypatch, "--epochs", "1")
    with pytest.raises(SystemExit, match="All 1 epochs are done"):
        train(folder, monkeypatch, "--resume", "--epochs", "1")
    with_options(folder, optimizer="sgd")
    with pytest.raises(SystemExit, match="another optimizer or schedule"):
        train(folder, monkeypatch, "--resume")
    with_options(folder, optimizer=OPTIONS.optimizer)
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flatten").add("Dense", "D", units=10)
    other = written(Project(drawing.network, data=DataChoice("digits"), options=OPTIONS), tmp_path / "other")
    (other / "checkpoint.pt").write_bytes((folder / "checkpoint.pt").read_bytes())
    with pytest.raises(SystemExit, match="belongs to another network"):
        train(other, monkeypatch, "--resume")


class _Evil:
    def __reduce__(self):
        return exec, ("raise AssertionError('code of a checkpoint was run')",)


@pytest.mark.parametrize("content", [b"", b"garbage", None], ids=["empty", "garbage", "code"])
def test_a_strange_checkpoint_runs_no_code(tmp_path, monkeypatch, content):
    folder = written(Project(small_cnn(), data=DataChoice("digits"), options=OPTIONS), tmp_path / "n")
    if content is None:
        torch.save({"made": _Evil()}, folder / "checkpoint.pt")
    else:
        (folder / "checkpoint.pt").write_bytes(content)
    with pytest.raises(SystemExit, match="is damaged"):
        train(folder, monkeypatch, "--resume")


def test_early_stopping_writes_the_weights_of_the_best_epoch(tmp_path, monkeypatch):
    options = replace(OPTIONS, epochs=60, learning_rate=0.08, optimizer="adam", patience=2)
    project = Project(small_cnn(), data=DataChoice("digits"), options=options)
    folder, short = (written(project, tmp_path / name) for name in ("n", "short"))
    found = train(folder, monkeypatch)
    best = min(found["epochs"], key=lambda epoch: epoch["validation_loss"])["epoch"]
    assert (found["best_epoch"], len(found["epochs"])) == (best, best + 2)
    with_options(short, patience=0)
    expected = train(short, monkeypatch, "--epochs", str(best))
    assert "best_epoch" not in expected
    assert found["test_loss"] == expected["test_loss"]
    assert (folder / "weights.safetensors").read_bytes() == (short / "weights.safetensors").read_bytes()
    assert weights_into(project, folder / "weights.safetensors")[1] == []
    again = train(folder, monkeypatch, "--resume")
    assert (numbers(again), again["best_epoch"]) == (numbers(found), best), "what ended early has ended"

"""`train`: the keys, the same numbers twice, going on, stopping, failing."""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data.load import load
from core.errors import FileError
from core.formats import open_file, save_file
from core.formats.history_csv import history_from_text
from core.project import Project, complete_weights
from core.templates import template
from core.train import memory
from core.train.options import TrainOptions
from guibuilder.command_line import train, training
from tests.core.networks import small_cnn

TRAIN = ("train", "mlp", "--data", "digits28")
ROOT = Path(__file__).parents[3]
# The command with its process gone in the third epoch, and a save after every one.
_CUT = """
import os, sys
from guibuilder.command_line import main, training
advance = training.Run._advance
training._SAVE_EVERY = 0.0
training.Run._advance = lambda run, event: os._exit(9) if event.epoch == 3 else advance(run, event)
main.run(sys.argv[1:])
"""


@pytest.fixture
def small(tmp_path):
    """A network that trains in no time."""
    path = tmp_path / "small.json"
    save_file(Project(small_cnn()), path)
    return path


def _numbers(found):
    return [{key: value for key, value in epoch.items() if key != "seconds"} for epoch in found["epochs"]]


def test_keys_files_and_figures(command, tmp_path):
    out, log = tmp_path / "a.gbnet", tmp_path / "a.csv"
    found = command(*TRAIN, "--epochs", 2, "--out", out, "--log", log, "--json", "--seed", 4)
    assert found.status == 0
    assert list(found.json) == ["epochs", "test_loss", "test_accuracy", "images_per_second", "parameters", "seed",
                                "out", "best_epoch"]
    assert list(found.json["epochs"][0]) == ["epoch", "train_loss", "train_accuracy", "validation_loss",
                                             "validation_accuracy", "seconds"]
    assert (found.json["parameters"], found.json["seed"], found.json["out"]) == (109_386, 4, str(out))
    assert found.json["test_accuracy"] > 0.85
    project = open_file(out)
    assert [vars(epoch) for epoch in project.history] == found.json["epochs"]
    assert history_from_text(log.read_text(), "log") == project.history
    assert (project.data.source, project.options.epochs, project.options.seed) == ("digits28", 2, 4)
    assert len(project.classes) == 10
    assert project.state
    measured = command("evaluate", out, "--data", "digits28", "--json").json
    assert measured["accuracy"] == found.json["test_accuracy"]
    assert abs(measured["loss"] - found.json["test_loss"]) < 1e-6


def test_the_same_numbers_twice_and_for_any_number_of_threads(command, small):
    found = [command("train", small, "--data", "digits", "--epochs", 2, "--json", "--threads", threads).json
             for threads in (1, 2, 2)]
    assert _numbers(found[0]) == _numbers(found[1]) == _numbers(found[2])
    assert found[0]["test_loss"] == found[1]["test_loss"] == found[2]["test_loss"]


def test_a_person_sees_rows_and_notes(command, small):
    found = command("train", small, "--data", "digits", "--epochs", 1, "--validation", 0)
    assert found.status == 0
    assert "Validation accuracy" in found.out
    assert "not saved (no --out)" in found.out
    assert "Test part: accuracy" in found.out


def test_a_trained_project_goes_on_and_resuming_equals_going_straight(command, small, tmp_path):
    half, rest, whole, more = (tmp_path / f"{name}.gbnet" for name in ("half", "rest", "whole", "more"))
    arguments = ("--data", "digits", "--json", "--out")
    first = command("train", small, *arguments, half, "--epochs", 1).json
    second = command("train", small, *arguments, rest, "--resume", half, "--epochs", 3).json
    straight = command("train", small, *arguments, whole, "--epochs", 3).json
    assert [epoch["epoch"] for epoch in second["epochs"]] == [1, 2, 3]
    assert _numbers(second) == _numbers(straight)
    assert _numbers(first) == _numbers(straight)[:len(_numbers(first))]
    assert all(np.array_equal(array, open_file(whole).weights[name]) for name, array in open_file(rest).weights.items())
    assert [epoch.epoch for epoch in open_file(rest).history] == [1, 2, 3]
    further = command("train", half, *arguments, more, "--epochs", 1).json
    assert further["epochs"][0]["train_loss"] < first["epochs"][0]["train_loss"]
    assert [epoch.epoch for epoch in open_file(more).history] == [1]


def test_resuming_what_does_not_fit_is_refused(command, small, tmp_path, trained):
    found = command("train", small, "--data", "digits", "--resume", trained)
    assert (found.status, "another network" in found.err) == (2, True)
    done = command("train", "lenet5", "--data", "digits28", "--resume", trained, "--epochs", 2)
    assert (done.status, "done already" in done.err) == (1, True)


def test_options_of_the_command_go_over_the_networks_own(command, small, tmp_path):
    save_file(replace(open_file(small), options=TrainOptions(epochs=1, batch_size=32, optimizer="sgd")),
              tmp_path / "own.gbnet")
    command("train", tmp_path / "own.gbnet", "--data", "digits", "--optimizer", "momentum", "--schedule", "cosine",
            "--init", "xavier-normal", "--normalise", "--out", tmp_path / "a.gbnet", "--json")
    project = open_file(tmp_path / "a.gbnet")
    options = project.options
    assert (options.batch_size, options.optimizer, options.schedule) == (32, "momentum", "cosine")
    assert (options.init, project.network) == ("xavier-normal", open_file(small).network)
    assert project.data.normalise
    assert project.progress["mean"]


def test_settings_that_mean_nothing_to_the_choice_are_named(command, small):
    found = command("train", small, "--data", "digits", "--epochs", 1, "--optimizer", "adam", "--momentum", 0.5,
                    "--schedule", "cosine", "--schedule-every", 2, "--mode", "batch", "--batch-size", 32,
                    "--patience", 3, "--validation", 0)
    assert found.status == 0
    for words in ("--momentum means nothing with adam; it is for momentum and nesterov.",
                  "--schedule-every means nothing with cosine; it is for step.",
                  "--batch-size means nothing with batch; it is for mini-batch.",
                  "--patience means nothing without validation."):
        assert words in found.err
    plain = command("train", small, "--data", "digits", "--epochs", 1, "--optimizer", "nesterov", "--momentum", 0.5)
    assert "means nothing" not in plain.err


@pytest.mark.parametrize("words", [
    ["--schedule", "exponential", "--schedule-decay", 0.5], ["--schedule", "plateau", "--schedule-patience", 1],
    ["--schedule", "step", "--schedule-every", 1, "--schedule-factor", 0.3], ["--mode", "batch"],
    ["--init", "constant", "--init-value", 0.2]], ids=lambda words: words[1])
def test_schedules_modes_and_initial_values_are_kept_in_the_project(command, small, tmp_path, words):
    out = tmp_path / "a.gbnet"
    found = command("train", small, "--data", "digits", "--epochs", 2, "--out", out, "--json", *words)
    assert found.status == 0
    options = open_file(out).options.values()
    for option, value in zip(words[::2], words[1::2], strict=True):
        assert options[option[2:].replace("-", "_")] == value


def test_divergence_is_one_sentence_and_keeps_the_last_good_weights(command, small, tmp_path):
    out = tmp_path / "a.gbnet"
    found = command("train", small, "--data", "digits", "--learning-rate", "1e9", "--optimizer", "sgd", "--out", out,
                    "--json")
    assert found.status == 1
    assert "learning rate" in found.err
    assert found.json["error"] in found.err
    assert all(np.isfinite(array).all() for array in open_file(out).weights.values())


@pytest.mark.parametrize(("arguments", "status", "words"), [
    (["--data", "nothing"], 3, "no data set"), ([], 2, "--data"),
    (["--data", "digits", "--epochs", "0"], 2, "--epochs must be a whole number from 1 to 100,000, not 0."),
    (["--data", "digits", "--epochs", "many"], 2, "--epochs must be a whole number from 1 to 100,000, not 'many'."),
    (["--data", "digits", "--learning-rate", "nan"], 2, "--learning-rate must be a number from 1e-09 to 1,000,000,000"),
    (["--data", "digits", "--optimizer", "best"], 2, "--optimizer must be one of sgd, momentum"),
    (["--data", "digits", "--loss", "x"], 2, "--loss must be"),
    (["--data", "digits", "--init", "x"], 2, "must be one of by-layer, zeros, constant"),
    (["--data", "digits", "--out", "missing/a.gbnet"], 3, "no folder"),
    (["--data", "digits", "--out", "a.docx"], 2, "ending .gbnet"),
    (["--data", "digits", "--out", "a.onnx"], 2, "guibuilder export"),
    (["--data", "digits", "--log", "missing/a.csv"], 3, "no folder"),
    (["--data", "digits", "--resume", "missing.gbnet"], 3, "no file"),
])
def test_what_cannot_be_asked(command, small, tmp_path, monkeypatch, arguments, status, words):
    monkeypatch.chdir(tmp_path)
    found = command("train", small, *arguments)
    assert found.status == status
    assert words in found.err


def test_networks_that_cannot_be_trained_are_refused_before_anything_is_loaded(command, tmp_path):
    network = template("lenet5").network
    save_file(Project(network.change(network.names["C3"], kernel=15)), tmp_path / "a.json")
    found = command("train", tmp_path / "a.json", "--data", "mnist")
    assert (found.status, "C3 needs at least 15×15" in found.err) == (1, True)
    save_file(Project(network.change(network.names["F7"], units=3)), tmp_path / "b.json")
    found = command("train", tmp_path / "b.json", "--data", "digits")
    assert (found.status, "F7's units to 10" in found.err) == (1, True)


def test_ctrl_c_keeps_what_was_learned(command, small, tmp_path, monkeypatch):
    """The signal is sent as soon as the first row is there."""
    row = training.Run._row

    def and_press(self, event):
        row(self, event)
        threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,), daemon=True).start()
        time.sleep(0.05)

    monkeypatch.setattr(training.Run, "_row", and_press)
    before = signal.getsignal(signal.SIGINT)
    out = tmp_path / "a.gbnet"
    found = command("train", small, "--data", "digits", "--epochs", 1000, "--out", out, "--json")
    assert found.status == 130
    assert f"Go on with: guibuilder train {small} --data digits --resume {out} --out {out}\n" in found.err
    assert found.json["test_loss"] is None
    assert 1 <= len(found.json["epochs"]) < 1000
    assert open_file(out).weights
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_the_first_batch_ends_at_once(command, small, tmp_path, monkeypatch):
    show = training.Run._show

    def press(self, event):
        show(self, event)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training.Run, "_show", press)
    found = command("train", small, "--data", "digits", "--out", tmp_path / "a.gbnet")
    assert found.status == 130
    assert not (tmp_path / "a.gbnet").exists()


def test_a_training_stopped_within_an_epoch_goes_on_to_the_same_weights(command, small, tmp_path, monkeypatch):
    """The signal comes after the third batch of twenty; resuming must not repeat or lose a picture."""
    begin = training.Run._advance

    def press(self, event):
        begin(self, event)
        if event.batch == 3:
            signal.raise_signal(signal.SIGINT)

    arguments = ("--data", "digits", "--epochs", 2, "--json", "--out")
    half, whole, straight = (tmp_path / f"{name}.gbnet" for name in ("half", "whole", "straight"))
    with monkeypatch.context() as patch:
        patch.setattr(training.Run, "_advance", press)
        stopped = command("train", small, *arguments, half)
    assert (stopped.status, stopped.json["epochs"], open_file(half).progress["batch"]) == (130, [], 3)
    rest = command("train", half, *arguments, whole, "--resume", half)
    plain = command("train", small, *arguments, straight)
    assert _numbers(rest.json) == _numbers(plain.json)
    assert rest.json["test_loss"] == plain.json["test_loss"]
    weights = open_file(straight).weights
    assert all(np.array_equal(array, weights[name]) for name, array in open_file(whole).weights.items())


def test_a_second_ctrl_c_ends_at_once(command, small, tmp_path, monkeypatch):
    def press(self, event):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training.Run, "_advance", press)
    found = command("train", small, "--data", "digits", "--out", tmp_path / "a.gbnet")
    assert (found.status, (tmp_path / "a.gbnet").exists()) == (130, False)


def test_interrupted_without_a_place_to_save_says_so(command, small, monkeypatch):
    monkeypatch.setattr(training.Run, "_advance", lambda self, event: signal.raise_signal(signal.SIGINT))
    found = command("train", small, "--data", "digits", "--mode", "batch")
    assert (found.status, "Nothing was saved (no --out)" in found.err) == (130, True)


def test_going_on_keeps_its_seed_and_beginning_anew_needs_no_weights(command, small, tmp_path, trained):
    half, more = tmp_path / "half.gbnet", tmp_path / "more.gbnet"
    assert command("train", small, "--data", "digits", "--epochs", 1, "--seed", 4, "--out", half).status == 0
    found = command("train", half, "--data", "digits", "--epochs", 2, "--seed", 5, "--resume", half)
    assert (found.status, "began with seed 4" in found.err) == (2, True)
    assert command("train", half, "--data", "digits", "--epochs", 2, "--resume", half, "--json").json["seed"] == 4
    assert command("train", half, "--data", "digits", "--epochs", 1, "--json", "--out", more).json["seed"] == 4
    found = command("train", trained, "--data", "digits28", "--init", "zeros")
    assert (found.status, "has weights already" in found.err) == (2, True)


def test_normalising_can_be_switched_on_and_off_and_outlives_a_failure(command, small, tmp_path):
    out, plain = tmp_path / "a.gbnet", tmp_path / "b.gbnet"
    found = command("train", small, "--data", "digits", "--normalise", "--learning-rate", "1e9", "--optimizer", "sgd",
                    "--out", out)
    assert (found.status, f"Saved as {out}." in found.err) == (1, True)
    project = open_file(out)
    assert project.data.normalise
    assert len(project.progress["mean"]) == len(project.progress["spread"]) == 1
    assert command("train", out, "--data", "digits", "--no-normalise", "--epochs", 1, "--learning-rate", "0.001",
                   "--out", plain).status == 0
    assert not open_file(plain).data.normalise
    assert "mean" not in open_file(plain).progress


def test_what_cannot_be_saved_in_the_end_goes_elsewhere(command, small, tmp_path, monkeypatch):
    def save(project, path, **how):
        if path == tmp_path / "a.gbnet":
            raise FileError("There is not enough room on the disk for a.gbnet.")
        save_file(project, path, **how)

    monkeypatch.setattr(train, "save_file", save)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = command("train", small, "--data", "digits", "--epochs", 1, "--out", tmp_path / "a.gbnet")
    assert found.status == 3
    rescued = next(tmp_path.glob("guibuilder-*/a.gbnet"))
    assert f"not enough room on the disk for a.gbnet. What was trained is in {rescued} instead." in found.err
    assert open_file(rescued).weights


def test_what_was_saved_before_a_power_cut_goes_on_to_the_same_numbers(command, small, tmp_path):
    out, straight = tmp_path / "cut.gbnet", tmp_path / "straight.gbnet"
    arguments = ("train", str(small), "--data", "digits", "--epochs", "4", "--out")
    out.write_bytes(Path(small).read_bytes())
    before = out.read_bytes()
    child = subprocess.run([sys.executable, "-c", _CUT, *arguments, str(out)], check=False, cwd=ROOT,
                           capture_output=True, text=True)
    assert child.returncode == 9, child.stderr
    assert (tmp_path / "cut.bak.gbnet").read_bytes() == before, "the file from before the training, not of an epoch ago"
    assert len(open_file(out).history) == 2
    rest = command("train", out, "--data", "digits", "--epochs", 4, "--resume", out, "--out", out, "--json")
    assert _numbers(rest.json) == _numbers(command(*arguments, straight, "--json").json)


def test_a_save_on_the_way_that_fails_is_told_once_and_ends_nothing(command, small, tmp_path, monkeypatch):
    tries = []

    def save(project, path, **how):
        tries.append(path)
        if len(tries) < 3:
            raise FileError("There is not enough room on the disk for a.gbnet.")
        save_file(project, path, **how)

    monkeypatch.setattr(train, "save_file", save)
    monkeypatch.setattr(training, "_SAVE_EVERY", 0.0)
    found = command("train", small, "--data", "digits", "--epochs", 3, "--out", tmp_path / "a.gbnet")
    assert (found.status, len(tries)) == (0, 4)
    assert found.err.count("The training goes on") == 1


def test_a_log_is_left_alone_until_the_training_begins(command, small, tmp_path):
    log = tmp_path / "a.csv"
    log.write_text("earlier")
    assert command("train", small, "--data", "nothing", "--log", log).status == 3
    assert log.read_text() == "earlier"


def test_a_project_finds_its_pictures_from_every_folder(command, small, tmp_path, monkeypatch):
    digits = load("digits")
    np.savez(tmp_path / "own.npz", x_train=digits.train_x[:200, 0], y_train=digits.train_y[:200],
             x_test=digits.test_x[:50, 0], y_test=digits.test_y[:50])
    monkeypatch.chdir(tmp_path)
    assert command("train", small, "--data", "own.npz", "--epochs", 1, "--out", "a.gbnet").status == 0
    assert open_file(tmp_path / "a.gbnet").data.source == str(tmp_path / "own.npz")


def test_patience_ends_early_and_says_so(command, small):
    found = command("train", small, "--data", "digits", "--epochs", 50, "--patience", 1, "--learning-rate", 0.05)
    assert found.status == 0
    assert "Stopped early: the validation loss no longer falls." in found.out
    rows = [line.split() for line in found.out.splitlines() if line[:6].strip().isdigit()]
    assert float(rows[-2][4]) <= float(rows[-1][4])
    assert f"The weights are those of epoch {rows[-2][0]}, which has the lowest validation loss." in found.out
    assert found.out.count("%") < 100


def test_every_option_is_read_by_its_setting(command, small):
    found = command("train", small, "--data", "digits", "--epochs", 1, "--optimizer", "nesterov", "--momentum", 0.5,
                    "--weight-decay", 0.001, "--clip", 1, "--loss", "sum-of-squares", "--validation", 0.2, "--mode",
                    "batch", "--patience", 3, "--schedule", "step", "--batch-size", 8, "--json")
    assert found.status == 0
    assert found.json["epochs"][0]["validation_loss"] < 1


def test_augmentation_is_kept_in_the_project_and_changed_by_name(command, small, tmp_path):
    out, again = tmp_path / "a.gbnet", tmp_path / "b.gbnet"
    given = ("--data", "digits", "--epochs", 1, "--json")
    plain = command("train", small, *given).json
    found = command("train", small, *given, "--augment", "translate,reflect", "--translate-by", 2, "--out", out)
    assert found.json["epochs"] != plain["epochs"]
    assert "must not be mirrored" in found.err
    choice = open_file(out).data
    assert (choice.translate, choice.translate_by, choice.reflect, choice.crop) == (True, 2, True, False)
    assert command("train", out, *given, "--out", again).status == 0
    assert open_file(again).data == choice
    command("train", out, *given, "--augment", "none", "--out", again)
    assert not open_file(again).data.augments


def test_an_unknown_augmentation_is_named(command, small):
    found = command("train", small, "--data", "digits", "--augment", "translate,flip")
    assert found.status == 2
    assert "There is no augmentation 'flip'; there are crop, rgb-pca, translate, reflect" in found.err


def test_what_does_not_fit_into_memory_is_refused_with_status_1(command, small, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: memory.PROCESS_BYTES + 500_000)
    found = command("train", small, "--data", "digits", "--batch-size", 512)
    assert found.status == 1
    assert "MB at batch 512, this computer has 90 MB free. A batch of" in found.err
    assert "Traceback" not in found.err


def test_a_tight_memory_is_said(command, small, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 100_000_000)
    found = command("train", small, "--data", "digits", "--epochs", 1)
    assert found.status == 0
    assert "this computer has 100 MB free. Other programs may become slow." in found.err


def test_what_cannot_go_on_exactly_says_how_else(command, small, tmp_path):
    half = tmp_path / "half.gbnet"
    assert command("train", small, "--data", "digits", "--epochs", 1, "--out", half).status == 0
    found = command("train", small, "--data", "digits", "--epochs", 2, "--validation", 0.3, "--resume", half)
    assert found.status == 1
    assert "The share for validation has changed since this training was paused: go on from its weights" in found.err
    assert f"From its weights, without --resume: guibuilder train {half} --data digits" in found.err
    other = command("train", small, "--data", "digits", "--epochs", 2, "--batch-size", 16, "--resume", half)
    assert (other.status, "Changed since the pause: batch size." in other.err) == (0, True)


def test_a_file_remembers_what_its_training_began_with(command, small, tmp_path):
    first, second = tmp_path / "first.gbnet", tmp_path / "second.gbnet"
    command("train", small, "--data", "digits", "--epochs", 1, "--out", first)
    command("train", first, "--data", "digits", "--epochs", 1, "--out", second)
    learned = open_file(first)
    for file, began in ((first, complete_weights(open_file(small))), (second, learned.weights)):
        found = open_file(file).beginning.weights()
        assert found.keys() == began.keys()
        assert all(np.array_equal(found[name], array) for name, array in began.items())

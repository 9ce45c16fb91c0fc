"""`train --engine torch`, and `export --to pytorch`: the same project through PyTorch and back."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from core.export.pytorch import check
from core.formats import open_file, save_file
from core.project import Project
from guibuilder.command_line import torch_engine
from tests.core.networks import small_cnn


@pytest.fixture
def network(tmp_path):
    save_file(Project(small_cnn()), tmp_path / "net.json")
    return tmp_path / "net.json"


def test_weights_and_history_come_back(command, network, tmp_path):
    pytest.importorskip("torch")
    out = tmp_path / "out.gbnet"
    found = command("train", network, "--data", "digits", "--epochs", 2, "--learning-rate", 0.01, "--engine", "torch",
                    "--normalise", "--out", out, "--log", tmp_path / "log.csv", "--threads", 1, "--json")
    assert found.status == 0, found.err
    assert [epoch["epoch"] for epoch in found.json["epochs"]] == [1, 2]
    assert found.json["test_accuracy"] > 0.5
    project = open_file(out)
    assert len(project.history) == 2
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3
    assert project.classes == tuple("0123456789")
    assert project.beginning is not None
    here = command("evaluate", out, "--data", "digits", "--json").json
    assert here["accuracy"] == pytest.approx(found.json["test_accuracy"], abs=1e-6)
    assert here["loss"] == pytest.approx(found.json["test_loss"], rel=1e-3)
    more = command("train", out, "--data", "digits", "--epochs", 1, "--engine", "torch", "--threads", 1)
    assert more.status == 0
    assert "epoch   1" in more.out


def test_without_pytorch_it_says_how_to_get_it(command, network, monkeypatch):
    monkeypatch.setattr(torch_engine, "torch_is_here", lambda: False)
    found = command("train", network, "--data", "digits", "--engine", "torch")
    assert found.status == 3
    assert "python -m pip install torch" in found.err


def test_resuming_needs_our_own_engine(command, network, trained, monkeypatch):
    monkeypatch.setattr(torch_engine, "torch_is_here", lambda: True)
    found = command("train", trained, "--data", "digits28", "--engine", "torch", "--resume", trained)
    assert found.status == 2
    assert "Without --resume" in found.err


def test_what_goes_wrong_is_one_sentence(command, network, tmp_path):
    pytest.importorskip("torch")
    found = command("train", network, "--data", "digits", "--engine", "torch", "--optimizer", "sgd", "--epochs", 1,
                    "--learning-rate", 1e9, "--loss", "mean-squares", "--weight-decay", 10, "--threads", 1)
    assert found.status == 1
    assert "smaller learning rate" in found.err


def _interrupted(*arguments):
    """A training through PyTorch in a process group of its own, which Ctrl+C reaches after the second epoch."""
    child = subprocess.Popen([sys.executable, "-m", "guibuilder", "train", *map(str, arguments), "--engine", "torch",
                              "--data", "digits", "--epochs", "5000", "--threads", "1"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, start_new_session=True)
    with child:
        for line in child.stdout:
            if line.startswith("epoch   2"):
                os.killpg(child.pid, signal.SIGINT)
                break
        said = child.communicate(timeout=60)
    return child.returncode, *said


def test_ctrl_c_keeps_the_whole_epochs(network, tmp_path, heard_signals):
    pytest.importorskip("torch")
    status, _, errors = _interrupted(network, "--out", tmp_path / "out.gbnet")
    assert status == 130, errors
    assert "What was learned before it began is kept" in errors
    assert "Traceback" not in errors
    project = open_file(tmp_path / "out.gbnet")
    assert 1 <= len(project.history) < 5000
    assert project.weights


def test_export_is_compared_with_the_engine(command, trained, tmp_path):
    pytest.importorskip("torch")
    found = command("export", trained, "--to", "pytorch", "--out", tmp_path / "folder", "--json")
    assert found.status == 0
    assert 0 <= found.json["max_difference"] <= 1e-5
    again = command("export", trained, "--to", "pytorch", "--out", tmp_path / "folder")
    assert "PyTorch and the engine differ by at most" in again.out
    assert command("export", trained, "--to", "pytorch", "--out", trained).status == 3


def test_export_without_pytorch_says_that_it_was_not_compared(command, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(check, "torch_is_here", lambda: False)
    found = command("export", trained, "--to", "pytorch", "--out", tmp_path / "folder", "--json")
    assert (found.status, found.json["max_difference"]) == (0, None)
    assert "Not compared: PyTorch is not installed" in found.err


def test_weights_from_the_folder_open_in_the_project(command, trained, tmp_path):
    command("export", trained, "--to", "pytorch", "--out", tmp_path / "folder", "--json")
    found = command("import", tmp_path / "folder" / "weights.safetensors", "--into", "lenet5", "--out",
                    tmp_path / "back.gbnet", "--json")
    assert found.status == 0
    assert found.json["problems"] == []
    back, before = open_file(tmp_path / "back.gbnet").weights, open_file(trained).weights
    assert all(np.array_equal(back[name], array) for name, array in before.items())


def test_the_command_line_needs_no_pytorch_to_start():
    code = ("import sys; sys.modules['torch'] = None\n"
            "from guibuilder.command_line.main import commands\n"
            "assert commands()")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

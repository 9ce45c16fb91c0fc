"""Commands run in this process, as a person would type them."""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

from core.formats import open_file, save_file
from core.project import Project
from guibuilder.command_line.main import run
from tests.core.networks import small_cnn


@dataclass
class Answer:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @cached_property
    def json(self):
        """The one object on standard output."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


@pytest.fixture
def command(capsys):
    """Runs one command line; wrong usage is status 2, as the shell sees it."""
    def call(*arguments):
        capsys.readouterr()
        try:
            status = run([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
        found = capsys.readouterr()
        assert "Traceback" not in found.err
        return Answer(status, found.out, found.err)

    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A small network that learned the digits for two epochs, as a project file."""
    path = tmp_path_factory.mktemp("trained") / "digits.gbnet"
    assert run(["train", "lenet5", "--data", "digits28", "--epochs", "2", "--out", str(path), "--json"]) == 0
    assert open_file(path).weights
    return path


@pytest.fixture(scope="session")
def batch(tmp_path_factory):
    """A batch for the small network: x.npy and class numbers t.npy in a folder."""
    folder = tmp_path_factory.mktemp("batch")
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.random((70, 1, 8, 8)).astype(np.float32))
    np.save(folder / "t.npy", rng.integers(0, 10, 70))
    save_file(Project(small_cnn()), folder / "net.json")
    return folder

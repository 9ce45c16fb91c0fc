"""--precise: kept in what is trained, taken up again, and there where a network computes."""

import numpy as np
import pytest

from core.formats import open_file, save_file
from core.kernels.jit import COMPILED
from core.project import Project
from tests.core.engine.agreement import chain


@pytest.fixture
def net(tmp_path):
    """A network whose second convolution runs in blocks unless --precise forbids it."""
    network = chain((1, 8, 8), ("Conv2D", {"filters": 16, "padding": 1}), "ReLU",
                    ("Conv2D", {"filters": 16, "padding": 1}), "Flatten", ("Dense", {"units": 10}), "Softmax")
    path = tmp_path / "net.json"
    save_file(Project(network), path)
    return path


def test_a_training_keeps_it_and_goes_on_with_it(command, net, tmp_path):
    out, again = tmp_path / "a.gbnet", tmp_path / "b.gbnet"
    train = ("train", net, "--data", "digits", "--epochs", 1)
    assert command(*train, "--precise", "--out", out).status == 0
    assert open_file(out).options.precise
    assert command("train", net, "--data", "digits", "--epochs", 2, "--resume", out, "--out", again).status == 0
    assert open_file(again).options.precise
    assert command("train", out, "--data", "digits", "--epochs", 1, "--no-precise", "--out", again).status == 0
    assert not open_file(again).options.precise


@pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
def test_what_computes_takes_it(command, net, tmp_path):
    project = tmp_path / "p.gbnet"
    assert command("train", net, "--data", "digits", "--epochs", 1, "--precise", "--out", project).status == 0
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((3, 1, 8, 8)).astype(np.float32))

    def output(*more):
        found = command("run", project, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", *more)
        assert found.status == 0
        return np.load(tmp_path / "y.npy")

    own, with_it, without = output(), output("--precise"), output("--no-precise")
    assert np.array_equal(own, with_it), "the project's own setting counts"
    assert not np.array_equal(own, without)
    losses = [command("evaluate", project, "--data", "digits", "--json", *more).json["loss"]
              for more in ((), ("--precise",), ("--no-precise",))]
    assert losses[0] == losses[1] != losses[2]


def test_pictures_are_recognised_with_it(command, trained, tmp_path):
    from PIL import Image

    Image.fromarray(np.random.default_rng(1).integers(0, 255, (28, 28), np.uint8)).save(tmp_path / "a.png")
    found = command("predict", trained, tmp_path / "a.png", "--precise", "--json")
    assert found.json["predictions"][0]["class"] in "0123456789"

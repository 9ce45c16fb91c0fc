"""Files of every released version stay here for ever: they open, mean the same, and nothing of them is lost.

A sample is never changed; with version n + 1 come a step, a new sample, and the old one's expected result.
"""

import io
import json
from pathlib import Path

import pytest

from core.formats.native import read_project, write_project
from core.formats.network_json import STEPS, VERSION, network_from_bytes, network_to_text
from core.graph.network import Edge
from core.graph.shapes import infer
from core.layers.conv2d import Conv2D
from core.layers.pooling import MaxPool2D
from core.layers.unknown import Unknown
from core.train.options import TrainOptions
from tests.core.formats.hostile import zipped

SAMPLES = Path(__file__).parent / "samples"


def _network(version):
    return (SAMPLES / f"network-{version}.json").read_bytes()


@pytest.fixture
def project():
    """A project file of the first version, put together from its texts."""
    head = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds\n"
    members = [("network.json", _network(1)), ("training.json", (SAMPLES / "training-1.json").read_bytes()),
               ("history.csv", head + "1,0.5,0.9,,,2.5\n"), ("notes.md", "# Notes\n×".encode())]
    return read_project(io.BytesIO(zipped(members)), "sample")


def test_there_is_a_sample_and_a_step_for_every_version():
    names = {f"network-{version}.json" for version in range(1, VERSION + 1)}
    assert {each.name for each in SAMPLES.glob("network-*.json")} == names
    assert sorted(STEPS) == list(range(1, VERSION))


def test_the_first_network_means_what_it_meant():
    network = network_from_bytes(_network(1), "sample")
    assert network.name == "Sample × 1"
    assert network.nodes["n2"].layer == Conv2D(filters=4, padding="same", frozen=True)
    assert network.nodes["n3"].layer == MaxPool2D(padding=(0, 0, 1, 1))
    assert network.nodes["n5"].position == (24.0, 194.5)
    assert isinstance(network.nodes["n6"].layer, Unknown)
    assert network.edges[-1] == Edge("n5", "n6", 0)
    inference = infer(network)
    assert inference.shapes["n3"] == (4, 4, 4)
    assert [problem.code for problem in inference.errors] == ["unknown-type"]


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_nothing_is_lost(version):
    before = json.loads(_network(version))
    after = json.loads(network_to_text(network_from_bytes(_network(version), "sample")))
    assert after.pop("generator")
    assert {key: after[key] for key in before if key not in ("generator", "version")} == {
        key: value for key, value in before.items() if key not in ("generator", "version")}


def test_the_first_project_means_what_it_meant(project):
    assert project.options == TrainOptions(epochs=3, batch_size=32, optimizer="momentum", learning_rate=0.01,
                                           schedule="cosine", momentum=0.8, weight_decay=1e-4, validation=0.2, clip=1.0,
                                           patience=5, seed=7)
    assert (project.data.source, project.data.normalise) == ("digits", True)
    assert project.progress == {"epoch": 2, "batch": 0, "mean": [0.3], "spread": [0.4]}
    assert (project.classes, project.notes, project.extra) == (("zero", "one"), "# Notes\n×", {"mood": "kept"})
    assert project.history[0].train_accuracy == 0.9


def test_a_saved_sample_stays_as_it_is(project):
    first, second = io.BytesIO(), io.BytesIO()
    write_project(project, first)
    write_project(read_project(first, "again"), second)
    assert first.getvalue() == second.getvalue()

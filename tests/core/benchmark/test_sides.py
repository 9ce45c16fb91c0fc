"""Measuring processes: they answer, agree about the loss, and say kindly when they cannot go on."""

import numpy as np
import pytest

from core.benchmark.job import Job, make_job
from core.benchmark.networks import REFERENCES
from core.benchmark.side import Side, SideFailed, first_losses, our_side, torch_side
from core.graph.cost import cost
from core.graph.shapes import infer
from core.templates import template
from tests.core.networks import small_cnn


def test_a_job_comes_back_from_its_file(tmp_path):
    job = make_job(template("resnet-small").network, 3)
    job.save(tmp_path / "job.npz")
    found = Job.load(tmp_path / "job.npz")
    assert found.network == job.network
    assert found.weights.keys() == job.weights.keys()
    assert all(np.array_equal(found.weights[name], array) for name, array in job.weights.items())
    assert np.array_equal(found.x, job.x)
    assert np.array_equal(found.target, job.target)


def test_the_reference_networks_are_those_of_the_definition():
    found = {name: cost(infer(make())) for name, make in REFERENCES.items()}
    assert {name: each.parameters for name, each in found.items()} == {
        "lenet": 61_706, "classroom-cnn": 1_625_866, "small-vgg": 2_196_810, "resnet20": 272_474}


def test_our_side_trains_and_answers(tmp_path):
    job = make_job(small_cnn(), 4)
    with our_side() as side:
        first, = first_losses(job, tmp_path / "job.npz", [side], 2)
        assert first > 0
        assert side.ask("train", steps=3)["seconds"] > 0
        assert side.ask("predict", steps=3)["seconds"] > 0
        risen = side.ask("memory")["bytes"]
        assert risen is None or risen > 100_000
        assert side.ask("loss")["loss"] != first


@pytest.mark.parametrize("variant", ["default", "channels_last"])
def test_both_sides_begin_with_the_same_loss(variant, tmp_path):
    pytest.importorskip("torch")
    with our_side() as ours, torch_side(variant) as theirs:
        for network in (small_cnn(), template("resnet-small").network):
            losses = first_losses(make_job(network, 8), tmp_path / "job.npz", [ours, theirs], 1)
            assert losses[0] == pytest.approx(losses[1], rel=1e-3)
            assert theirs.ask("train", steps=2)["seconds"] > 0
            assert theirs.ask("predict", steps=2)["seconds"] > 0
        risen = theirs.ask("memory")["bytes"]
        assert risen is None or risen > 100_000


def test_a_side_that_ends_leaves_its_last_words():
    stopped = pytest.raises(SideFailed, match=r"Nobody stopped: .*nowhere")
    with Side("Nobody", "core.benchmark.nowhere") as side, stopped:
        side.ask("loss")


def test_a_side_that_takes_too_long_is_ended(tmp_path):
    job = make_job(small_cnn(), 4)
    with our_side() as side:
        first_losses(job, tmp_path / "job.npz", [side], 1)
        with pytest.raises(SideFailed, match="guibuilder took longer than 0 s"):
            side.ask("train", limit=0.01, steps=10_000_000)

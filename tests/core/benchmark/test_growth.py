"""Doubled networks: what is doubled, and that they still run."""

import pytest

from core.benchmark.growth import DOUBLINGS, deeper, flattened, larger, wider
from core.benchmark.job import Job, make_job
from core.benchmark.networks import NAMED
from core.graph.cost import cost
from core.graph.shapes import infer
from tests.core.networks import small_cnn


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("what", DOUBLINGS)
def test_doubled_networks_run_and_cost_more(name, what, tmp_path):
    network = flattened(NAMED[name]())
    make_job(DOUBLINGS[what](network), 2).save(tmp_path / "job.npz")
    assert Job.load(tmp_path / "job.npz").network.names.keys() >= network.names.keys()
    doubled = infer(DOUBLINGS[what](network))
    assert not doubled.errors
    assert cost(doubled).macs > 1.4 * cost(infer(network)).macs


def test_classes_stay_and_all_else_is_twice_as_wide():
    network = wider(NAMED["lenet"]())
    layers = {node.name: node.layer for node in network.nodes.values()}
    assert [layers[name].filters for name in ("C1", "C2")] == [12, 32]
    assert [layers[name].units for name in ("F1", "F2", "Output")] == [240, 168, 10]


def test_each_convolution_has_another_one_behind_it():
    network = deeper(small_cnn())
    names = [network.nodes[key].name for key in network.order]
    assert names == ["Input", "C1", "C1-0", "C1-1", "R1", "P1", "Flatten", "F1", "Softmax"]
    assert infer(network).shapes[network.by_name("C1-1").id] == infer(network).shapes[network.by_name("C1").id]


def test_pictures_are_twice_as_high_and_wide():
    network = larger(small_cnn((2, 8, 9)))
    assert network.by_name("Input").layer.shape == (2, 16, 18)

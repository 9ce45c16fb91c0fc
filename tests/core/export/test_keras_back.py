"""Weights come back from an exported Keras folder as they left."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import FormatError
from core.formats import save_file
from core.formats.weights_into import weights_into
from core.project import DataChoice, Project, complete_weights
from core.templates import template
from tests.core.networks import every_layer, two_heads
from tests.core.random_networks import chains, drawn, random_weights

NETWORKS = [every_layer(), two_heads(), template("googlenet-small").network, *drawn(
    chains(blocks=True), 20, lambda network: complete_weights(Project(network)))]


@pytest.mark.parametrize("network", NETWORKS, ids=range(len(NETWORKS)))
def test_every_array_comes_back(network, tmp_path):
    weights = random_weights(network)
    save_file(Project(network, weights), tmp_path / "a", "keras")
    found, problems = weights_into(Project(network, data=DataChoice(normalise=True)), tmp_path / "a" / "weights.npz")
    assert not problems
    assert found.weights.keys() == weights.keys()
    assert all(np.array_equal(found.weights[name], array) for name, array in weights.items())


def test_those_of_another_network_are_refused(tmp_path):
    save_file(Project(two_heads()), tmp_path / "a", "keras")
    with pytest.raises(FormatError, match=r"No array in weights\.npz fits"):
        weights_into(replace(template("mlp")), tmp_path / "a" / "weights.npz")

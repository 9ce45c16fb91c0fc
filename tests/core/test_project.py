"""The project keeps its arrays through edits."""

import numpy as np

from core.graph.initial import initial_weights
from core.graph.shapes import infer
from core.project import fitting
from core.templates import template


def test_renaming_a_layer_renames_its_arrays():
    project = template("mlp")
    weights = initial_weights(infer(project.network), 0)
    project = type(project)(network=project.network, weights=weights)
    renamed = project.with_network(project.network.rename(project.network.names["Hidden1"], "First"))
    assert renamed.weights["First.weight"] is weights["Hidden1.weight"]
    assert "Hidden1.weight" not in renamed.weights
    assert project.with_network(project.network).weights is weights


def test_only_arrays_that_fit_are_used():
    project = template("mlp")
    weights = initial_weights(infer(project.network), 0)
    wider = project.network.change(project.network.names["Hidden1"], units=20)
    kept = fitting(wider, {**weights, "Gone.weight": np.zeros(3, np.float32)})
    assert set(kept) == {"Hidden2.bias", "Output.weight", "Output.bias"}
    assert fitting(project.network, weights).keys() == weights.keys()

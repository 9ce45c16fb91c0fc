"""The network as the engine sees it, what runs together, and which kernel runs it."""

import pytest

from core.engine.choice import choose
from core.engine.flow import make_flow
from core.engine.fusion import fused
from tests.core.engine.agreement import chain, lenet, residual
from tests.core.networks import Drawing


def _steps(network):
    """The layers of each step and what it does besides."""
    return [(task.layer.type, task.relu, task.pool) for task in fused(make_flow(network, join_softmax=True)).tasks]


def test_lenet_runs_in_six_steps():
    conv, dense = ("Conv2D", True, True), ("Dense", True, False)
    assert _steps(lenet()) == [conv, conv, ("Flatten", False, False), dense, dense, ("Dense", False, False)]


@pytest.mark.parametrize("pool", [{"kernel": 3}, {"stride": 1}, {"padding": 1}, {"ceil": True}, {"padding": "same"}],
                         ids=str)
def test_other_pools_stand_alone(pool):
    assert _steps(chain((1, 8, 8), "Conv2D", ("MaxPool2D", pool), "Flatten"))[1][0] == "MaxPool2D"


def test_relu_behind_the_pool_joins_as_well():
    assert _steps(chain((1, 8, 8), "Conv2D", "MaxPool2D", "ReLU", "Flatten"))[0] == ("Conv2D", True, True)


def test_only_the_first_relu_joins():
    assert [kind for kind, _, _ in _steps(chain((4,), "Dense", "ReLU", "ReLU"))] == ["Dense", "ReLU"]


def test_nothing_joins_where_others_look_in_between():
    drawing = Drawing().add("Input", "I", shape=(4,)).add("Dense", "D", units=4).add("ReLU", "R")
    drawing.add("Add", "S", "D", "R")
    assert [kind for kind, _, _ in _steps(drawing.network)] == ["Dense", "ReLU", "Add"]


def test_normalisation_takes_a_sum_and_both_take_their_relu_along():
    tasks = fused(make_flow(residual(), join_softmax=True)).tasks
    found = [(task.layer.type, len(task.inputs), task.relu) for task in tasks]
    assert ("BatchNorm", 1, True) in found
    assert ("BatchNorm", 2, True) in found
    assert not {"ReLU", "Add"} & {kind for kind, _, _ in found}


@pytest.mark.parametrize("readers", [("N", "N"), ("N", "I", "I"), ("N", "R")], ids=str)
def test_a_sum_stands_alone_where_normalisation_cannot_take_it(readers):
    """Where both inputs are the same, where there are three, and where somebody else reads the normalised maps."""
    drawing = Drawing().add("Input", "I", shape=(2, 4, 4)).add("BatchNorm", "N").add("ReLU", "R")
    drawing.add("Add", "S", *readers).add("ReLU", "Last")
    assert ("Add", True, False) in _steps(drawing.network)


def test_vectors_are_not_summed_while_they_are_normalised():
    drawing = Drawing().add("Input", "I", shape=(4,)).add("BatchNorm", "N").add("Add", "S", "N", "I")
    assert [kind for kind, _, _ in _steps(drawing.network)] == ["BatchNorm", "Add"]


@pytest.mark.parametrize("settings", [{"dilation": 2}, {"filters": 4, "groups": 2}], ids=str)
def test_convolutions_with_groups_or_dilation_take_both_along(settings):
    network = chain((2, 8, 8), ("Conv2D", settings), "ReLU", "MaxPool2D", "Flatten")
    assert _steps(network)[0] == ("Conv2D", True, True)


def test_a_last_softmax_is_left_to_the_loss_only_where_asked():
    network = chain((4,), "Dense", "Softmax")
    joined, whole = make_flow(network, join_softmax=True), make_flow(network, join_softmax=False)
    assert (joined.softmax_last, len(joined.tasks), len(whole.tasks)) == (True, 1, 2)
    assert not make_flow(chain((4,), "Softmax", "Dense"), join_softmax=True).softmax_last


def test_bypassed_layers_are_not_there():
    network = chain((4,), "Dense", ("ReLU", {"bypassed": True}), "Tanh", ("Sigmoid", {"bypassed": True}))
    flow = make_flow(network, join_softmax=True)
    assert [task.layer.type for task in flow.tasks] == ["Dense", "Tanh"]
    assert flow.names["Sigmoid3"] == flow.names["Tanh2"] == flow.last
    assert flow.names["ReLU1"] == flow.names["Dense0"]


def test_every_choice_has_a_reason():
    for task in make_flow(residual(), join_softmax=False).tasks:
        choice = choose(task)
        assert choice.kernel != "definition"
        assert len(choice.reason) > 10

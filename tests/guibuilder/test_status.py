"""The bottom line: problems, cost, state."""

import pytest

from core.graph.network import Network
from guibuilder.status import StatusBar, cost_text, problems_text


@pytest.fixture
def status(document, theme, qtbot):
    bar = StatusBar(document, theme)
    qtbot.addWidget(bar)
    return bar


def test_a_network_that_runs(status, document):
    assert status.problems.text() == "No problems"
    assert status.costs.text().startswith("14 layers · 61,706 parameters · 416,520 multiply-adds · ")
    assert status.costs.text().endswith(" MB for a batch of 64")


def test_the_first_error_is_named(status, document, qtbot):
    document.edit("x", network=document.network.change(document.network.names["C3"], kernel=15))
    assert status.problems.text() == "1 problem: C3 F8"
    assert status.costs.text() == "14 layers · parameters and cost unknown until C3 fits"
    with qtbot.waitSignal(status.problems_pressed):
        status.problems.click()
    document.undo_stack.undo()
    edge = next(edge for edge in document.network.edges if edge.target == document.network.names["C3"])
    document.edit("Cut", network=document.network.disconnect(edge))
    assert status.costs.text() == "14 layers · parameters and cost unknown until C3 has its input"


def test_warnings_are_not_errors(document):
    network = document.network.change(document.network.names["C1"], stride=2)
    document.edit("x", network=network)
    problems = [problem for problem in document.inference.problems if problem.severity == "warning"]
    assert problems_text(tuple(problems))[1] == "warning"


def test_frozen_layers_are_not_trainable(status, document):
    document.edit("x", network=document.network.change(document.network.names["C5"], frozen=True))
    assert "61,706 parameters (13,586 trainable)" in status.costs.text()


def test_nothing_drawn_is_not_called_a_problem(status, document):
    document.edit("x", network=Network())
    assert status.problems.text() == "Nothing drawn yet"
    assert "Start from a template" in status.costs.text()


def test_batch_and_optimizer_count_in_memory(document):
    texts = {cost_text(document.inference, document.cost, 64, name) for name in ("sgd", "adam")}
    assert len(texts) == 2


def test_state(status):
    status.show_threads(2)
    status.show_run("training")
    status.show_zoom(0.87)
    assert status.state.text() == "2 threads · training · 87 %"
    status.show_run("Opening big.onnx … 45 %")
    assert status.state.text().endswith("Opening big.onnx … 45 % · zoom 87 %")
    status.show_run("")
    assert status.state.text() == "2 threads · 87 %"

"""Initial values from which nothing is learned: said in words, as a problem at the layer, with a way out."""

import pytest

from core.graph.fixes import fixes_for
from core.graph.initial import How
from core.graph.shapes import infer
from core.graph.starts import ALIKE, ZEROS, start_warning, usual_start
from core.templates import TEMPLATES, template
from core.train.options import TrainOptions
from tests.core.networks import Drawing, small_cnn
from tests.core.train.plans import Plan, few, train


def with_starts(**starts):
    network = small_cnn()
    for name, kind in starts.items():
        network = network.change(network.names[name], kernel_init=kind)
    return network


@pytest.mark.parametrize(("how", "text"), [
    (How("zeros"), ZEROS), (How("constant", 0.0), ZEROS), (How("constant", 0.1), ALIKE), (How(), ""),
    (How("he-normal"), ""), (How("normal"), "")])
def test_one_way_for_all_layers_is_judged(how, text):
    assert start_warning(small_cnn(), how) == text


def test_the_layers_own_ways_are_judged():
    assert start_warning(with_starts(C1="zeros", F1="zeros")) == ZEROS
    assert start_warning(with_starts(C1="constant", F1="zeros")) == ALIKE
    assert start_warning(with_starts(C1="zeros")).startswith("C1 begins with all its weights at 0")
    assert start_warning(with_starts(F1="zeros")) == ""
    assert start_warning(with_starts(C1="zeros"), How("he-uniform")) == ""


def test_a_single_layer_may_begin_at_0_for_it_learns_all_the_same():
    network = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat").add(
        "Dense", "F1", units=10, kernel_init="zeros").add("Softmax", "Softmax").network
    assert start_warning(network) == ""
    assert infer(network).problems == ()
    end = train(Plan(network=network, options=TrainOptions(epochs=5, learning_rate=0.01)), dataset=few(1000))[-1]
    assert end.test_accuracy > 0.8


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_templates_begin_well(name):
    assert start_warning(template(name).network) == ""
    assert not [each for each in infer(template(name).network).problems if each.code == "zeros"]


def test_zeros_before_other_layers_are_a_warning_with_a_fix():
    inference = infer(with_starts(C1="zeros"))
    problem, = inference.problems
    assert (problem.severity, problem.layer, problem.code) == ("warning", "C1", "zeros")
    assert inference.runs
    fix, = fixes_for(inference, problem)
    assert fix.text.startswith("Initial values He uniform")
    assert infer(fix.network).problems == ()


def test_bypassed_layers_are_left_alone():
    network = with_starts(C1="zeros")
    network = network.change(network.names["C1"], bypassed=True)
    assert not [each for each in infer(network).problems if each.code == "zeros"]
    assert start_warning(network) == ""


def test_usual_values_end_the_warning():
    network = usual_start(with_starts(C1="zeros", F1="constant"))
    assert start_warning(network) == ""
    assert network == small_cnn()


@pytest.mark.parametrize("init", ["zeros", "by-layer"])
def test_it_is_said_before_a_training(init):
    notes = train(Plan(options=TrainOptions(epochs=1, init=init)), dataset=few(32))[0].notes
    assert (ZEROS in notes) == (init == "zeros")

"""Several outputs: which is the main one, what each counts, and what a drawing says about them."""

import dataclasses

import pytest

from core.errors import NetworkError, SettingError
from core.graph.blocks import group
from core.graph.clipboard import paste, to_text
from core.graph.fixes import fixes_for
from core.graph.goals import ends, goals_of, in_use, left_out, main_of, with_main, with_output
from core.graph.network import Network
from core.graph.output import Output
from core.graph.rules import reachable
from core.graph.shapes import infer
from core.templates import template
from tests.core.networks import Drawing, two_heads

UNDECIDED = two_heads(weight=None)
AUX, MAIN = UNDECIDED.names["Aux"], UNDECIDED.names["Main"]


def _weights(network, loss="cross-entropy"):
    return {goal.name: (goal.weight, goal.loss, goal.main) for goal in goals_of(network, loss)}


def test_one_output_counts_as_it_is():
    assert _weights(template("mlp").network, "mean-squares") == {"Softmax": (1.0, "mean-squares", True)}


def test_undecided_the_deepest_output_is_the_main_one_and_the_others_count_less():
    assert list(_weights(UNDECIDED).items()) == [("Main", (1.0, "cross-entropy", True)),
                                                 ("Aux", (0.3, "cross-entropy", False))]


def test_ids_do_not_decide_which_is_the_deepest():
    drawing = Drawing().add("Input", "In", shape=(4,)).add("Tanh", "T1").add("Tanh", "Deep")
    drawing.add("Tanh", "Shallow", "In")
    assert drawing.network.nodes[main_of(drawing.network)].name == "Deep"


def test_an_output_that_is_marked_main_is_it():
    network = UNDECIDED.decide(AUX, Output("main", 1.0))
    assert _weights(network) == {"Aux": (1.0, "cross-entropy", True), "Main": (0.3, "cross-entropy", False)}


def test_where_all_others_are_marked_auxiliary_the_one_left_is_the_main_one():
    network = UNDECIDED.decide(MAIN, Output("auxiliary", 0.5))
    assert _weights(network) == {"Aux": (1.0, "cross-entropy", True), "Main": (0.5, "cross-entropy", False)}
    both = network.decide(AUX, Output("auxiliary", 0.25))
    assert _weights(both) == {"Main": (1.0, "cross-entropy", True), "Aux": (0.25, "cross-entropy", False)}


def test_an_auxiliary_output_that_is_left_alone_counts_in_full():
    network = two_heads(weight=0.2, loss="mean-squares")
    behind = reachable(network, network.names["C2"])
    assert _weights(network.remove(*behind)) == {"Aux": (1.0, "cross-entropy", True)}


def test_only_one_output_is_the_main_one():
    network = UNDECIDED.decide(AUX, Output("main", 1.0)).decide(MAIN, Output("main", 2.0))
    assert _weights(network) == {"Main": (2.0, "cross-entropy", True), "Aux": (1.0, "cross-entropy", False)}


def test_another_main_output_takes_the_weight_over():
    network = with_main(with_output(UNDECIDED, MAIN, weight=2.0), AUX)
    assert _weights(network) == {"Aux": (2.0, "cross-entropy", True), "Main": (0.3, "cross-entropy", False)}
    assert _weights(with_main(network, MAIN)) == _weights(with_output(UNDECIDED, MAIN, weight=2.0))


def test_each_output_may_have_its_own_loss_but_the_main_one_has_that_of_the_training():
    network = with_output(UNDECIDED, AUX, loss="mean-squares")
    assert _weights(network, "sum-of-squares") == {"Main": (1.0, "sum-of-squares", True),
                                                   "Aux": (0.3, "mean-squares", False)}
    assert _weights(with_output(network, AUX, weight=0.1))["Aux"] == (0.1, "mean-squares", False)


def test_decisions_stay_with_their_layer_through_a_new_name():
    network = two_heads(weight=0.2)
    assert _weights(network.rename(AUX, "Helper"))["Helper"] == (0.2, "cross-entropy", False)


def test_layers_that_are_wired_to_nothing_are_no_outputs():
    network = UNDECIDED.add(UNDECIDED.new_node("Input", shape=[1, 8, 8]))
    assert ends(network) == ends(UNDECIDED)
    assert ends(Drawing().add("Input", "Input", shape=(4,)).network) == ("n1",)


def test_an_empty_network_has_no_output():
    with pytest.raises(NetworkError, match="empty"):
        main_of(Network())


def test_what_is_marked_auxiliary_is_of_no_use_later():
    network = two_heads()
    used, outputs = in_use(network)
    assert left_out(network) == ("Aux",)
    assert {node.name for node in network.nodes.values()} - {node.name for node in used.nodes.values()} == {
        "AuxFlat", "AuxDense", "Aux"}
    assert outputs == (MAIN,)


def test_what_is_not_marked_stays_with_the_main_output_first():
    assert in_use(UNDECIDED) == (UNDECIDED, (MAIN, AUX))
    assert in_use(UNDECIDED.decide(AUX, Output("main")))[1] == (AUX, MAIN)


@pytest.mark.parametrize(("values", "words"), [
    ({"weight": -1}, "Loss weight must be a number from 0 to 1,000,000, not -1"), ({"loss": "hinge"}, "Loss must be"),
    ({"weight": float("nan")}, "Loss weight must be a number"), ({"role": "first"}, "Role must be one of main, aux"),
])
def test_decisions_are_checked(values, words):
    with pytest.raises(SettingError, match=words):
        Output(**values)


def test_outputs_that_are_alike_are_no_problem():
    assert infer(UNDECIDED).problems == ()
    assert infer(two_heads()).problems == ()


def test_outputs_that_differ_are_a_warning_unless_they_do_not_count():
    (problem,) = infer(two_heads(units=12)).problems
    assert (problem.severity, problem.code, problem.layer) == ("warning", "several-ends", "Aux")
    assert "puts out 12, not 10" in problem.message
    assert infer(two_heads(units=12, weight=0)).problems == ()


def test_outputs_that_differ_can_be_made_alike_deleted_or_left_out():
    inference = infer(two_heads(units=12))
    fixes = fixes_for(inference, inference.problems[0])
    assert [fix.text for fix in fixes] == [
        "Set AuxDense's units to 10 → 10", "Delete the 3 layers that only lead to Aux",
        "Give Aux the loss weight 0 → 12"]
    assert all(not infer(fix.network).problems for fix in fixes)


def test_a_copy_of_the_main_output_does_not_take_its_place():
    network = UNDECIDED.decide(MAIN, Output("main", 2.0))
    pasted, _ = paste(network, to_text(network, [MAIN]), keep_inputs=True)
    assert [goal.name for goal in goals_of(pasted) if goal.main] == ["Main"]
    alone, _ = paste(Network(), to_text(network, list(network.nodes)))
    assert goals_of(alone)[0].weight == 2.0


def test_no_weight_at_all_is_a_warning_with_a_fix():
    network = two_heads(weight=0).decide(MAIN, Output("main", 0))
    inference = infer(network)
    (problem,) = inference.problems
    assert (problem.severity, problem.code, problem.layer) == ("warning", "no-weight", "Main")
    assert "all 2 outputs have the weight 0" in problem.message
    (fix,) = fixes_for(inference, problem)
    assert _weights(fix.network)["Main"] == (1.0, "cross-entropy", True)


def test_decisions_are_values():
    assert dataclasses.replace(Output(), weight=1) == Output(weight=1.0)
    assert Output(weight=1).values() == {"role": "auxiliary", "weight": 1.0, "loss": "same"}


def _grouped():
    """The auxiliary classifier as a block at whose end it comes out."""
    return group(UNDECIDED, [UNDECIDED.names[name] for name in ("AuxFlat", "AuxDense", "Aux")], "Head").network


def test_outputs_in_blocks_are_outputs_too():
    network = _grouped()
    assert _weights(network) == {"Main": (1.0, "cross-entropy", True), "Head/Aux": (0.3, "cross-entropy", False)}
    key = goals_of(network)[1].id
    changed = with_output(with_main(network, key), key, weight=0.5)
    assert _weights(changed) == {"Head/Aux": (0.5, "cross-entropy", True), "Main": (0.3, "cross-entropy", False)}
    assert goals_of(with_output(network, key, loss="mean-squares"))[1].loss == "mean-squares"
    assert infer(changed).problems == ()


def test_problems_of_outputs_in_blocks_are_shown_at_the_block():
    network = _grouped()
    inner = with_output(with_output(network, goals_of(network)[1].id, weight=0), goals_of(network)[0].id, weight=0)
    assert [(each.code, each.layer) for each in infer(inner).problems] == [("no-weight", "Main")]
    swapped = with_main(inner, goals_of(inner)[1].id)
    (problem,) = infer(swapped).problems
    assert (problem.code, problem.layer, problem.node) == ("no-weight", "Head/Aux", swapped.names["Head"])
    (fix,) = fixes_for(infer(swapped), problem)
    assert goals_of(fix.network)[0].weight == 1

"""Every template opens, is laid out, and names its source."""

import pytest

from core.errors import UsageError
from core.graph.cost import cost
from core.graph.goals import goals_of, in_use
from core.graph.network import Network
from core.graph.output import Output
from core.graph.shapes import infer
from core.templates import TEMPLATES, template
from core.templates.base import Builder


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_template(name):
    project = template(name)
    chosen = TEMPLATES[name]
    assert project.network.name == chosen.title
    assert chosen.about.endswith(".")
    assert chosen.source
    assert len(project.network.finals()) == (3 if name == "googlenet-aux" else 1)
    assert len({node.position for node in project.network.nodes.values()}) == len(project.network.nodes)


@pytest.mark.parametrize(("name", "parameters"), [
    ("lenet5", 61_706), ("alexnet", 60_965_224), ("vgg11", 132_863_336), ("vgg16", 138_357_544), ("vgg19", 143_667_240),
    ("googlenet", 6_998_552), ("resnet18", 11_689_512), ("resnet34", 21_797_672), ("resnet50", 25_557_032),
    ("resnet101", 44_549_160), ("resnet152", 60_192_808), ("resnet20-cifar", 272_474),
])
def test_published_networks_have_as_many_parameters_as_published(name, parameters):
    inference = infer(template(name).network)
    assert not inference.errors
    assert cost(inference).parameters == parameters


def test_over_half_of_alexnet_lies_in_its_first_fully_connected_layer():
    network = template("alexnet").network
    found = cost(infer(network))
    first = found.layers[network.names["FC6"]]
    assert first.parameters == (9216 + 1) * 4096
    assert first.parameters > found.parameters / 2


def test_reductions_save_most_of_googlenet():
    naive, reduced = (cost(infer(template(name).network)) for name in ("googlenet-naive", "googlenet"))
    assert naive.parameters > 10 * reduced.parameters
    assert naive.macs > 5 * reduced.macs


def test_auxiliary_heads_count_three_tenths_and_are_left_out_in_use():
    network = template("googlenet-aux").network
    main, *others = [(goal.name, goal.weight) for goal in goals_of(network)]
    assert main == ("Softmax", 1.0)
    assert sorted(others) == [("Aux4a", 0.3), ("Aux4d", 0.3)]
    used, _ = in_use(network)
    assert cost(infer(used)).parameters == 6_998_552


def test_names_and_wires_are_those_that_one_could_draw():
    for name in TEMPLATES:
        network = template(name).network
        drawn = Network(name=network.name, extra=network.extra).add(*network.nodes.values())
        for edge in network.edges:
            drawn = drawn.connect(edge)
        assert drawn == network


def test_a_wrong_name_gets_a_hint():
    with pytest.raises(UsageError, match="Did you mean lenet5"):
        template("lenet-5")


def test_lenet_defaults_are_those_of_the_contract():
    options = template("lenet5").options
    assert (options.optimizer, options.learning_rate, options.batch_size, options.epochs) == ("adam", 0.002, 64, 5)


def test_a_template_says_what_its_outputs_count():
    build = Builder()
    build.add("Input", "Input", shape=[4])
    trunk = build.add("Dense", "Trunk")
    build.add("Softmax", "Aux")
    build.decide(Output("auxiliary", 0.3))
    build.add("Dense", "Deep", trunk)
    build.add("Softmax", "Main")
    goals = goals_of(build.network)
    assert [(goal.name, goal.weight) for goal in goals] == [("Main", 1.0), ("Aux", 0.3)]
    assert not infer(build.network).problems

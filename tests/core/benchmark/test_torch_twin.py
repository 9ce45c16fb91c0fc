"""The twin in PyTorch computes what the network computes: scores, loss and gradients."""

import numpy as np
import pytest

from core.benchmark.torch_twin import check_twin, make_twin
from core.errors import NetworkError
from core.graph.model import Model
from core.graph.output import Output
from core.templates import TEMPLATES, template
from tests.core.engine.agreement import chain, lively_weights, pictures, reference, residual
from tests.core.networks import Drawing

DENSE = ("Dense", {"units": 4})


def conv(**settings):
    return ("Conv2D", {"filters": 6, **settings})


NETWORKS = {
    "stride, uneven padding": chain((2, 11, 9), conv(kernel=(3, 2), stride=(2, 3), padding=(2, 0, 1, 3)), "Flatten",
                                    DENSE),
    "dilation, groups": chain((4, 12, 12), conv(dilation=(2, 3), groups=2, padding=2, bias=False), "Flatten", DENSE),
    "same with an even kernel": chain((3, 9, 8), conv(kernel=4, stride=2, padding="same"), "Flatten", DENSE),
    "max pools": chain((3, 13, 13), ("MaxPool2D", {"kernel": 3, "stride": 2, "padding": 1}),
                       ("MaxPool2D", {"kernel": 3, "stride": 2, "ceil": True}),
                       ("MaxPool2D", {"kernel": 2, "stride": 1, "padding": (0, 1, 1, 0)}), "Flatten", DENSE),
    "max pool same, rounded up": chain((3, 12, 7), ("MaxPool2D", {"kernel": 2, "padding": "same"}),
                                       ("MaxPool2D", {"kernel": 3, "stride": 2, "padding": (0, 0, 1, 1), "ceil": True}),
                                       "Flatten", DENSE),
    "average pools": chain((2, 13, 12), ("AveragePool2D", {"kernel": 3, "stride": 2, "padding": 1}),
                           ("AveragePool2D", {"kernel": 2, "stride": 1, "padding": 1, "count_padding": True}),
                           ("AveragePool2D", {"kernel": 3, "stride": 2, "ceil": True}), "Flatten", DENSE),
    "uneven average pools": chain(
        (2, 12, 13), ("AveragePool2D", {"kernel": 3, "stride": 2, "padding": (0, 1, 1, 0), "ceil": True}),
        ("AveragePool2D", {"kernel": 3, "stride": 2, "padding": (1, 0, 0, 1), "count_padding": True, "ceil": True}),
        "Flatten", DENSE),
    "lengths": chain((3, 13, 12), ("L2Pool2D", {"kernel": 3, "stride": (1, 2)}),
                     ("L2Pool2D", {"kernel": 2, "padding": (0, 1, 1, 0), "ceil": True}), "Flatten", DENSE),
    "curves": chain((3, 5, 5), conv(), "ReLU", conv(kernel=1), ("LeakyReLU", {"alpha": 0.2}), "Sigmoid", "Tanh",
                    ("ELU", {"alpha": 0.7}), "Softplus", ("Softplus", {"centred": True}), "VeryLeakyReLU", "PReLU",
                    "Linear", "Flatten", DENSE),
    "norms": chain((7, 6, 6), ("BatchNorm", {"momentum": 0.3, "epsilon": 1e-3}),
                   ("LocalResponseNorm", {"size": 4, "alpha": 0.5}), "Scale", "GlobalAveragePool2D", "BatchNorm",
                   ("Maxout", {"units": 5, "pieces": 3}), DENSE),
    "arrangement": chain((2, 6, 6), ("Pad2D", {"padding": (1, 0, 2, 1), "value": 0.5}), "Flatten",
                         ("Reshape", {"shape": (7, 3, 6)}), "Dropout", "GlobalMaxPool2D", DENSE),
    "branches": residual(),
}


def scores_of(network, weights, x):
    """The main output by the definitions, before a last Softmax."""
    model = Model(network, weights)
    name = network.nodes[model.last].name
    if network.nodes[model.last].type == "Softmax":
        name = network.nodes[network.inputs_of(model.last)[0]].name
    return model.outputs(x, [name])[name]


def apart(made, wanted):
    return float(np.abs(made - wanted).max() / max(np.abs(wanted).max(), 1e-12))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_twin_answers_as_the_definitions_do(name):
    torch = pytest.importorskip("torch")
    network = NETWORKS[name]
    weights, x = lively_weights(network), pictures(network, 3)
    twin = make_twin(network, weights)
    twin.answers.eval()
    with torch.no_grad():
        assert apart(twin.answers(torch.from_numpy(x)).numpy(), scores_of(network, weights, x)) < 1e-5


@pytest.mark.parametrize("name", ["stride, uneven padding", "curves", "norms", "branches", "uneven average pools"])
def test_the_twin_learns_as_the_definitions_do(name):
    torch = pytest.importorskip("torch")
    network = NETWORKS[name]
    weights, x = lively_weights(network), pictures(network, 6)
    target = np.random.default_rng(0).integers(0, 4, 6)
    value, gradients, _ = reference(network, weights, x, target, "cross-entropy")
    twin = make_twin(network, weights)
    twin.learns.train()
    loss = twin.loss(torch.from_numpy(x), torch.from_numpy(target))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(value, rel=1e-5)
    made = sorted(float(each.grad.abs().sum()) for each in twin.learns.parameters())
    wanted = sorted(float(np.abs(each).sum()) for name, each in gradients.items() if "running" not in name)
    assert made == pytest.approx(wanted, rel=1e-3, abs=1e-4)


def test_frozen_layers_do_not_learn_and_bypassed_ones_are_left_out():
    pytest.importorskip("torch")
    network = chain((2, 6, 6), conv(), conv(frozen=True), conv(bypassed=True), "Flatten", DENSE)
    twin = make_twin(network, lively_weights(network))
    learns = [each.requires_grad for each in twin.learns.parameters()]
    assert learns.count(True) == 4
    assert learns.count(False) == 2


def test_all_outputs_are_learned_from_and_only_the_main_one_answers():
    torch = pytest.importorskip("torch")
    drawing = Drawing().add("Input", "Input", shape=(2, 5, 5)).add("Conv2D", "C1", filters=4).add("Flatten", "Flat")
    drawing.add("Dense", "Aux", "Flat", units=3).add("Dense", "Hidden", "Flat", units=5).add("Dense", "Main", units=3)
    network = drawing.network
    network = network.decide(network.by_name("Aux").id, Output("auxiliary", 0.5))
    weights, x = lively_weights(network), torch.from_numpy(pictures(network, 4))
    target = torch.tensor([0, 1, 2, 0])
    twin = make_twin(network, weights)
    main, aux = twin.learns(x)
    assert torch.equal(main, twin.answers(x))
    wanted = torch.nn.functional.cross_entropy(main, target) + 0.5 * torch.nn.functional.cross_entropy(aux, target)
    assert float(twin.loss(x, target).detach()) == pytest.approx(float(wanted.detach()))


@pytest.mark.parametrize("kind", ["APL", "NoisyReLU"])
def test_what_pytorch_has_not_is_named(kind):
    network = chain((2, 6, 6), kind, "Flatten", DENSE)
    with pytest.raises(NetworkError, match=f"no layer like {kind}0"):
        check_twin(network)


def test_every_template_has_a_twin():
    for name in TEMPLATES:
        check_twin(template(name).network)

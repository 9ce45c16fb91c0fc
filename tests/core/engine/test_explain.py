"""Which kernel a layer runs on, told from the drawing: the same as the plan, for every layer, in words."""

import pytest

from core.engine.engine import Engine
from core.engine.explain import ABOUT, TITLES, uses
from core.engine.flow import make_flow
from core.engine.fusion import fused
from core.engine.steps.catalogue import STEPS
from core.errors import NetworkError
from core.graph.expand import expanded
from core.kernels.jit import COMPILED
from core.templates import TEMPLATES, template
from tests.core.engine.agreement import blocks, chain, lenet, lively_weights, residual
from tests.core.networks import every_layer, two_heads

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
NETWORKS = [lenet(), every_layer(), residual(), blocks(), two_heads()]


@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize("network", NETWORKS, ids=["lenet", "every layer", "residual", "blocks", "two heads"])
def test_it_is_what_the_engine_does(network, precise):
    engine = Engine(network, lively_weights(network), 4, threads=1, precise=precise)
    chosen, found = engine.choices(), uses(network, precise=precise)
    engine.close()
    for name, text in chosen.items():
        use = found[name]
        assert use.kernel == "none" or f"{use.kernel}: {use.reason}" == text
    assert {use.together[0] for use in found.values()} >= set(chosen)


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_every_layer_of_every_template_has_words(name):
    network = template(name).network
    found = uses(network)
    inputs = {node.name for node in expanded(network).nodes.values() if not node.layer.ports[1]}
    assert found.keys() | inputs == expanded(network).names.keys()
    for name, use in found.items():
        assert use.reason
        assert use.about.endswith(".")
        assert name in use.together


def test_every_step_is_explained_and_nothing_else():
    assert ABOUT.keys() == TITLES.keys() == STEPS.keys() | {"reshape", "loss", "none"}


def test_people_read_no_word_of_our_own():
    """They read Winograd's name and the size of the filter instead of what the program calls its steps."""
    network = chain((16, 32, 32), ("Conv2D", {"filters": 16, "kernel": 5}), ("Conv2D", {"filters": 16, "kernel": 3}))
    found = uses(network)
    assert [(found[name].kernel, found[name].title) for name in ("Conv2D0", "Conv2D1")] == [
        ("abreast", "Winograd 5×5"), ("winograd", "Winograd 3×3")]
    assert not {"abreast", "lanewise", "pointwise", "neighbours", "hinges"} & set(TITLES.values())


@pytest.mark.parametrize("batch", [16, 2])
def test_a_stride_is_told_and_computed_without_frames(batch):
    network = chain((16, 12, 12), ("Conv2D", {"filters": 32, "kernel": 3, "stride": 2, "padding": 1}),
                    ("Conv2D", {"filters": 32, "kernel": 1, "stride": 2}), ("Conv2D", {"filters": 5, "stride": 2}))
    found = uses(network)
    kernels = [found[name].kernel for name in ("Conv2D0", "Conv2D1", "Conv2D2")]
    assert kernels == ["regions", "pointwise", "convolution"]
    assert "the pixels that it sees" in found["Conv2D1"].reason
    engine = Engine(network, lively_weights(network), batch, threads=1)
    assert engine.choices()["Conv2D0"].startswith("regions: register tiles without a frame")
    engine.close()


def test_layers_of_one_step_say_so():
    found = uses(lenet())
    assert found["ReLU1"] == found["Conv2D0"] == found["MaxPool2D2"]
    assert found["ReLU1"].together == ("Conv2D0", "ReLU1", "MaxPool2D2")
    fused_tasks = fused(make_flow(lenet(), join_softmax=True)).tasks
    assert len({use.together for use in found.values()}) == len(fused_tasks) + 1, "and Softmax, which is in the loss"
    assert (found["Softmax12"].kernel, found["Flatten6"].kernel) == ("loss", "none")
    assert uses(lenet(), "sum-of-squares")["Softmax12"].kernel == "softmax"


def test_what_hands_on_is_no_work():
    network = chain((2, 4, 4), "Linear", ("Conv2D", {"filters": 3, "bypassed": True}), "Flatten",
                    ("Softmax", {"bypassed": True}), ("Dense", {"units": 2}))
    found = uses(network)
    assert [found[name].kernel for name in ("Linear0", "Conv2D1", "Softmax3")] == ["none"] * 3
    assert found["Linear0"].reason == "it hands on what it gets"


def test_a_network_that_cannot_run_is_refused():
    with pytest.raises(NetworkError):
        uses(chain((1, 2, 2), ("Conv2D", {"kernel": 5})))

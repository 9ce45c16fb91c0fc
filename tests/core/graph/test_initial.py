"""Initial values against torch.nn.init, and one way to begin for a whole network."""

import numpy as np
import pytest

from core.errors import SettingError
from core.graph.initial import CHOICES, How, complete, draw, initial_weights, stream
from core.graph.shapes import infer
from core.layers import make_layer
from core.layers.base import INITIALISATIONS, ArraySpec
from core.project import Project, complete_weights
from core.settings import settings_of
from core.train.options import TrainOptions, how_to_start
from tests.core.networks import every_layer, small_cnn
from tests.core.train.plans import Plan, few, train

LAYERS = [("Conv2D", {"filters": 96, "kernel": (5, 3)}, (48, 9, 9)),
          ("Conv2D", {"filters": 96, "kernel": 3, "groups": 4}, (64, 9, 9)), ("Dense", {"units": 120}, (400,))]
THEIRS = {"xavier-uniform": "xavier_uniform_", "xavier-normal": "xavier_normal_", "he-uniform": "kaiming_uniform_",
          "he-normal": "kaiming_normal_"}


@pytest.mark.parametrize("kind", THEIRS)
@pytest.mark.parametrize(("layer", "settings", "shape"), LAYERS, ids=["conv", "groups", "dense"])
def test_weights_are_drawn_as_torch_draws_them(kind, layer, settings, shape):
    torch = pytest.importorskip("torch")
    spec = make_layer(layer, {**settings, "kernel_init": kind}).arrays(shape)["weight"]
    ours = draw(spec, stream(0, kind))
    generator = torch.Generator().manual_seed(1)
    extra = {"nonlinearity": "relu"} if kind.startswith("he") else {}
    theirs = getattr(torch.nn.init, THEIRS[kind])(torch.empty(spec.shape), generator=generator, **extra).numpy()
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    assert abs(ours.mean()) < 0.02 * ours.std()
    if kind.endswith("uniform"):
        # The largest of many numbers lies close below the bound, in both.
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=1e-3)
    else:
        assert np.mean(np.abs(ours) < ours.std()) == pytest.approx(0.6827, abs=0.01)


def test_the_bound_of_the_lecture_notes():
    # Uniform(−r, r), r = √(6 / (in + out)) (topic 1.7).
    values = draw(make_layer("Dense", {"units": 100}).arrays((500,))["weight"], stream(0, "bound"))
    r = np.sqrt(6 / 600)
    assert 0.999 * r < values.max() <= r
    assert -r <= values.min() < -0.999 * r


@pytest.mark.parametrize("kind", INITIALISATIONS)
def test_one_way_for_the_whole_network_is_that_of_each_layer(kind):
    network = small_cnn()
    by_layer = network
    for key, node in network.nodes.items():
        if "kernel_init" in settings_of(node.layer):
            by_layer = by_layer.change(key, kernel_init=kind)
    whole, each = initial_weights(infer(network), 4, How(kind)), initial_weights(infer(by_layer), 4)
    assert whole.keys() == each.keys()
    assert all(np.array_equal(whole[name], each[name]) for name in whole)


def test_normalisation_and_biases_begin_as_their_layer_says():
    plain, zeros = (initial_weights(infer(every_layer()), 0, How(kind)) for kind in ("by-layer", "zeros"))
    others = {name for name in plain if (plain[name] != zeros[name]).any()}
    assert others == {"C1.weight", "C2.weight", "D1.weight", "D2.weight", "D3.weight", "Most.weight"}
    assert not any(zeros[name].any() for name in others)


@pytest.mark.parametrize("value", [0.1, 0.5, -2.0])
def test_constant_has_the_value_of_the_options_unless_the_layer_has_one(value):
    project = Project(small_cnn(), options=TrainOptions(init="constant", init_value=value))
    weights = complete_weights(project)
    assert (weights["C1.weight"] == np.float32(value)).all()
    assert (weights["F1.weight"] == np.float32(value)).all()
    assert (weights["F1.bias"] == 0).all()
    assert (draw(ArraySpec((3,), "constant", value=0.25), stream(0, "p"), value) == 0.25).all()


def test_trained_weights_stay_and_only_new_ones_are_drawn():
    own = {"C1.weight": np.full((8, 1, 3, 3), 7, np.float32)}
    found = complete(infer(small_cnn()), own, 0, How("zeros"))
    assert (found["C1.weight"] == 7).all()
    assert not found["F1.weight"].any()


def test_a_training_begins_with_them():
    plan = Plan(options=TrainOptions(epochs=1, init="constant", init_value=0.01, learning_rate=1e-9))
    weights = train(plan, dataset=few(64))[-1].weights
    np.testing.assert_allclose(weights["C1.weight"], 0.01, rtol=1e-5)


def test_the_option_offers_every_kind_and_refuses_others():
    assert set(CHOICES) == {"by-layer", *INITIALISATIONS}
    assert how_to_start(TrainOptions()) == How() == How("by-layer", 0.1)
    with pytest.raises(SettingError, match="Initial values"):
        TrainOptions(init="ones")

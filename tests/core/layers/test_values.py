"""Every layer with every setting against PyTorch: outputs and all gradients in float32, defined and compiled."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.layers.base import Pass
from tests.core.engine.alone import How, alone
from tests.core.layers.drawn import KINDS, cases, numbers
from tests.core.layers.references import reference

torch = pytest.importorskip("torch", reason="PyTorch is what the numbers are compared with")

LIMIT = 1e-4
# The more settings, the more draws.
MANY = {"Conv2D": 60, "MaxPool2D": 30, "AveragePool2D": 30, "L2Pool2D": 30, "GaussianPool2D": 30,
        "LocalResponseNorm": 25, "BatchNorm": 20}


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    """Small tensors are not worth more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _apart(made, wanted):
    """max|a − b| / max|b|; where nothing is left but rounding, against a hundredth of what flows back."""
    assert made.shape == wanted.shape
    assert made.dtype == np.float32
    return float(np.abs(made - wanted).max()) / max(float(np.abs(wanted).max()), 0.01)


def _theirs(layer, weights, inputs, gradient, training):
    """(output, gradients of the inputs, gradients of the trained arrays, all arrays afterwards) by PyTorch."""
    trained = {name for name, spec in layer.arrays(*(x.shape[1:] for x in inputs)).items() if spec.trained}
    x = [torch.tensor(each, requires_grad=True) for each in inputs]
    w = {name: torch.tensor(array, requires_grad=name in trained) for name, array in weights.items()}
    y = reference(torch, layer, x, w, training)
    y.backward(torch.tensor(gradient))
    after = {name: tensor.detach().numpy() for name, tensor in w.items()}
    to_arrays = {name: w[name].grad.numpy() for name in trained}
    return y.detach().numpy(), [each.grad.numpy() for each in x], to_arrays, after


def _near_tie(layer, weights, inputs):
    """Whether rounding decides who wins: the order in which products are added up is nobody's business."""
    if layer.type != "Maxout" or layer.pieces == 1:
        return False
    scores = np.einsum("ni,pui->pnu", inputs[0], weights["weight"]) + weights.get("bias", np.zeros(1))[:, None]
    best = np.sort(scores, axis=0)
    return bool((best[-1] - best[-2] < 1e-4).any())


def _compare(made, inputs, arrays, theirs):
    output, to_inputs, to_arrays, _ = theirs
    assert _apart(made, output) < LIMIT
    for one, other in zip(inputs, to_inputs, strict=True):
        assert _apart(one, other) < LIMIT
    assert arrays.keys() == to_arrays.keys()
    for name, array in to_arrays.items():
        assert _apart(arrays[name], array) < LIMIT


def _check(layer, shapes, count, seed, training):
    weights, inputs, gradient = numbers(layer, shapes, count, seed)
    assume(not _near_tie(layer, weights, inputs))
    theirs = _theirs(layer, weights, inputs, gradient, training)
    run = Pass(training=training, noise=False)
    output, backward = layer.forward(weights, inputs, run)
    _compare(output, *backward(gradient), theirs)
    for name, measured in run.statistics.items():
        assert _apart(measured.astype(np.float32), theirs[3][name]) < LIMIT
    if layer.type == "Linear":
        return
    made = alone(layer, weights, inputs, gradient, How(training=training))
    if training:
        _compare(made.output, made.inputs, made.arrays, theirs)
    assert _apart(made.output, theirs[0]) < LIMIT
    for name, array in made.statistics.items():
        assert _apart(array, theirs[3][name]) < LIMIT


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients(kind):
    # Twice the same two numbers: batch normalisation divides by almost nothing, and all its digits are rounding.
    fewest = 4 if kind == "BatchNorm" else 1

    @given(case=cases(kind), count=st.integers(fewest, 8), seed=st.integers(0, 999), training=st.booleans())
    @settings(max_examples=MANY.get(kind, 12))
    def check(case, count, seed, training):
        _check(*case, count, seed, training)

    check()


def test_enough_is_drawn():
    assert sum(MANY.get(kind, 12) for kind in KINDS) >= 400

"""Every layer with its cases; a layer without a case fails."""

import numpy as np
import pytest

from core.layers import LAYERS
from core.layers.activation import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from core.layers.arrangement import Pad2D, Reshape, Scale
from core.layers.base import Pass
from core.layers.batch_norm import BatchNorm
from core.layers.conv2d import Conv2D
from core.layers.dense import Dense
from core.layers.dropout import Dropout
from core.layers.input import Input
from core.layers.local_response_norm import LocalResponseNorm
from core.layers.maxout import Maxout
from core.layers.merge import Add, Concatenate
from core.layers.other_pooling import ChannelPool, GaussianPool2D, GlobalMaxPool2D, L2Pool2D
from core.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from core.layers.rectified import APL, ELU, Linear, NoisyReLU, PReLU, RReLU, Softplus, VeryLeakyReLU
from core.layers.reshape import Flatten
from tests.layer_checks import Fails, LayerCase, check_layer

CASES = [
    LayerCase(Input((2, 3, 4)), ((2, 3, 4),), (2, 3, 4)),
    LayerCase(Dense(4), ((5,),), (4,)),
    LayerCase(Dense(4, bias=False), ((5,),), (4,)),
    Fails(Dense(4), ((2, 3, 3),), "needs-vector", "Flatten"),
    LayerCase(Conv2D(6, 5), ((3, 9, 8),), (6, 5, 4)),
    LayerCase(Conv2D(4, 3, padding="same", stride=2, bias=False), ((2, 7, 6),), (4, 4, 3)),
    LayerCase(Conv2D(4, (3, 2), padding=(1, 2, 0, 3), dilation=(2, 1), groups=2), ((4, 8, 7),), (4, 5, 11)),
    LayerCase(Conv2D(2, 3, padding=1, stride=2), ((3, 5, 5),), (2, 3, 3)),
    Fails(Conv2D(4, 5), ((1, 4, 4),), "too-small", "needs at least 5×5 but gets 4×4"),
    Fails(Conv2D(4, 5), ((1, 4, 4),), "too-small", "(4 − 5)/1 + 1 = 0"),
    Fails(Conv2D(4, groups=3), ((3, 9, 9),), "groups", "4 filters into 3"),
    Fails(Conv2D(4), ((12,),), "needs-maps", "before Flatten"),
    LayerCase(MaxPool2D(), ((2, 4, 6),), (2, 2, 3)),
    LayerCase(MaxPool2D(3, 2, "same"), ((2, 7, 6),), (2, 4, 3)),
    LayerCase(MaxPool2D(2, ceil=True), ((1, 5, 5),), (1, 3, 3)),
    LayerCase(AveragePool2D(2), ((2, 4, 4),), (2, 2, 2)),
    LayerCase(AveragePool2D(3, 2, 1), ((2, 5, 5),), (2, 3, 3)),
    LayerCase(AveragePool2D(3, 2, 1, count_padding=True, ceil=True), ((2, 6, 6),), (2, 4, 4)),
    Fails(MaxPool2D(3), ((4, 2, 2),), "too-small", "needs at least 3×3 but gets 2×2"),
    LayerCase(GlobalAveragePool2D(), ((3, 4, 5),), (3,)),
    LayerCase(Flatten(), ((2, 3, 4),), (24,)),
    LayerCase(ReLU(), ((3, 4, 4),), (3, 4, 4)),
    LayerCase(LeakyReLU(0.1), ((7,),), (7,)),
    LayerCase(Sigmoid(), ((2, 2, 2),), (2, 2, 2)),
    LayerCase(Tanh(), ((5,),), (5,)),
    LayerCase(Softmax(), ((6,),), (6,)),
    Fails(Softmax(), ((2, 3, 3),), "needs-vector", "2×3×3"),
    LayerCase(BatchNorm(), ((3, 4, 4),), (3, 4, 4)),
    LayerCase(BatchNorm(), ((4,),), (4,)),
    LayerCase(BatchNorm(), ((3, 4, 4),), (3, 4, 4), training=False),
    LayerCase(Dropout(0.4), ((3, 4, 4),), (3, 4, 4)),
    LayerCase(Dropout(0.4), ((9,),), (9,), training=False),
    LayerCase(Add(), ((2, 3, 3), (2, 3, 3), (2, 3, 3)), (2, 3, 3)),
    Fails(Add(), ((2, 3, 3), (4, 3, 3)), "shapes-differ", "2×3×3 and 4×3×3"),
    LayerCase(Concatenate(), ((2, 3, 3), (1, 3, 3), (4, 3, 3)), (7, 3, 3)),
    Fails(Concatenate(), ((2, 3, 3), (2, 3, 4)), "shapes-differ", "2×3×4"),
    LayerCase(Linear(), ((2, 3, 3),), (2, 3, 3)),
    LayerCase(VeryLeakyReLU(), ((2, 3, 3),), (2, 3, 3)),
    LayerCase(RReLU(), ((2, 3, 3),), (2, 3, 3)),
    LayerCase(RReLU(0.2, 0.2), ((9,),), (9,), training=False),
    LayerCase(NoisyReLU(0.3), ((2, 3, 3),), (2, 3, 3)),
    LayerCase(NoisyReLU(), ((9,),), (9,), training=False),
    LayerCase(ELU(), ((2, 3, 3),), (2, 3, 3)),
    LayerCase(ELU(0.5), ((9,),), (9,)),
    LayerCase(Softplus(), ((2, 3, 3),), (2, 3, 3)),
    LayerCase(Softplus(True), ((9,),), (9,)),
    LayerCase(PReLU(), ((3, 3, 3),), (3, 3, 3)),
    LayerCase(PReLU(-0.5), ((9,),), (9,)),
    LayerCase(APL(), ((3, 3, 3),), (3, 3, 3)),
    LayerCase(APL(1), ((9,),), (9,)),
    LayerCase(Maxout(4, 3), ((5,),), (4,)),
    LayerCase(Maxout(4, bias=False), ((5,),), (4,)),
    Fails(Maxout(4), ((2, 3, 3),), "needs-vector", "Flatten"),
    LayerCase(L2Pool2D(), ((2, 4, 6),), (2, 2, 3)),
    LayerCase(L2Pool2D(3, 2, (1, 0, 2, 1), ceil=True), ((2, 6, 6),), (2, 4, 3)),
    LayerCase(GaussianPool2D(), ((2, 4, 6),), (2, 2, 3)),
    LayerCase(GaussianPool2D((3, 2), 1, "same", sigma=0.7), ((2, 5, 5),), (2, 5, 5)),
    LayerCase(ChannelPool(), ((4, 3, 3),), (2, 3, 3)),
    LayerCase(ChannelPool(3, "average"), ((9,),), (3,)),
    Fails(ChannelPool(3), ((4, 3, 3),), "groups", "cannot cut 4 channels into groups of 3"),
    LayerCase(GlobalMaxPool2D(), ((3, 4, 5),), (3,)),
    LayerCase(LocalResponseNorm(), ((7, 3, 3),), (7, 3, 3)),
    LayerCase(LocalResponseNorm(4, 2.0, 0.5, 2.0), ((3, 3, 3),), (3, 3, 3)),
    LayerCase(LocalResponseNorm(9, 1.0), ((4, 2, 2),), (4, 2, 2)),
    LayerCase(Reshape((2, 3, 4)), ((24,),), (2, 3, 4)),
    LayerCase(Reshape((24,)), ((2, 3, 4),), (24,)),
    Fails(Reshape((2, 3, 4)), ((25,),), "sizes-differ", "25 numbers as 2×3×4, which needs 24"),
    LayerCase(Pad2D(), ((2, 3, 4),), (2, 5, 6)),
    LayerCase(Pad2D((0, 1, 2, 3), 0.5), ((2, 3, 4),), (2, 5, 8)),
    Fails(Pad2D(), ((12,),), "needs-maps", "before Flatten"),
    LayerCase(Scale(), ((3, 4, 4),), (3, 4, 4)),
    LayerCase(Scale(), ((4,),), (4,)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_layer(case):
    check_layer(case)


def test_every_layer_has_a_case():
    assert {case.layer.type for case in CASES if isinstance(case, LayerCase)} == set(LAYERS)


def test_nan_is_handed_on():
    x = np.full((1, 1, 4, 4), np.nan)
    layers = (ReLU(), LeakyReLU(), MaxPool2D(), AveragePool2D(), Sigmoid(), VeryLeakyReLU(), RReLU(), NoisyReLU(),
              ELU(), Softplus(), L2Pool2D(), GaussianPool2D(), GlobalMaxPool2D(), LocalResponseNorm())
    for layer in layers:
        assert np.isnan(layer.forward({}, [x], Pass())[0]).all(), layer.type


def test_batch_norm_keeps_running_statistics():
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, size=(8, 2, 5, 5))
    layer = BatchNorm(momentum=0.25)
    weights = {"weight": np.ones(2), "bias": np.zeros(2), "running_mean": np.ones(2), "running_var": np.full(2, 4.0)}
    run = Pass(training=True)
    layer.forward(weights, [x], run)
    np.testing.assert_allclose(run.statistics["running_mean"], 0.75 + 0.25 * x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(run.statistics["running_var"], 3 + 0.25 * x.var(axis=(0, 2, 3), ddof=1))


def test_dropout_scales_what_it_keeps():
    y, _ = Dropout(0.25).forward({}, [np.ones((50, 400))], Pass(training=True))
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert abs((y == 0).mean() - 0.25) < 0.01
    quiet, _ = Dropout(0.25).forward({}, [np.ones((5, 4))], Pass(training=True, noise=False))
    assert (quiet == 1).all()


def test_max_pool_sends_the_gradient_to_the_first_winner():
    y, backward = MaxPool2D().forward({}, [np.zeros((1, 1, 2, 2))], Pass())
    (dx,), _ = backward(np.ones_like(y))
    assert dx.tolist() == [[[[1.0, 0.0], [0.0, 0.0]]]]

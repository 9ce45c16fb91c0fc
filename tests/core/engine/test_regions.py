"""Strided convolutions without frames: right at every border, the same bits for any number of threads."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps.regions import RegionConvolution
from core.kernels.jit import COMPILED
from tests.core.engine.agreement import chain, disagreement, lively_weights, pictures, same_for_any_threads

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
# Filters as large as the picture, strides beyond the filter, padding on one side only, pixels that nobody looks at.
STRIDED = [{"kernel": 3, "stride": 2, "padding": 1}, {"kernel": 3, "stride": 2}, {"kernel": 2, "stride": 3},
           {"kernel": (5, 2), "stride": (1, 3), "padding": "same"}, {"kernel": 7, "stride": 2, "padding": 3},
           {"kernel": (1, 4), "stride": (2, 1), "padding": [0, 3, 1, 0]}, {"kernel": (9, 8), "stride": 2, "padding": 2}]


def _network(settings, behind=(), filters=48, channels=16, size=(9, 8)):
    first = ("Conv2D", {"filters": channels, "kernel": 1})
    return chain((3, *size), first, "Tanh", ("Conv2D", {"filters": filters, **settings}), *behind, "Flatten",
                 ("Dense", {"units": 4}), "Softmax")


def _steps(engine):
    return [step for step in engine._plan.steps if isinstance(step, RegionConvolution)]


@pytest.mark.parametrize("settings", STRIDED, ids=str)
def test_right(settings):
    assert disagreement(_network(settings), 14) <= 1e-5
    assert disagreement(_network(settings, filters=16, channels=32), 14) <= 1e-5


@pytest.mark.parametrize("settings", STRIDED, ids=str)
def test_right_with_relu_whether_or_not_a_tap_sees_all_pixels(settings):
    assert disagreement(_network(settings, ("ReLU",)), 14) <= 1e-5


def test_right_with_relu_and_pool():
    assert disagreement(_network(STRIDED[0], ("ReLU", "MaxPool2D")), 14) <= 1e-5


@pytest.mark.parametrize("behind", [(), ("ReLU",)], ids=str)
def test_right_on_pictures_that_are_taken_one_by_one(behind):
    assert disagreement(_network(STRIDED[0], behind, filters=16, channels=32, size=(33, 30)), 14) <= 1e-5


def test_right_without_a_bias():
    assert disagreement(_network({**STRIDED[0], "bias": False}, ("ReLU",)), 14) <= 1e-5


def test_a_batch_norm_behind_is_folded_in():
    assert disagreement(_network(STRIDED[0], ("BatchNorm", "ReLU")), 14) <= 1e-5


@pytest.mark.parametrize("batch", [16, 37, 64])
def test_the_same_bits_for_any_number_of_threads(batch):
    network = _network(STRIDED[0], ("ReLU",), size=(33, 30))
    engine = Engine(network, lively_weights(network), batch, threads=1)
    assert len(_steps(engine)) == 1
    engine.close()
    assert same_for_any_threads(network, batch)


def test_a_picture_gets_the_same_answer_alone():
    network = _network(STRIDED[0], ("ReLU",))
    x, weights = pictures(network, 16), lively_weights(network)
    engines = Engine(network, weights, 16, threads=1), Engine(network, weights, 1, threads=1)
    assert [len(_steps(engine)) for engine in engines] == [1, 0]
    together, alone = engines[0].predict(x)[5:6], engines[1].predict(x[5:6])
    for engine in engines:
        engine.close()
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("behind", [(), ("ReLU",)], ids=str)
def test_frozen_filters_still_send_the_gradient_back(behind):
    network = _network({**STRIDED[0], "frozen": True}, behind)
    assert disagreement(network, 14) <= 1e-5


@pytest.mark.parametrize("settings", [{"kernel": 3}, {"kernel": 1, "stride": 2}, {"kernel": 3, "stride": 2}])
def test_only_with_a_stride_and_whole_vectors(settings):
    network = _network(settings, filters=48 if settings["kernel"] == 1 or "stride" not in settings else 9)
    engine = Engine(network, lively_weights(network), 16, threads=1)
    assert not _steps(engine)
    engine.close()

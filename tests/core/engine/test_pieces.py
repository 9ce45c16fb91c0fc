"""A batch in pieces: the same step as in one pass, to the last bit with any threads, and nothing where it breaks."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.train.optimizers import OPTIMIZERS, make_optimizer
from core.train.options import TrainOptions
from tests.core.engine.agreement import chain, lively_weights, pictures

COUNT = 23


def network(*more):
    return chain((1, 8, 8), ("Conv2D", {"filters": 4}), *more, "Tanh", "MaxPool2D", "Flatten", ("Dense", {"units": 3}),
                 "Softmax")


def in_pieces(engine, x, target, cuts, optimizer, rate=0.01):
    for first, end in zip(cuts, [*cuts[1:], len(x)], strict=True):
        assert engine.add_piece(x[first:end], target[first:end], first=first == 0).finite
    return engine.update_from_pieces(rate, optimizer)


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.05}, {"clip": 0.1}], ids=str)
@pytest.mark.parametrize("name", list(OPTIMIZERS))
@pytest.mark.parametrize("cuts", [[0], [0, 10, 20], [0, 1, 2, 3, 22]], ids=str)
def test_pieces_make_the_step_of_the_whole(name, settings, cuts):
    net, optimizer = network(), OPTIMIZERS[name](**settings)
    x, target = pictures(net, COUNT), np.arange(COUNT) % 3
    whole, cut = (Engine(net, lively_weights(net), COUNT, threads=2) for _ in range(2))
    for _ in range(3):
        wanted = whole.train_step(x, target, 0.01, optimizer)
        found = in_pieces(cut, x, target, cuts, optimizer)
        assert found.loss == pytest.approx(wanted.loss, rel=1e-5)
        assert found.correct == wanted.correct
    one, other = whole.weights(), cut.weights()
    assert whole.steps == cut.steps == 3
    for key in one:
        # Adaptive steps divide by the gradient's size, so rounding counts where it is smallest.
        np.testing.assert_allclose(other[key], one[key], rtol=1e-3, atol=3e-5)
    for engine in (whole, cut):
        engine.close()


def test_clipping_looks_at_the_whole_gradient_and_not_at_pieces():
    net = network()
    x, target = pictures(net, COUNT), np.arange(COUNT) % 3
    engine = Engine(net, lively_weights(net), COUNT, threads=1)
    before = engine.weights()
    in_pieces(engine, x, target, [0, 5, 20], OPTIMIZERS["sgd"](clip=0.01), rate=1.0)
    after = engine.weights()
    engine.close()
    assert np.sqrt(sum(((after[key] - before[key]) ** 2).sum() for key in after)) == pytest.approx(0.01, rel=1e-3)


def test_pieces_do_not_depend_on_threads():
    net = network("BatchNorm", ("Dropout", {"rate": 0.3}))
    x, target = pictures(net, COUNT), np.arange(COUNT) % 3
    results = []
    for threads in (1, 2, 3):
        engine = Engine(net, lively_weights(net), 8, threads=threads)
        in_pieces(engine, x, target, [0, 8, 16], make_optimizer(TrainOptions()))
        results.append(engine.weights())
        engine.close()
    for each in results[1:]:
        assert all(np.array_equal(each[key], results[0][key]) for key in each)


def test_each_piece_drops_other_numbers():
    net = chain((50,), ("Dropout", {"rate": 0.5}), ("Dense", {"units": 3, "bias": False}), "Softmax")
    x, target = np.ones((8, 50), np.float32), np.zeros(8, np.int64)
    gradients = []
    for piece in (0, 1):
        engine = Engine(net, lively_weights(net), 4, threads=1)
        engine.find_gradients(x[:4], target[:4], piece=piece)
        gradients.append(next(iter(engine.gradients().values())))
        engine.close()
    assert not np.array_equal(gradients[0] == 0, gradients[1] == 0)


@pytest.mark.parametrize("broken", [True, False])
def test_a_batch_given_up_leaves_everything_as_it_was(broken):
    net = network("BatchNorm")
    x, target = pictures(net, COUNT), np.arange(COUNT) % 3
    engine = Engine(net, lively_weights(net), 12, threads=1)
    before = engine.weights()
    assert engine.add_piece(x[:12], target[:12], first=True).finite
    moved = engine.weights()
    assert not np.array_equal(moved["BatchNorm1.running_mean"], before["BatchNorm1.running_mean"])
    if broken:
        x[12, 0, 0, 0] = np.nan
        found = engine.add_piece(x[12:], target[12:], first=False)
        assert (found.finite, found.bad_layer) == (False, "Input")
    engine.drop_pieces()
    after = engine.weights()
    engine.close()
    assert engine.steps == 0
    assert all(np.array_equal(after[key], before[key]) for key in before)

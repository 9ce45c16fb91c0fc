"""Answers of layers with many weights come from a copy in panels: the numbers, and when the copy is made anew."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps import packed
from core.graph.model import Model
from core.kernels import dense
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.train.optimizers import Momentum
from tests.core.engine.agreement import THREADS, chain, large_dense, lively_weights, many_weights, pictures

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
BATCH = 21


def _wide(units: int, **settings: object):
    """A Dense with many weights right behind the picture, of a number of inputs that fills no vector."""
    inputs = -(-(1 << 17) // units) | 1
    return chain((1, 1, inputs), "Flatten", ("Dense", {"units": units, **settings}), "ReLU", ("Dense", {"units": 3}))


NETWORKS = {"dense and maxout": many_weights(), "behind a convolution": large_dense(), "whole panels": _wide(4 * LANES),
            "half a panel more": _wide(7 * LANES), "no bias": _wide(8 * LANES - 3, bias=False)}


def _copies(engine: Engine) -> list[packed.Packed]:
    products = [step._product for step in engine._plan.steps if hasattr(step, "_product")]
    return [product._packed for product in products if product._packed is not None]


def _near(engine: Engine, network, weights, x) -> None:
    model = Model(network, weights)
    wanted = model.forward(x).outputs[model.last]
    np.testing.assert_allclose(engine.predict(x), wanted, atol=1e-5 * max(1.0, np.abs(wanted).max()), rtol=0)


@pytest.mark.parametrize("count", [1, dense.DEPTH // 16, 13, BATCH])
@pytest.mark.parametrize("name", NETWORKS)
def test_answers_are_those_of_the_definition(name, count):
    network = NETWORKS[name]
    weights, x = lively_weights(network), pictures(network, count)
    engine = Engine(network, weights, BATCH, threads=2, training=False)
    assert _copies(engine)
    _near(engine, network, weights, x)
    engine.close()


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_have_the_same_bits_for_any_threads_and_company(name):
    network = NETWORKS[name]
    x, made = pictures(network, BATCH), []
    for threads in THREADS:
        engine = Engine(network, lively_weights(network), BATCH, threads=threads)
        made.append(engine.predict(x))
        if name != "behind a convolution":
            np.testing.assert_array_equal(engine.predict(x[:5]), made[0][:5])
        engine.close()
    for other in made[1:]:
        np.testing.assert_array_equal(other, made[0])


def test_the_copy_follows_the_weights():
    network = many_weights()
    x, target = pictures(network, BATCH), np.arange(BATCH) % 5
    engine = Engine(network, lively_weights(network), BATCH, threads=2)
    for seed in (0, 1):
        weights = lively_weights(network, seed)
        engine.set_weights(weights)
        _near(engine, network, weights, x)
    for _ in range(2):
        assert engine.train_step(x, target, 0.05, Momentum()).finite
        _near(engine, network, engine.weights(), x)
    engine.add_piece(x, target, first=True)
    engine.update_from_pieces(0.05, Momentum())
    _near(engine, network, engine.weights(), x)
    engine.close()


def test_the_copy_is_made_once_for_the_same_weights(monkeypatch):
    network, packs = many_weights(), []
    true = packed.packing.pack_turned_panels
    monkeypatch.setattr(packed.packing, "pack_turned_panels", lambda *given: (packs.append(1), true(*given)))
    x, target = pictures(network, BATCH), np.arange(BATCH) % 5
    engine = Engine(network, lively_weights(network), BATCH, threads=1)
    engine.find_gradients(x, target)
    assert not packs
    for count in (BATCH, 3, BATCH):
        engine.predict(x[:count])
        engine.evaluate(x[:count], target[:count])
    assert len(packs) == len(_copies(engine)) == 2
    engine.close()


def test_training_takes_no_memory_for_a_copy():
    network = many_weights()
    x, target = pictures(network, BATCH), np.arange(BATCH) % 5
    engine = Engine(network, lively_weights(network), BATCH, threads=1)
    engine.train_step(x, target, 0.01, Momentum())
    before = engine.scratch_bytes
    engine.train_step(x, target, 0.01, Momentum())
    assert engine.scratch_bytes == before
    engine.predict(x)
    after = engine.scratch_bytes
    assert 4 * (364 * 410 + 410 * 340) <= after - before <= 4.5 * (364 * 416 + 410 * 352)
    engine.predict(x)
    assert engine.scratch_bytes == after
    engine.close()


def test_training_does_not_notice_answers_in_between():
    network, found = many_weights(), []
    x, target = pictures(network, BATCH), np.arange(BATCH) % 5
    for answers in (False, True):
        engine, optimizer = Engine(network, lively_weights(network), BATCH, threads=2), Momentum()
        for _ in range(3):
            engine.train_step(x, target, 0.05, optimizer)
            if answers:
                engine.predict(x)
        found.append(engine.weights())
        engine.close()
    for name, weights in found[0].items():
        np.testing.assert_array_equal(weights, found[1][name], name)


@pytest.mark.parametrize(("units", "batch", "copies"), [
    (4 * LANES, 7, 0 if LANES == 16 else 1), (4 * LANES, 8, 1), (LANES, 64, 0), (2 * LANES + 1, 64, 0)])
def test_a_copy_is_made_only_where_it_pays(units, batch, copies):
    engine = Engine(_wide(units), lively_weights(_wide(units)), batch, threads=1, training=False)
    assert len(_copies(engine)) == copies
    engine.close()


def test_very_many_weights_are_not_copied(monkeypatch):
    network = _wide(4 * LANES)
    monkeypatch.setattr(packed, "_MOST", 1 << 17)
    weights, x = lively_weights(network), pictures(network, BATCH)
    engine = Engine(network, weights, BATCH, threads=2)
    assert not _copies(engine)
    _near(engine, network, weights, x)
    engine.close()

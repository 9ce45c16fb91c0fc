"""A convolution of one pixel that writes past the caches: only where its reader can wait, and always the same bits."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps.pointwise import PointwiseConvolution
from core.kernels import simd
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.train.optimizers import Momentum
from tests.core.engine.agreement import disagreement, lively_weights
from tests.core.networks import Drawing

pytestmark = pytest.mark.skipif(not COMPILED, reason="streams belong to the compiled kernels")
SHAPE, BATCH = (8, 16, 16), 20
MANY, READER = {"filters": 64, "kernel": 1}, {"filters": 48, "kernel": 5, "padding": "same"}


def _end(drawing, *sources):
    return drawing.add("GlobalAveragePool2D", "G", *sources).add("Dense", "D", units=4).network


def _start(**settings):
    return Drawing().add("Input", "I", shape=SHAPE).add("Conv2D", "P", **MANY | settings).add("ReLU", "R")


def _read_by(reader, **settings):
    return _end(_start(**settings).add("Conv2D", "Q", **READER | reader))


def _pooled():
    return _end(_start().add("MaxPool2D", "M", kernel=2).add("Conv2D", "Q", **READER))


def _read_twice():
    drawing = _start().add("Conv2D", "Q", "R", **READER).add("Conv2D", "O", "R", **READER)
    return _end(drawing.add("Add", "S", "Q", "O"))


NETWORKS = {
    "much work behind": (_read_by({}), True), "a stride behind": (_read_by({"stride": 2, "filters": 192}), False),
    "little work behind": (_read_by({"filters": 24}), False), "nearly nothing behind": (_read_by({"kernel": 1}), False),
    "a short cut behind": (_read_by({"filters": 128, "kernel": 3}), False), "pooled": (_pooled(), False),
    "read twice": (_read_twice(), False), "a mean behind": (_end(_start()), False),
    "few filters": (_read_by({}, filters=16), False), "filters of no whole tile": (_read_by({}, filters=72), False)}
CAN = 2 * LANES % simd.LINE == 0


def _engine(network, threads=1, batch=BATCH):
    return Engine(network, lively_weights(network), batch, threads=threads)


def _streaming(engine):
    return [step for step in engine._plan.steps if isinstance(step, PointwiseConvolution) and step._forward[0][6]]


@pytest.mark.parametrize("name", NETWORKS)
def test_who_streams(name):
    network, expected = NETWORKS[name]
    engine = _engine(network)
    assert len(_streaming(engine)) == (CAN and expected)
    engine.close()


def test_a_small_output_stays_in_the_caches():
    engine = _engine(_read_by({}), batch=2)
    assert not _streaming(engine)
    engine.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_bits_stay_the_same(threads):
    network, rng = NETWORKS["much work behind"][0], np.random.default_rng(0)
    x, target, found = rng.normal(size=(BATCH, *SHAPE)).astype(np.float32), np.arange(BATCH) % 4, []
    for streams in (True, False):
        engine = _engine(network, threads)
        if not streams:
            for step in _streaming(engine):
                for sizes in step._forward:
                    sizes[6] = 0
        optimizer = Momentum(momentum=0.9)
        losses = [engine.train_step(x[:count], target[:count], 0.01, optimizer) for count in (BATCH, 7, BATCH)]
        found.append((losses, engine.predict(x)))
        engine.close()
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_gradients_are_those_of_the_definitions():
    assert disagreement(NETWORKS["much work behind"][0], BATCH) < 1e-4

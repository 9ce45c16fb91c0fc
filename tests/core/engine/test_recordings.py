"""What an engine keeps of the batches it plays, when that goes, and what it times; nothing without compilation."""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

from core.engine import pool as pools
from core.engine import tape
from core.engine.engine import Engine
from core.kernels.jit import COMPILED
from core.train.optimizers import OPTIMIZERS
from tests.core.engine import agreement
from tests.core.engine.agreement import lively_weights, pictures
from tests.core.networks import every_layer, small_cnn

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    """As if there were two, whatever this machine has."""
    if not COMPILED:
        pytest.skip("compilation is switched off")
    monkeypatch.setattr(pools, "processor_count", lambda: 2)


@pytest.fixture
def engines():
    """Makes engines and closes them."""
    made = []

    def make(network, largest, threads=2):
        made.append(Engine(network, lively_weights(network), largest, threads=threads))
        return made[-1]

    yield make
    for each in made:
        each.close()


# Memory ---------------------------------------------------------------------------------------------------------


def used(network):
    """An engine that plays, and has timed its layers."""
    engine, x, target = Engine(network, lively_weights(network), 5, threads=2), pictures(network, 5), np.arange(5) % 3
    engine.train_step(x, target, 0.01, OPTIMIZERS["momentum"]())
    engine.evaluate(x, target)
    engine.time_layers(x, target, 1)
    return engine


def test_an_engine_with_recordings_is_freed_at_once(monkeypatch):
    monkeypatch.setattr(tape, "BEFORE", 0)
    network = every_layer()
    used(network).close()  # the compiler, should it have to run, leaves circles behind
    gc.collect()
    gc.disable()
    try:
        engine = used(network)
        (recorded, *_), *_ = engine._runner._score._played.values()
        left = [weakref.ref(each) for each in (engine, engine._runner, recorded._recording, engine._plan.build.arena,
                                               engine._parameters.weights)]
        del recorded
        engine.close()
        del engine
        assert [each() for each in left] == [None] * 5
    finally:
        gc.enable()


def recorded_bytes(engine: Engine) -> int:
    found = 0
    for kept in engine._runner._score._played.values():
        for each in kept:
            recording = each._recording
            found += recording.table.nbytes + recording._words.nbytes + recording._copies.nbytes
    return found


def test_recordings_neither_grow_nor_hold_batches(monkeypatch, engines):
    monkeypatch.setattr(tape, "BEFORE", 0)
    network = agreement.lenet()
    engine, x, target = engines(network, 16), pictures(network, 16), np.arange(16) % 10
    batch = weakref.ref(x)
    engine.predict(x)
    engine.find_gradients(x, target)
    held = recorded_bytes(engine)
    assert 0 < held < 500_000
    x = pictures(network, 16, 1)
    for _ in range(20):
        engine.predict(x)
        engine.find_gradients(x, target)
    assert batch() is None
    assert recorded_bytes(engine) == held


def test_of_a_hundred_lengths_only_some_are_kept(monkeypatch, engines):
    monkeypatch.setattr(tape, "BEFORE", 1)
    network = small_cnn()
    engine, x = engines(network, 100), pictures(network, 100)
    wanted = engine.predict(x)
    lengths = []
    for count in range(1, 101):
        for _ in range(3):
            assert np.array_equal(engine.predict(x[:count]), wanted[:count])
        engine.predict(x[:7])
        lengths.append(len(engine._runner._score._played))
    assert max(lengths) == tape._MOST
    kept = [key[1] for key in engine._runner._score._played]
    assert 7 in kept
    assert kept[0] > 80
    assert recorded_bytes(engine) < 500_000


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("before", [0, 2])
def test_layers_are_timed_on_tape_each_time_anew(monkeypatch, engines, threads, before):
    """Each time with a clock of its own, and what training plays goes on as it was."""
    monkeypatch.setattr(tape, "BEFORE", before)
    network = agreement.residual()
    engine, x, target = engines(network, 6, threads), pictures(network, 6), np.arange(6) % 4
    (wanted,) = {engine.find_gradients(x, target) for _ in range(3)}
    for count in (6, 6, 2, 6):
        times = engine.time_layers(x[:count], target[:count], 3)
        assert min(min(each.forward + each.backward) for each in times.steps.values() if each.backward[0]) > 0
        assert times.steps["C2"].forward[0] > 0
        assert times.steps["C2"].backward[0] > 0
        assert sum(key[0] == "timed" for key in engine._runner._score._played) <= 1
        assert engine.find_gradients(x, target) == wanted


# Without compilation --------------------------------------------------------------------------------------------


SCRIPT = """
import numpy as np
from core.engine.engine import Engine
from core.train.optimizers import OPTIMIZERS
from tests.core.engine.agreement import lively_weights, pictures
from tests.core.networks import small_cnn
network = small_cnn()
engine = Engine(network, lively_weights(network), 5, threads=2)
x, target, optimizer = pictures(network, 5), np.arange(5), OPTIMIZERS["momentum"]()
losses = [engine.train_step(x, target, 0.05, optimizer).loss for _ in range(6)]
answers = [engine.predict(x[:3]).tobytes() for _ in range(4)]
times = engine.time_layers(x, target, 2)
assert losses[-1] < losses[0] and len(set(answers)) == 1 and min(times.steps["C1"].forward) > 0
print(len(engine._runner._score._played))
engine.close()
"""


def test_without_compilation_nothing_is_recorded():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
                          capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr

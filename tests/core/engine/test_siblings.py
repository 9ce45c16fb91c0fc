"""A convolution with a stride and a 1×1 of the same maps, worked on by turns: right, and the same as one by one."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.explain import uses
from core.engine.steps.siblings import Siblings
from core.kernels.jit import COMPILED
from tests.core.engine.agreement import disagreement, lively_weights, pictures, same_for_any_threads
from tests.core.networks import Drawing

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
LARGE = {"filters": 32, "kernel": 3, "stride": 2, "padding": 1}
SMALL = {"filters": 19, "kernel": 1, "stride": 2}
BATCH = 19


def _maps(size=(9, 8)):
    drawing = Drawing().add("Input", "I", shape=(3, *size)).add("Conv2D", "C", filters=16, kernel=1)
    return drawing.add("BatchNorm", "N").add("ReLU", "R")


def _pair(large=(), small=(), size=(9, 8), behind=("BatchNorm", "ReLU"), first="L"):
    """Both read R; behind each come layers of its own, and all of it ends in one vector."""
    drawing = _maps(size)
    settings = {"L": LARGE | dict(large), "S": SMALL | dict(small)}
    for name in sorted(settings, reverse=first == "S"):
        drawing.add("Conv2D", name, "R", **settings[name])
        for number, kind in enumerate(behind):
            drawing.add(kind, f"{name}{number}")
        drawing.add("GlobalAveragePool2D", f"{name}_end")
    return _end(drawing, "L_end", "S_end")


def _end(drawing, *sources):
    return drawing.add("Concatenate", "All", *sources).add("Dense", "D", units=4).add("Softmax", "X").network


def _read_again(first="L"):
    """What each makes is read twice, so that gradients are added up between the two on the way back."""
    drawing = _maps()
    for name in sorted("LS", reverse=first == "S"):
        drawing.add("Conv2D", name, "R", **(LARGE if name == "L" else SMALL))
    for name in "LS":
        drawing.add("ReLU", f"{name}0", name).add("Tanh", f"{name}1", name)
        for number in "01":
            drawing.add("GlobalAveragePool2D", f"{name}{number}_end", f"{name}{number}")
    return _end(drawing, "L0_end", "L1_end", "S0_end", "S1_end")


def _three():
    drawing = _maps().add("Conv2D", "L", "R", **LARGE)
    for name in "ST":
        drawing.add("Conv2D", name, "R", **SMALL)
    for name in "LST":
        drawing.add("GlobalAveragePool2D", f"{name}_end", name)
    return _end(drawing, "L_end", "S_end", "T_end")


NETWORKS = {
    "normalised": _pair(), "the small one first": _pair(first="S"), "bare": _pair(behind=()),
    "with ReLU": _pair(behind=("ReLU",)), "without bias": _pair({"bias": False}, {"bias": False}),
    "one frozen": _pair(small={"frozen": True}), "the other frozen": _pair({"frozen": True}),
    "strides that differ": _pair(small={"stride": (3, 1)}), "rows that do not follow": _pair(size=(9, 9)),
    "many filters": _pair(small={"filters": 50}), "a wide picture": _pair(size=(3, 150)),
    "read again": _read_again(), "read again, the small one first": _read_again("S"), "three readers": _three()}


def _siblings(engine):
    return {step for step in engine._plan.siblings.values() if isinstance(step, Siblings)}


@pytest.mark.parametrize("name", NETWORKS)
def test_right(name):
    network = NETWORKS[name]
    engine = Engine(network, lively_weights(network), BATCH, threads=2)
    assert len(_siblings(engine)) == 1
    engine.close()
    assert disagreement(network, BATCH) <= 2e-5


@pytest.mark.parametrize("name", ["normalised", "read again, the small one first", "three readers"])
def test_the_same_bits_as_one_by_one(name):
    network, found = NETWORKS[name], []
    x = pictures(network, BATCH)
    for apart in (False, True):
        engine = Engine(network, lively_weights(network), BATCH, threads=2)
        if apart:
            engine._plan.siblings.clear()
            engine._runner = type(engine._runner)(engine._plan, engine._pool)
        engine.find_gradients(x, np.arange(BATCH) % 4)
        found.append({**engine.gradients(), "answer": engine.predict(x)})
        engine.close()
    for key, made in found[0].items():
        np.testing.assert_array_equal(made, found[1][key], key)


@pytest.mark.parametrize("name", ["normalised", "read again"])
@pytest.mark.parametrize("batch", [19, 37])
def test_the_same_bits_for_any_number_of_threads(name, batch):
    assert same_for_any_threads(NETWORKS[name], batch)


def test_an_engine_that_only_answers():
    network, x = NETWORKS["normalised"], pictures(NETWORKS["normalised"], BATCH)
    found = []
    for training in (True, False):
        engine = Engine(network, lively_weights(network), BATCH, threads=2, training=training)
        assert len(_siblings(engine)) == 1
        found.append(engine.predict(x))
        engine.close()
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("pooled", ["L", "S"])
def test_one_with_a_pool_behind_it_works_alone(pooled):
    drawing = _maps().add("Conv2D", "L", "R", **LARGE).add("Conv2D", "S", "R", **SMALL)
    for name in "LS":
        drawing.add("MaxPool2D" if name == pooled else "ReLU", f"{name}0", name)
        drawing.add("GlobalAveragePool2D", f"{name}_end")
    network = _end(drawing, "L_end", "S_end")
    engine = Engine(network, lively_weights(network), BATCH, threads=1)
    assert not _siblings(engine)
    engine.close()
    assert disagreement(network, BATCH) <= 2e-5


def test_few_pictures_are_worked_on_one_by_one():
    network = NETWORKS["normalised"]
    engine = Engine(network, lively_weights(network), 7, threads=2)
    assert not _siblings(engine)
    engine.close()
    assert disagreement(network, 7) <= 2e-5


def test_where_only_one_leads_to_what_is_wanted_the_other_rests():
    network = NETWORKS["bare"]
    engine = Engine(network, lively_weights(network), BATCH, threads=1)
    plan, works = engine._plan, []
    for name in "LS":
        phases = plan.phases(backward=False, wanted=[network.names[name]])
        works.append([work.__self__ for phase in phases if isinstance(phase, list) for work in phase])
    assert [[step.name for step in steps if step.name in "LS"] for steps in works] == [["L"], ["S"]]
    assert not any(isinstance(step, Siblings) for steps in works for step in steps)
    engine.close()


def test_their_time_is_that_of_the_larger_one():
    network = NETWORKS["normalised"]
    engine = Engine(network, lively_weights(network), BATCH, threads=2)
    times = engine.time_layers(pictures(network, BATCH), np.arange(BATCH) % 4, 2)
    engine.close()
    assert times.together == {"S": "L"}
    assert "S" not in times.steps
    assert min(times.steps["L"].forward + times.steps["L"].backward) > 0


def test_people_are_told_of_both():
    found = uses(NETWORKS["normalised"])
    assert found["L"].reason.endswith("; by turns with S, as both read the same maps")
    assert found["S"].reason.endswith("; by turns with L, as both read the same maps")
    assert found["S"].kernel == "pointwise"
    assert "by turns" not in found["C"].reason

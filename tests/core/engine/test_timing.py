"""Clocks beside the steps of a training pass: every step gets its time, and the gradients stay what they are."""

import numpy as np
import pytest

from core.engine.engine import Engine
from tests.core.engine.agreement import lively_weights, pictures, residual


@pytest.mark.parametrize("threads", [1, 2])
def test_every_step_is_timed_and_the_gradients_stay_what_they_are(threads):
    network = residual()
    x, target = pictures(network, 5), np.arange(5) % 4
    engine = Engine(network, lively_weights(network), 6, threads=threads)
    try:
        engine.find_gradients(x, target)
        wanted = engine.gradients()
        times = engine.time_layers(x, target, 3)
        made = engine.gradients()
    finally:
        engine.close()
    steps = times.steps
    assert {"C1", "B1", "C2", "P1", "Join", "G1", "D1"} <= steps.keys()
    assert all(len(each.forward) == len(each.backward) == 3 for each in steps.values())
    assert min(steps["C2"].forward + steps["C2"].backward) > 0
    assert len(times.between) == 3
    assert min(times.between) > 0
    assert all(np.array_equal(made[name], array) for name, array in wanted.items())

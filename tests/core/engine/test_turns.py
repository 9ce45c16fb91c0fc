"""Chunks of a batch that come to the same sums in their order."""

import threading

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.turns import Turn, Turns
from tests.core.engine.agreement import lively_weights, many_filters, pictures


def test_whoever_comes_first_waits_for_those_before():
    turn, seen = Turn(Turns()), []

    def come(chunk):
        turn.wait(chunk)
        seen.append(chunk)
        turn.pass_on(chunk)

    threads = [threading.Thread(target=come, args=(chunk,)) for chunk in (3, 1, 2)]
    for thread in threads:
        thread.start()
    assert seen == []
    come(0)
    for thread in threads:
        thread.join(10)
    assert seen == [0, 1, 2, 3]


def test_nobody_waits_for_one_who_failed():
    turns, failed = Turns(), []
    turn = Turn(turns)

    def come():
        try:
            turn.wait(1)
        except RuntimeError as error:
            failed.append(str(error))

    thread = threading.Thread(target=come)
    thread.start()
    turns.give_up()
    thread.join(10)
    assert failed == ["another thread failed before this one had its turn"]
    turns.begin()
    turn.pass_on(0)
    turn.wait(1)


def test_a_thread_that_fails_ends_the_step_and_not_the_engine(monkeypatch):
    network = many_filters()
    x, target, weights = pictures(network, 12), np.arange(12) % 5, lively_weights(network)
    engine = Engine(network, weights, 12, threads=3)
    try:
        wanted = engine.find_gradients(x, target)
        step = next(each for each in engine._plan.steps if each.name == "Tanh8")
        working = step.backward

        def fail(first, end, thread):
            if first <= 4 < end:
                raise ZeroDivisionError
            working(first, end, thread)

        monkeypatch.setattr(step, "backward", fail)
        phases = engine._runner.plan.phases(backward=True)
        with pytest.raises((ZeroDivisionError, RuntimeError)):
            engine._runner.execute(phases)
        assert engine.find_gradients(x, target) == wanted
    finally:
        engine.close()


def test_gradients_of_pieces_do_not_hang_on_what_was_packed_last():
    """Forward, backward and forward again without an update in between, in both modes."""
    network = many_filters()
    x, target = pictures(network, 12), np.arange(12) % 5
    engine = Engine(network, lively_weights(network), 12, threads=2)
    try:
        answers, loss = engine.predict(x), engine.find_gradients(x, target)
        gradients = engine.gradients()
        assert np.array_equal(engine.predict(x), answers)
        assert engine.find_gradients(x, target) == loss
        assert all(np.array_equal(each, gradients[name]) for name, each in engine.gradients().items())
    finally:
        engine.close()

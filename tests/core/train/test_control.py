"""Steering a training between two batches."""

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import CoreError
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Preparing, Started
from core.train.fit import fit
from core.train.job import Job
from tests.core.networks import small_cnn, weights_of
from tests.core.train.plans import DIGITS, OPTIONS, Plan, train


def steered(actions: dict[int, tuple[str, float]], plan: Plan | None = None) -> tuple[Control, list[Any]]:
    """Events until a pause or the end; `actions` are applied after that many batches."""
    control, events = Control(), []
    generator = fit(Job(plan or Plan(), DIGITS, 1), control)
    for event in generator:
        if isinstance(event, Preparing):
            continue
        events.append(event)
        control.saw(event)
        done = sum(isinstance(each, BatchDone) for each in events)
        if isinstance(event, BatchDone) and done in actions:
            control.apply(*actions[done])
        if control.paused:
            break
    generator.close()
    return control, events


def test_stop_ends_after_the_batch():
    _, events = steered({5: ("stop", 0.0)})
    assert sum(isinstance(event, BatchDone) for event in events) == 5
    assert events[-1].reason == "stopped"
    assert events[-1].progress["pictures"] == 5 * 32


def test_stop_before_the_first_batch_trains_nothing():
    control = Control()
    for event in fit(Job(Plan(), DIGITS, 1), control):
        if isinstance(event, Started):
            control.apply("stop")
        assert not isinstance(event, BatchDone)
    assert event.reason == "stopped"
    assert all(np.array_equal(array, event.weights[name]) for name, array in weights_of(small_cnn()).items())


def test_a_training_given_up_while_it_is_prepared_leaves_no_threads():
    before = threading.active_count()
    generator = fit(Job(Plan(), None, 2))
    assert isinstance(next(generator), Preparing)
    generator.close()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_one_batch_and_one_epoch_end_in_a_pause():
    control = Control(paused=True)
    control.apply("batch")
    assert not control.paused
    control.saw(BatchDone(1, 1, 1.0, 0.5, 10.0))
    assert control.paused
    control.apply("epoch")
    control.saw(BatchDone(1, 2, 1.0, 0.5, 10.0))
    assert not control.paused
    control.saw(EpochDone(1, 1.0, 0.5, None, None, 1.0))
    assert control.paused
    control.apply("resume")
    control.saw(BatchDone(2, 1, 1.0, 0.5, 10.0))
    assert not control.paused


def test_a_pause_is_between_two_batches():
    _, events = steered({3: ("pause", 0.0)})
    assert sum(isinstance(event, BatchDone) for event in events) == 3


def test_a_new_learning_rate_counts_from_the_next_batch():
    plain, slow = steered({10: ("pause", 0.0)})[1], steered({5: ("rate", 1e-9), 10: ("pause", 0.0)})[1]
    losses = [[event.loss for event in events if isinstance(event, BatchDone)] for events in (plain, slow)]
    assert losses[0][:6] == losses[1][:6]
    assert losses[0][6:] != losses[1][6:]


def test_an_unknown_action_is_refused():
    with pytest.raises(CoreError, match="it knows pause, resume"):
        Control().apply("jump")


def test_patience_ends_a_training_that_gets_no_better():
    events = train(Plan(options=replace(OPTIONS, epochs=100, learning_rate=0.05, patience=2)))
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert events[-1].reason == "patience"
    assert len(epochs) < 100
    best = int(np.argmin([epoch.validation_loss for epoch in epochs]))
    assert len(epochs) - 1 - best == 2

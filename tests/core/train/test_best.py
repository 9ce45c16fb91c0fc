"""Early stopping gives back the weights of the best epoch, and loses nothing that going on exactly needs."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import TrainingError
from core.graph.shapes import running
from core.train.events import Finished
from core.train.fit import fit
from core.train.job import Job
from core.train.prepare import memory_needs
from tests.core.train.interrupting import dataset, fingerprint, go_on, project_of, through_a_file

# A rate so large that later epochs are worse.
RESTLESS = {"optimizer": "sgd", "learning_rate": 0.5, "patience": 3, "epochs": 40}


def finished(project, *, resume=False):
    return list(fit(Job(project, dataset(), 1, resume)))[-1]


def best_of(history):
    return min(history, key=lambda epoch: epoch.validation_loss).epoch


def same(first, second):
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def test_the_weights_are_those_of_the_best_epoch():
    project = project_of(**RESTLESS)
    history = go_on(project)[0].history
    best = best_of(history)
    assert len(history) == best + 3
    end = finished(project)
    assert isinstance(end, Finished)
    assert (end.reason, end.best_epoch, end.epoch) == ("patience", best, best + 3)
    there = finished(replace(project, options=replace(project.options, patience=0, epochs=best)))
    assert there.best_epoch == 0
    assert same(end.weights, there.weights)
    assert (end.test_loss, end.test_accuracy) == (there.test_loss, there.test_accuracy)


def test_the_last_weights_wait_for_a_training_of_more_epochs():
    project = project_of(**RESTLESS)
    ended = through_a_file(go_on(project)[0])
    more = replace(ended, options=replace(ended.options, patience=0, epochs=len(ended.history) + 2))
    straight = replace(project, options=replace(more.options))
    assert same(go_on(more)[0].weights, go_on(straight)[0].weights)


def test_more_patience_goes_on_to_the_same_bits():
    project = project_of(**RESTLESS)
    ended = through_a_file(go_on(project)[0])
    patient = {"patience": 6, "epochs": len(ended.history) + 2}
    found = go_on(replace(ended, options=replace(ended.options, **patient)))[0]
    straight = go_on(replace(project, options=replace(project.options, **patient)))[0]
    assert fingerprint(found) == fingerprint(straight)


def test_what_is_stopped_keeps_its_last_weights_and_the_best_beside_them():
    project = project_of(**RESTLESS)
    best = best_of(go_on(project)[0].history)
    stopped, reason = go_on(project, 9 * best + 4)
    assert reason == "stopped"
    there = finished(replace(project, options=replace(project.options, patience=0, epochs=best)))
    kept = {name.removesuffix(".best"): array for name, array in stopped.state.items() if name.endswith(".best")}
    assert same(kept, there.weights)
    assert not same(stopped.weights, there.weights)
    assert stopped.progress["best"] == {"epoch": best}


def test_without_patience_or_validation_nothing_is_kept():
    for options in ({"patience": 0}, {"patience": 3, "validation": 0.0}):
        done = go_on(project_of(**options))[0]
        assert not [name for name in done.state if name.endswith((".best", ".last"))]
        assert "best" not in done.progress


def test_weights_of_another_network_are_refused():
    ended = go_on(project_of(**RESTLESS))[0]
    state = {name: array[..., :1] if name == "F1.weight.last" else array for name, array in ended.state.items()}
    with pytest.raises(TrainingError, match="do not fit this network any more"):
        go_on(replace(ended, state=state, options=replace(ended.options, patience=9)))


def test_the_copy_is_counted_in_memory():
    project = project_of()
    inference = running(project.network)
    without, with_it = (memory_needs(inference, replace(project.options, patience=number), 1, 1)(64)
                        for number in (0, 3))
    assert with_it - without == 4 * sum(array.size for array in finished(project).weights.values() if array.size) - \
        4 * 2 * 3  # the running mean and variance of three channels are not trained

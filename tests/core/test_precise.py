"""The option Precise: it reaches every engine, is kept in the file, and a training goes on with it."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from core.data.dataset import Dataset
from core.engine.engine import Engine
from core.engine.planned import planned_bytes
from core.graph.model import Model
from core.inspect.mistakes import How, measure
from core.inspect.predict import predict
from core.inspect.sizes import gradient_sizes
from core.kernels.jit import COMPILED
from core.project import Project
from core.train.control import Control
from core.train.fit import Training
from core.train.job import Job
from core.train.progress import changed
from tests.core.engine.agreement import chain, lively_weights, pictures
from tests.core.train.interrupting import dataset, fingerprint, go_on, project_of, through_a_file

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")


def _network(shape=(16, 8, 8)):
    """A 3×3 convolution that would run in blocks, and one that never does."""
    return chain(shape, ("Conv2D", {"filters": 16, "padding": 1}), "ReLU", ("Conv2D", {"filters": 32, "padding": 1}),
                 "MaxPool2D", "Flatten", ("Dense", {"units": 10}), "Softmax")


def _engine(**options):
    network = _network()
    return Engine(network, lively_weights(network), 8, threads=2, **options)


def test_it_forgoes_blocks_and_says_so():
    fast, precise = _engine(), _engine(precise=True)
    assert any(text.startswith("winograd:") for text in fast.choices().values())
    assert not any(text.startswith("winograd:") for text in precise.choices().values())
    assert "Precise is on" in precise.choices()["Conv2D0"]
    for engine in (fast, precise):
        engine.close()


@pytest.mark.parametrize("precise", [False, True])
def test_memory_is_counted_with_it(precise):
    engine = _engine(precise=precise)
    assert planned_bytes(_network(), 8, 2, "adam", precise=precise) == engine.training_bytes("adam")
    engine.close()


def test_it_keeps_a_digit_more_in_all_that_the_engine_puts_out():
    network, x = _network(), pictures(_network(), 8)
    exact = Model(network, lively_weights(network)).outputs(x, ["Conv2D2"])["Conv2D2"]
    errors = []
    for precise in (False, True):
        engine = _engine(precise=precise)
        made = engine.outputs(x, ["Conv2D2"])["Conv2D2"]
        errors.append(float(np.abs(made - exact).max() / np.abs(exact).max()))
        engine.close()
    assert 2 * errors[1] < errors[0] < 3e-5
    assert errors[1] < 1e-5


def _project(**options):
    """A project on the digits whose second convolution would run in blocks."""
    network = chain((1, 8, 8), ("Conv2D", {"filters": 16, "padding": 1}), "ReLU",
                    ("Conv2D", {"filters": 16, "padding": 1}), "ReLU", "MaxPool2D", "Flatten",
                    ("Dense", {"units": 10}), "Softmax")
    return project_of(network, epochs=2, **options)


@pytest.mark.parametrize("precise", [False, True])
def test_a_training_takes_it(precise):
    training = Training(Job(_project(precise=precise), dataset(), 1), Control())
    with contextlib.closing(training.events()) as events:
        next(event for event in events if training.prepared is not None)
        kernels = {text.partition(":")[0] for text in training.prepared.engine.choices().values()}
    assert ("winograd" in kernels) is not precise


def test_it_is_kept_and_a_training_goes_on_with_it():
    project = _project(precise=True)
    straight = go_on(project)[0]
    stopped = through_a_file(go_on(project, 5)[0])
    assert stopped.options.precise
    assert changed(stopped) == ("", ())
    assert fingerprint(go_on(stopped, threads=2)[0]) == fingerprint(straight)
    assert fingerprint(go_on(_project())[0])[0] != fingerprint(straight)[0], "it makes a difference at all"


def test_changing_it_while_a_training_waits_is_said():
    stopped = go_on(_project(precise=True), 5)[0]
    assert changed(replace(stopped, options=replace(stopped.options, precise=False))) == ("", ("precise",))


def test_projects_of_before_are_without_it():
    assert not Project().options.precise


def test_what_looks_and_measures_takes_it():
    network, x = _network(), pictures(_network(), 8)
    weights = lively_weights(network)
    assert not np.array_equal(predict(network, weights, x), predict(network, weights, x, precise=True))
    data = Dataset("d", "D", (16, 8, 8), tuple("0123456789"), x, np.arange(8), x, np.arange(8))
    losses = {measure(network, weights, data, How(precise=precise)).loss for precise in (False, True)}
    assert len(losses) == 2
    project = Project(network, weights)
    batch = (x, np.arange(8))
    precise = replace(project, options=replace(project.options, precise=True))
    assert gradient_sizes(project, batch) != gradient_sizes(precise, batch)

"""Paused anywhere, kept in a file, opened elsewhere: the same bits as if nothing had happened."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import TrainingError
from core.formats import open_file, save_file
from core.project import Project
from core.settings import settings_of
from core.train.options import OPTIMIZERS, SCHEDULES, TrainOptions
from tests.core.networks import Drawing
from tests.core.train.interrupting import fingerprint, go_on, project_of, through_a_file

ROOT = Path(__file__).resolve().parents[3]
PATIENT = 300


def in_another_process(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.core.train.interrupting", str(folder)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENT, check=False)
    assert found.returncode == 0, found.stderr


def test_every_optimizer_and_schedule_in_another_process(tmp_path):
    """One process goes on with all of them: with two threads where one began, behind 1 to 26 batches of 27."""
    chance, straight = random.Random(3), {}
    for optimizer in OPTIMIZERS:
        for schedule in SCHEDULES:
            project = project_of(optimizer=optimizer, schedule=schedule, schedule_patience=1, patience=2, clip=1.0,
                                 weight_decay=0.001, learning_rate=0.003)
            name = f"{optimizer}-{schedule}"
            straight[name] = fingerprint(go_on(project)[0])
            stopped, reason = go_on(project, chance.randint(1, 26))
            assert reason in ("stopped", "patience")
            save_file(stopped, tmp_path / f"{name}.gbnet")
    in_another_process(tmp_path)
    for name, expected in straight.items():
        found = fingerprint(open_file(tmp_path / f"{name}.gbnet"))
        assert found == expected, name


def test_plateau_and_patience_go_on_counting():
    """A rate so large that not every epoch is better: it falls, and the training ends, in the same epochs."""
    options = {"optimizer": "sgd", "learning_rate": 0.5, "schedule": "plateau", "schedule_patience": 1, "patience": 2,
               "epochs": 40}
    straight, reason = go_on(project_of(**options))
    assert reason == "patience"
    assert straight.progress["schedule"]["factor"] < 1
    for batches in (9, 28, 9 * len(straight.history) - 9, 9 * len(straight.history) - 1):
        stopped, why = go_on(project_of(**options), batches)
        assert why == "stopped"
        assert fingerprint(go_on(through_a_file(stopped))[0]) == fingerprint(straight)
    again, reason = go_on(through_a_file(straight))
    assert (reason, again.history) == ("patience", straight.history), "what ended early has ended"


def test_interrupted_again_and_again():
    project = project_of(optimizer="adam", schedule="cosine")
    now = project
    for place, batches in enumerate((1, 2, 8, 9, 10, 17, 18, 25, 26)):
        now, reason = go_on(now, batches, threads=1 + place % 2)
        assert reason == "stopped"
        now = through_a_file(now)
    assert fingerprint(go_on(now)[0]) == fingerprint(go_on(project)[0])


def test_augmented_pictures_and_whole_sets_go_on():
    for options in ({}, {"mode": "batch"}, {"mode": "stochastic", "epochs": 2}):
        project = project_of(**options)
        project = replace(project, data=replace(project.data, reflect=True, translate=True, crop=True))
        straight = go_on(project)[0]
        batches = straight.progress["batches"]
        stopped = go_on(project, batches + batches // 2, epoch_batches=batches)[0]
        assert stopped.progress["epoch"] in (2, 3)
        assert fingerprint(go_on(through_a_file(stopped), epoch_batches=batches, threads=2)[0]) == fingerprint(straight)


def tiny(**options: object) -> Project:
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat").add("Dropout", "D", rate=0.1)
    return project_of(drawing.add("Dense", "F", units=10).network, epochs=2, **options)


STRAIGHT: dict[str, object] = {}


@given(batches=st.integers(1, 17), again=st.integers(1, 17), optimizer=st.sampled_from(OPTIMIZERS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_interrupted_anywhere(batches, again, optimizer):
    if optimizer not in STRAIGHT:
        STRAIGHT[optimizer] = fingerprint(go_on(tiny(optimizer=optimizer))[0])
    now = through_a_file(go_on(tiny(optimizer=optimizer), batches)[0])
    if again > batches:
        now = through_a_file(go_on(now, again, threads=2)[0])
    assert fingerprint(go_on(now)[0]) == STRAIGHT[optimizer]


def test_the_seconds_of_an_epoch_are_those_of_both_halves():
    stopped = go_on(project_of(), 5)[0]
    stopped = replace(stopped, progress={**stopped.progress, "seconds": 1000.0})
    history = go_on(stopped)[0].history
    assert history[0].seconds > 1000
    assert history[1].seconds < 500


# what does not fit ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped() -> Project:
    return go_on(project_of(), 13)[0]


def test_another_network_data_or_order_is_refused_with_what_to_do(stopped):
    network = stopped.network
    smaller = replace(stopped, network=network.change(network.names["Drop"], rate=0.5))
    with pytest.raises(TrainingError, match=r"The network has changed .* paused: go on from its weights, or rewind"):
        go_on(smaller)
    for name, words in (("seed", "seed"), ("validation", "share for validation")):
        other = replace(stopped, options=replace(stopped.options, **{name: 0.2 if name == "validation" else 9}))
        with pytest.raises(TrainingError, match=f"The {words} has changed since"):
            go_on(other)
    for change in ({"normalise": False}, {"reflect": True}):
        with pytest.raises(TrainingError, match="The treatment of the pictures has changed since"):
            go_on(replace(stopped, data=replace(stopped.data, **change)))
    made = {**stopped.progress["made"], "data": "00000000"}
    with pytest.raises(TrainingError, match="The data have changed since"):
        go_on(replace(stopped, progress={**stopped.progress, "made": made}))


def test_a_renamed_layer_goes_on_unless_its_noise_follows_from_its_name(stopped):
    network = stopped.network
    renamed = stopped.with_network(network.rename(network.names["C1"], "Eyes"))
    found, straight = go_on(renamed)[0], go_on(stopped)[0]
    np.testing.assert_array_equal(found.weights["Eyes.weight"], straight.weights["C1.weight"])
    with pytest.raises(TrainingError, match="The network has changed"):
        go_on(stopped.with_network(network.rename(network.names["Drop"], "Rain")))


def test_every_layer_with_noise_is_known_by_its_name():
    from core.layers import LAYERS
    from core.train.progress import RANDOM

    for name, kind in LAYERS.items():
        if "rng" in kind.forward.__code__.co_names:
            assert name in RANDOM, f"{name} draws random numbers; add it to RANDOM"


def test_more_epochs_another_rate_and_other_options_go_on(stopped):
    longer = replace(stopped, options=replace(stopped.options, epochs=4, learning_rate=0.002, patience=9))
    assert len(go_on(longer)[0].history) == 4
    other = replace(stopped, options=replace(stopped.options, batch_size=32, clip=1.0))
    assert len(go_on(other)[0].history) == 3


# hostile --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [
    {"epoch": "two"}, {"epoch": 0}, {"epoch": 10**15}, {"epoch": 1.5}, {"batch": -1}, {"pictures": -3},
    {"pictures": 10**6}, {"correct": 10**6}, {"loss": "x"}, {"seconds": -1.0}, {"mean": "x"}, {"spread": [0.0]},
    {"mean": [1.0, 2.0]}, {"made": 3}, {"made": {"options": []}}, {"patience": 3}, {"patience": {"waited": -1}},
    {"patience": {"waited": "x"}}, {"patience": {"best": [1]}}, {"patience": {"best": True}}, {"good": {"first": "x"}},
    {"loss": float("inf")}, {"seconds": float("nan")},
], ids=str)
def test_counters_that_cannot_be_are_refused(stopped, change):
    with pytest.raises(TrainingError, match="rewind"):
        go_on_as_it_is(replace(stopped, progress={**stopped.progress, **change}))


def go_on_as_it_is(project: Project) -> None:
    from core.train.fit import fit
    from core.train.job import Job
    from tests.core.train.interrupting import dataset

    list(fit(Job(project, dataset(), 1, resume=True)))


@pytest.mark.parametrize("state", [{"factor": 0}, {"factor": 2.0}, {"factor": "x"}, {"best": "x"}, {"waited": -1}],
                         ids=str)
def test_schedules_that_cannot_be_are_refused(state):
    stopped = go_on(project_of(schedule="plateau"), 10)[0]
    with pytest.raises(TrainingError, match="rewind"):
        go_on_as_it_is(replace(stopped, progress={**stopped.progress, "schedule": state}))


def zeros(*shape: int, dtype: object = np.float32) -> np.ndarray:
    return np.zeros(shape, dtype)


@pytest.mark.parametrize("change", [
    {"C1.weight.mean": zeros(3, 1, 3, 2)}, {"C1.weight.mean": zeros(27)}, {"C1.weight.mean": None},
    {"C1.weight.mean": zeros(3, 1, 3, 3, dtype=np.int64)}, {"C1.weight.other": zeros(3, 1, 3, 3)},
    {"Other.weight.mean": zeros(1)},
    {"steps": np.array([-1])}, {"steps": np.array([1, 2])}, {"steps": np.array([1.5])},
    {"B1.running_mean.mean": zeros(3)},
], ids=str)
def test_state_of_another_shape_kind_or_name_is_refused(stopped, change):
    state = {name: array for name, array in {**stopped.state, **change}.items() if array is not None}
    with pytest.raises(TrainingError, match="rewind"):
        go_on_as_it_is(replace(stopped, state=state))


def test_every_option_is_either_free_or_watched():
    """A new option must not be forgotten: what a training is made of holds all of them."""
    stopped = go_on(project_of(), 1)[0]
    assert set(stopped.progress["made"]["options"]) == set(settings_of(TrainOptions))

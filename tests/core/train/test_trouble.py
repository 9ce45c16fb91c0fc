"""Trainings that diverge or cannot start."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.dataset import Dataset
from core.errors import CoreError, DataError, MemoryRefused, NetworkError
from core.graph.network import Network
from core.graph.shapes import running
from core.train import memory
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Failed, Started
from core.train.fit import Training, fit
from core.train.job import Job
from core.train.options import TrainOptions
from core.train.prepare import memory_needs
from tests.core.networks import Drawing, small_cnn, weights_of
from tests.core.train.plans import DIGITS, OPTIONS, Plan, few, train


@pytest.mark.parametrize(("optimizer", "rate", "words"), [
    ("sgd", 1e6, "The loss grew to"), ("adam", 1e6, "The loss grew to"), ("sgd", 1e9, "grew beyond all bounds")])
def test_divergence_stops_at_once_names_the_layer_and_keeps_good_weights(optimizer, rate, words):
    deep = optimizer == "sgd" and rate == 1e9
    plan = Plan(deep_network() if deep else small_cnn(), replace(OPTIONS, optimizer=optimizer, learning_rate=rate))
    events = train(plan, dataset=few(600))
    failed, batches = events[-1], [event for event in events if isinstance(event, BatchDone)]
    assert isinstance(failed, Failed)
    assert failed.layer in plan.network.names
    assert failed.layer in failed.message
    assert words in failed.message
    assert f"learning rate of {rate / 10:,.0f} instead of {rate:,.0f}" in failed.message
    assert all(np.isfinite(batch.loss) for batch in batches)
    assert failed.batch == len(batches) + 1
    for name, array in weights_of(plan.network).items():
        np.testing.assert_array_equal(failed.weights[name], array)


def deep_network() -> Network:
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat")
    for number in range(5):
        drawing.add("Dense", f"D{number}", units=10)
    return drawing.network


def test_weights_from_before_a_late_divergence_are_kept():
    control, losses = Control(), []
    for event in fit(Job(Plan(options=replace(OPTIONS, optimizer="sgd", epochs=9)), DIGITS, 1), control):
        if isinstance(event, EpochDone) and event.epoch == 2:
            losses.append(event.train_loss)
            control.apply("rate", 1e30)
    assert isinstance(event, Failed)
    assert all(np.isfinite(array).all() for array in event.weights.values())
    after = train(Plan(weights=event.weights, options=replace(OPTIONS, learning_rate=1e-9, epochs=1)))
    assert next(each for each in after if isinstance(each, EpochDone)).train_loss < losses[0]


def test_a_picture_that_is_no_number_is_blamed_on_the_data():
    pictures = DIGITS.pictures("train", slice(0, 64)).copy()
    pictures[:, 0, 0, 0] = np.nan
    broken = few(64, scale=1.0)
    broken = replace(broken, train_x=pictures, test_x=DIGITS.pictures("test", slice(0, 64)))
    failed = train(Plan(), dataset=broken)[-1]
    assert (failed.layer, failed.batch) == ("Input", 1)
    assert "pixel that is no number" in failed.message


def refused(plan: Plan, kind: type[CoreError], dataset: Dataset = DIGITS) -> str:
    with pytest.raises(kind) as caught:
        train(plan, dataset=dataset)
    return caught.value.message


def test_a_network_with_problems_is_refused_with_all_of_them():
    network = small_cnn().change("n2", kernel=20)
    network = network.add(network.new_node("Add"))
    message = refused(Plan(network), NetworkError)
    assert "C1 needs at least 20×20 but gets 8×8" in message
    assert "Add needs 2 inputs" in message


def test_classes_that_do_not_match_are_refused_with_the_setting_to_change():
    six = few(100, classes=tuple("abcdef"))
    assert refused(Plan(), DataError, six) == ("The last layer puts out 10 numbers but the data has 6 classes: "
                                               "set F1's units to 6.")
    maps = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C9", filters=4)
    assert refused(Plan(maps.add("GlobalAveragePool2D", "G").network), DataError).endswith("set C9's filters to 10.")
    flat = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat").network
    assert refused(Plan(flat), DataError).endswith("put a Dense layer of 10 units at the end.")


def test_maps_at_the_end_are_refused():
    network = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Conv2D", "C9", filters=10).network
    assert "C9, puts out 10×6×6" in refused(Plan(network), DataError)


def test_two_inputs_are_refused():
    drawing = Drawing().add("Input", "Left", shape=(4,))
    drawing.last = ""
    two_inputs = drawing.add("Input", "Right", shape=(4,)).add("Add", "Sum", "Left", "Right").network
    assert "one Input" in refused(Plan(two_inputs), NetworkError)


def test_too_little_memory_is_said_before_anything_is_allocated(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 50_000_000)
    monkeypatch.setattr("core.train.prepare.Engine", None)
    assert "this computer has 50 MB free. Make the network smaller" in refused(Plan(), MemoryRefused)


def test_large_batches_are_refused_and_a_smaller_one_is_named(monkeypatch):
    options = TrainOptions(batch_size=1024, epochs=1)
    needs = memory_needs(running(Plan().network), options, None, 64)
    monkeypatch.setattr(memory, "available_bytes", lambda: needs(256) + memory.PROCESS_BYTES)
    text = refused(Plan(options=options), MemoryRefused)
    assert "at batch 1,024, this computer has" in text
    assert "A batch of 256 would need" in text


def test_a_tight_training_says_so(monkeypatch):
    job = Job(Plan(options=TrainOptions(batch_size=8)))
    needs = memory_needs(running(job.project.network), job.project.options, None, 64)
    assert needs(8) == needs(64) < needs(128)
    monkeypatch.setattr(memory, "available_bytes", lambda: int((needs(8) + memory.PROCESS_BYTES) / 0.9))
    training = Training(job, Control())
    events = training.events()
    started = next(event for event in events if isinstance(event, Started))
    assert "Other programs may become slow" in started.notes[-1]
    assert training.prepared.engine.training_bytes("adam") < needs(8)
    events.close()


def test_large_networks_are_measured_in_batches_no_larger_than_those_of_the_training(monkeypatch):
    """The limit follows from the network and not from what is free, so that results do not depend on the machine."""
    monkeypatch.setattr("core.train.job.PIECE_BYTES", 5_000)
    training = Training(Job(Plan(options=TrainOptions(batch_size=8))), Control())
    events = training.events()
    next(event for event in events if isinstance(event, Started))
    assert training.prepared.engine.batch == 8
    events.close()

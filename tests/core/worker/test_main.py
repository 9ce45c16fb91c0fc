"""The worker as a real process: requests, training, watching, steering, and every way it can end."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data.load import load
from core.formats import open_file, save_file
from core.graph.network import Network
from core.project import DataChoice, Project
from core.train.events import BatchDone, EpochDone, Failed, Finished, Started
from core.train.fit import fit
from core.train.job import Job
from core.train.options import TrainOptions
from core.train.preview import preview
from core.worker.messages import (
    Cancel,
    Checkpoint,
    Control,
    DataSeen,
    Done,
    ExportFile,
    LookAtAugmented,
    LookAtData,
    Measure,
    OpenFile,
    Progress,
    Ready,
    Refused,
    Seen,
    Train,
    Trained,
    Warm,
    Watch,
)
from tests.core.networks import Drawing, small_cnn, weights_of
from tests.core.worker.client import Client

ROOT = Path(__file__).resolve().parents[3]
PROJECT = Project(small_cnn(), data=DataChoice("digits"), options=TrainOptions(epochs=3, learning_rate=0.01))
LONG = replace(PROJECT, options=replace(PROJECT.options, epochs=100_000))


@pytest.fixture(scope="module")
def client():
    """One worker for all tests that leave it alive."""
    with Client() as worker:
        worker.until(lambda message: isinstance(message, Ready))
        yield worker


# requests with one answer ---------------------------------------------------------------------------------------------


def test_warming_up_tells_how_far_it_is_and_ends_once(client):
    number = client.ask(Warm(0, small_cnn()))
    client.until(lambda message: isinstance(message, Done) and message.number == number)
    assert any(isinstance(message, Progress) and message.number == number for message in client.said)
    assert isinstance(client.answer(Warm(0, Network())), Done), "a half-built drawing is no reason to refuse"


def test_a_data_set_is_shown(client):
    seen = client.answer(LookAtData(0, "digits")).result
    assert isinstance(seen, DataSeen)
    assert (seen.shape, seen.train, seen.test, len(seen.classes)) == ((1, 8, 8), 1437, 360, 10)
    assert seen.samples.shape == (64, 1, 8, 8)
    assert 0 <= seen.samples.min() < seen.samples.max() == 1
    assert len(seen.labels) == 64


def test_augmented_pictures_are_those_of_the_training(client):
    project = replace(PROJECT, data=DataChoice("digits", translate=True, reflect=True))
    seen = client.answer(LookAtAugmented(0, project, 4, 3)).result
    expected = preview(project, load("digits"), 4, 3)
    assert seen.epochs.shape == (3, 4, 1, 8, 8)
    assert np.array_equal(seen.epochs, expected.epochs)
    assert np.array_equal(seen.originals, expected.originals)
    assert seen.labels == expected.labels
    assert "must not be mirrored" in seen.notes[0]
    refused = client.answer(LookAtAugmented(0, replace(project, data=DataChoice("/nowhere")), 4, 3))
    assert isinstance(refused, Refused)


def test_measuring_gives_figures_and_the_surest_mistakes(client):
    measured = client.answer(Measure(0, PROJECT)).result
    assert measured.confusion.shape == (10, 10)
    assert measured.confusion.sum() == 360
    assert len(measured.mistakes) == len(measured.pictures) == 64
    _, truth, answer, probability = measured.mistakes[0]
    assert truth != answer
    assert 0.1 < probability <= 1


def test_a_project_is_exported_compared_and_opened(client, tmp_path):
    pytest.importorskip("onnxruntime")
    project = replace(PROJECT, weights=weights_of(PROJECT.network))
    exported = client.answer(ExportFile(0, project, "onnx", str(tmp_path / "net.onnx"))).result
    assert 0 <= exported.max_difference <= 1e-5
    assert (exported.pictures, exported.note) == (360, "")
    client.answer(ExportFile(0, project, "gbnet", str(tmp_path / "net.gbnet")))
    opened = client.answer(OpenFile(0, str(tmp_path / "net.gbnet"))).result
    assert set(opened.weights) == set(project.weights)
    foreign = client.answer(OpenFile(0, str(tmp_path / "net.onnx"))).result
    assert all(np.array_equal(foreign.weights[name], array) for name, array in project.weights.items())


@pytest.mark.parametrize(("request_", "words"), [
    (OpenFile(0, "/no/such/file.gbnet"), "no file"), (LookAtData(0, "digitz"), "Did you mean digits"),
    (Measure(0, Project()), "empty"), (ExportFile(0, PROJECT, "onnx", "/no/such/folder/x.onnx"), "no folder"),
    (Watch(0, "C9", project=PROJECT), "C9 is not part")], ids=lambda value: type(value).__name__)
def test_what_cannot_be_is_refused_in_words(client, request_, words):
    refused = client.answer(request_)
    assert isinstance(refused, Refused)
    assert words in refused.message
    assert not refused.details


def test_a_file_that_nobody_waits_for_any_more_is_not_handed_over(client, tmp_path):
    client.answer(ExportFile(0, PROJECT, "gbnet", str(tmp_path / "net.gbnet")))
    number = client.answer(OpenFile(0, str(tmp_path / "net.gbnet"))).number
    client.send(Cancel(number + 1))
    refused = client.answer(OpenFile(0, str(tmp_path / "net.gbnet")))
    assert isinstance(refused, Refused)
    assert refused.message == "Stopped."
    assert isinstance(client.answer(OpenFile(0, str(tmp_path / "net.gbnet"))), Done)


def test_kernels_that_nobody_waits_for_any_more_are_left(client):
    """A large network was opened and left for another one: its kernels must not keep the training waiting."""
    number = client.answer(Warm(0, small_cnn())).number
    client.send(Cancel(number + 1))
    refused = client.answer(Warm(0, small_cnn()))
    assert isinstance(refused, Refused)
    assert refused.message == "Stopped."
    assert isinstance(client.answer(Warm(0, small_cnn())), Done)


def test_a_bug_is_told_with_its_details_and_the_worker_lives_on(client):
    refused = client.answer(Measure(0, None))
    assert isinstance(refused, Refused)
    assert "Traceback" in refused.details
    assert isinstance(client.answer(LookAtData(0, "digits")), Done)


# watching without a training ------------------------------------------------------------------------------------------


def test_a_layer_of_a_test_picture_is_seen(client):
    number = client.ask(Watch(0, "C1", index=3, project=PROJECT))
    seen = client.until(lambda message: isinstance(message, Seen))
    assert (seen.number, seen.layer, seen.channels, seen.training) == (number, "C1", 8, False)
    assert seen.maps.shape == (8, 6, 6)
    assert seen.filters.shape == (8, 1, 3, 3)
    assert seen.picture.shape == (1, 8, 8)
    assert seen.truth in "0123456789"
    assert len(seen.prediction) == 5
    assert client.answer(Watch(0, None))


def test_a_picture_of_ones_own_is_fitted(client):
    picture = np.zeros((1, 28, 28), np.float32)
    picture[0, 5:20, 12:15] = 1
    client.ask(Watch(0, "F1", picture, project=PROJECT))
    seen = client.until(lambda message: isinstance(message, Seen))
    assert (seen.maps.shape, seen.picture.shape, seen.truth) == ((10,), (1, 8, 8), None)
    assert seen.filters.shape == (10, 8, 3, 3)


def test_every_watch_ends_once(client):
    first = client.ask(Watch(0, "C1", project=PROJECT))
    second = client.ask(Watch(0, "R1", project=PROJECT))
    end = client.ask(Watch(0, None))
    client.until(lambda message: isinstance(message, Done) and message.number == end)
    for number in (first, second, end):
        ends = [message for message in client.said if isinstance(message, Done | Refused) and message.number == number]
        assert len(ends) == 1


# training -------------------------------------------------------------------------------------------------------------


def test_a_training_is_the_same_as_in_the_command_line(client):
    number = client.ask(Train(0, PROJECT))
    finished = client.event((Finished, Failed))
    expected = list(fit(Job(PROJECT)))[-1]
    assert finished.reason == "done"
    assert finished.test_accuracy == expected.test_accuracy
    for name, array in expected.weights.items():
        np.testing.assert_array_equal(finished.weights[name], array)
    events = client.events(number)
    assert sum(isinstance(event, Finished | Failed) for event in events) == 1
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [1, 2, 3]
    started = next(event for event in events if isinstance(event, Started))
    first = next(event for event in events if isinstance(event, BatchDone))
    assert (first.batch, first.points) == (1, ()), "the first batch is told at once"
    points = [point for event in events if isinstance(event, BatchDone)
              for point in event.points or ((event.epoch, event.batch, event.loss, event.accuracy),)]
    assert [point[:2] for point in points] == [(epoch, batch) for epoch in (1, 2, 3)
                                               for batch in range(1, started.batches + 1)]


def test_messages_of_batches_come_at_most_20_times_a_second(client):
    client.ask(Train(0, LONG))
    client.event(Started)
    client.event(EpochDone)
    began = time.monotonic()
    came = client.quiet(1.0)
    seconds = time.monotonic() - began
    batches = [message for message in came if isinstance(message, Trained) and isinstance(message.event, BatchDone)]
    epochs = [message for message in came if isinstance(message, Trained) and isinstance(message.event, EpochDone)]
    assert len(batches) <= 20 * seconds + len(epochs) + 2
    assert sum(len(message.event.points) for message in batches) > 100
    client.send(Control("stop"))
    assert client.event(Finished, 5).reason == "stopped"


def test_a_training_is_watched_live(client):
    client.ask(Train(0, LONG))
    client.event(Started)
    number = client.ask(Watch(0, "C1"))
    first = client.until(lambda message: isinstance(message, Seen) and message.number == number)
    came = [message for message in client.quiet(1.0) if isinstance(message, Seen)]
    assert first.training
    assert 3 <= len(came) <= 12
    assert not np.array_equal(first.filters, came[-1].filters)
    refused = client.answer(Watch(0, "C9"))
    assert "not part of the network that trains" in refused.message
    client.send(Control("stop"))
    client.event(Finished)
    assert not [message for message in client.quiet(0.3) if isinstance(message, Seen)]


def test_pause_single_steps_and_other_requests_meanwhile(client):
    number = client.ask(Train(0, LONG, paused=True))
    client.event(Started)
    assert not [message for message in client.quiet(0.3) if isinstance(message, Trained)], "the brake is on"
    client.send(Control("batch"))
    assert client.event(BatchDone).batch == 1
    assert not [message for message in client.quiet(0.3) if isinstance(message, Trained)]
    assert isinstance(client.answer(LookAtData(0, "digits")), Done), "other requests are answered in a pause"
    client.send(Control("epoch"))
    assert client.event(EpochDone).epoch == 1
    assert not [message for message in client.quiet(0.3) if isinstance(message, Trained)]
    client.send(Control("resume"))
    client.event(EpochDone)
    assert isinstance(client.answer(Measure(0, PROJECT)), Done), "and while it runs"
    other = client.ask(Train(0, PROJECT))
    refused = client.until(lambda message: isinstance(message, Trained) and message.number == other).event
    assert "A training is running" in refused.message
    client.send(Control("stop"))
    assert client.event(Finished, 5).reason == "stopped"
    assert sum(isinstance(event, Finished | Failed) for event in client.events(number)) == 1


@pytest.mark.parametrize("through_a_file", [False, True])
def test_a_training_goes_on_where_it_was_stopped(client, tmp_path, through_a_file):
    client.ask(Train(0, PROJECT, paused=True))
    client.event(Started)
    client.send(Control("epoch"))
    client.event(EpochDone)
    client.send(Control("stop"))
    stopped = client.event(Finished)
    project = replace(PROJECT, weights=stopped.weights, state=stopped.state, progress=stopped.progress)
    if through_a_file:
        client.answer(ExportFile(0, project, "gbnet", str(tmp_path / "stopped.gbnet")))
        project = client.answer(OpenFile(0, str(tmp_path / "stopped.gbnet"))).result
    client.ask(Train(0, project, resume=True))
    finished = client.event(Finished)
    for name, array in list(fit(Job(PROJECT)))[-1].weights.items():
        np.testing.assert_array_equal(finished.weights[name], array)


def test_each_pause_sends_all_that_going_on_needs_and_the_next_training_may_come_at_once(client):
    number = client.ask(Train(0, PROJECT, paused=True))
    client.event(Started)
    client.send(Control("batch"))
    paused = client.until(lambda message: isinstance(message, Checkpoint) and message.paused and
                          message.progress["batch"] == 1)
    assert paused.number == number
    client.send(Control("stop"))
    client.ask(Train(0, replace(PROJECT, weights=paused.weights, state=paused.state, progress=paused.progress),
                     resume=True))
    client.until(lambda message: isinstance(message, Trained) and message.number == number
                 and isinstance(message.event, Finished))
    _same_as_straight(client.event(Finished))


def _same_as_straight(finished):
    for name, array in list(fit(Job(PROJECT)))[-1].weights.items():
        np.testing.assert_array_equal(finished.weights[name], array)


def test_a_killed_worker_loses_nothing_before_its_last_checkpoint(tmp_path):
    """Ended by the system after a checkpoint in the middle of an epoch; another process goes on from a file."""
    with Client() as worker:
        worker.ask(Train(0, PROJECT, threads=1, paused=True))
        worker.event(Started)
        for _ in range(3):
            worker.send(Control("batch"))
            worker.event(BatchDone)
        kept = worker.until(lambda message: isinstance(message, Checkpoint) and message.progress["batch"] == 3)
        worker.send(Control("resume"))
        worker.event(BatchDone)
        worker.process.kill()
        worker.process.join(10)
    project = replace(PROJECT, weights=kept.weights, state=kept.state, progress=kept.progress)
    save_file(project, tmp_path / "kept.gbnet")
    with Client() as worker:
        worker.ask(Train(0, open_file(tmp_path / "kept.gbnet"), threads=2, resume=True))
        _same_as_straight(worker.event(Finished))


def test_a_stop_while_preparing_ends_it(client):
    number = client.ask(Train(0, LONG))
    client.send(Control("stop"))
    assert client.event(Finished, 5).reason == "stopped"
    client.quiet(0.2)
    assert sum(isinstance(event, Finished | Failed) for event in client.events(number)) == 1


def test_what_cannot_be_trained_fails_with_a_sentence(client):
    client.ask(Train(0, replace(PROJECT, network=Drawing().add("Input", "Input").add("ReLU", "R").network)))
    failed = client.event(Failed)
    assert "one number for each of the 10 classes" in failed.message
    assert not failed.details
    client.ask(Train(0, replace(PROJECT, options=replace(PROJECT.options, learning_rate=1e6))))
    failed = client.event(Failed)
    assert failed.layer in PROJECT.network.names
    assert all(np.isfinite(array).all() for array in failed.weights.values())


def test_weights_are_sent_up_while_it_trains(client):
    client.ask(Train(0, LONG))
    checkpoint = client.until(lambda message: isinstance(message, Checkpoint), 20)
    assert checkpoint.epoch >= 1
    assert set(checkpoint.weights) == set(weights_of(PROJECT.network))
    client.send(Control("stop"))
    client.event(Finished)

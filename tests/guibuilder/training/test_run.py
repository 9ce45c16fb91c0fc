"""The run between buttons and events: every state, every ending, and what the document keeps of it."""

from dataclasses import replace

import numpy as np
import pytest

from core.project import Project
from core.train.events import Failed, Preparing
from core.worker.messages import Checkpoint, Control
from guibuilder.document import Document
from guibuilder.training.run import TrainingRun
from guibuilder.training.state import State
from tests.guibuilder.parts import CLASSES, Scripted, batch, epoch, finished, started, tiny


def trained(run: TrainingRun, worker: Scripted, epochs: int = 3, value: float = 1.0) -> None:
    """A whole training."""
    run.start()
    first = run.document.project.history[-1].epoch + 1 if run.document.project.history else 1
    worker.tell(started(epochs))
    for number in range(1, epochs + 1):
        worker.tell(batch(number, 10), epoch(number, 1 / (first + number)))
    worker.tell(finished(last=epochs, value=value))


def test_start_asks_for_the_document_as_it_is(run: TrainingRun, worker: Scripted, document: Document):
    states = []
    run.state_changed.connect(states.append)
    run.start()
    request = worker.last("Train")
    assert request.project is document.project
    assert not request.paused
    assert not request.resume
    assert run.state is State.PREPARING
    worker.tell(Preparing("Compiling", 3, 12))
    assert run.preparing == Preparing("Compiling", 3, 12)
    worker.tell(started())
    assert states == [State.PREPARING, State.RUNNING]


def test_end_gives_the_document_weights_and_history_in_one_step(run: TrainingRun, worker: Scripted, document: Document):
    trained(run, worker)
    assert run.state is State.FINISHED
    assert document.undo_stack.undoText() == "Train 3 epochs"
    assert document.undo_stack.count() == 1
    project = document.project
    assert [each.epoch for each in project.history] == [1, 2, 3]
    assert project.weights["C1.weight"].shape == (4, 1, 3, 3)
    assert project.classes == CLASSES
    assert project.progress == {"epoch": 4}
    document.undo_stack.undo()
    assert not document.project.weights
    assert run.figures.empty
    document.undo_stack.redo()
    assert document.project.weights
    assert len(run.figures.epochs) == 3


def test_second_training_goes_on_and_undo_brings_the_earlier_weights_back(run: TrainingRun, worker: Scripted,
                                                                          document: Document):
    trained(run, worker, value=1.0)
    trained(run, worker, value=2.0)
    assert not worker.last("Train").resume
    assert [each.epoch for each in document.project.history] == [1, 2, 3, 4, 5, 6]
    assert run.place.first_epoch == 4
    assert document.project.weights["C1.weight"][0, 0, 0, 0] == 2.0
    document.undo_stack.undo()
    assert document.project.weights["C1.weight"][0, 0, 0, 0] == 1.0
    assert len(document.project.history) == 3


def test_stopped_training_is_kept_and_goes_on_exactly_there(run: TrainingRun, worker: Scripted, document: Document):
    run.start()
    worker.tell(started(), batch(1, 10), epoch(1), batch(2, 1))
    run.stop()
    assert worker.sent == [Control("stop")]
    all_arrays = {name: np.zeros(spec.shape, np.float32) for name, spec in _specs(document).items()}
    worker.tell(replace(finished("stopped", last=1), weights=all_arrays, progress={"epoch": 2, "batch": 1}))
    assert run.state is State.IDLE
    assert document.undo_stack.undoText() == "Train 1 epoch"
    assert run.goes_on
    run.start()
    assert worker.last("Train").resume
    worker.tell(started(3, first=2))
    assert run.place.first_epoch == 2
    assert run.place.epochs == 3


def _specs(document: Document):
    network, inference = document.network, document.inference
    return {f"{network.nodes[key].name}.{name}": spec for key, gets in inference.inputs.items()
            for name, spec in network.nodes[key].layer.arrays(*gets).items()}


def test_pause_and_resume(run: TrainingRun, worker: Scripted):
    run.pause()
    assert not worker.sent
    run.start()
    worker.tell(started())
    run.toggle()
    assert run.state is State.PAUSED
    worker.tell(batch(1, 4))
    assert run.state is State.PAUSED
    run.toggle()
    assert run.state is State.RUNNING
    assert worker.sent == [Control("pause"), Control("resume")]


def test_one_batch_from_nothing_starts_with_the_brake_on(run: TrainingRun, worker: Scripted):
    run.one_batch()
    assert worker.last("Train").paused
    worker.tell(started())
    assert worker.sent == [Control("batch")]
    worker.tell(batch(1, 1))
    assert run.state is State.PAUSED
    run.one_batch()
    assert run.state is State.RUNNING
    worker.tell(batch(1, 2))
    assert run.state is State.PAUSED
    assert run.place.batch == 2


def test_one_epoch_pauses_at_its_end(run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started())
    run.one_epoch()
    worker.tell(batch(1, 5), batch(1, 10))
    assert run.state is State.RUNNING
    worker.tell(epoch(1))
    assert run.state is State.PAUSED
    assert worker.sent == [Control("epoch")]


def test_stop_while_preparing_is_at_once_and_late_events_are_ignored(run: TrainingRun, worker: Scripted,
                                                                     document: Document):
    run.start()
    run.stop()
    assert run.state is State.IDLE
    worker.tell(started(), batch(1, 1), finished("stopped"))
    assert run.state is State.IDLE
    assert document.undo_stack.count() == 0


def test_worker_that_does_not_stop_is_replaced(run: TrainingRun, worker: Scripted, qtbot):
    run._patience.setInterval(20)
    run.start()
    worker.tell(started(), batch(1, 1))
    run.stop()
    qtbot.waitUntil(lambda: worker.restarts == 1)
    assert run.state is State.FAILED
    assert "does not answer" in run.trouble.message


def test_divergence_leaves_the_document_and_offers_a_smaller_rate(run: TrainingRun, worker: Scripted,
                                                                  document: Document):
    before = document.project
    run.start()
    good = {"C1.weight": np.ones((4, 1, 3, 3), np.float32)}
    worker.tell(started(), batch(1, 4), Failed("The numbers in C1 grew beyond all bounds.", "C1", 1, 5, good))
    assert run.state is State.FAILED
    assert document.project is before
    assert run.trouble.layer == "C1"
    again, keep = run.trouble.remedies
    assert again.text == "Use learning rate 0.001 and try again"
    keep.act()
    assert document.project.weights == good
    document.undo_stack.undo()
    again.act()
    assert document.project.options.learning_rate == 0.001
    assert run.state is State.PREPARING
    assert worker.last("Train").project.options.learning_rate == 0.001


def test_dismissed_failure_shows_the_document_again(run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started(), batch(1, 4), Failed("Bad.", "C1", 1, 5))
    assert not run.figures.empty
    run.dismiss()
    assert run.state is State.IDLE
    assert run.figures.empty


def test_refusal_is_said_with_its_words(run: TrainingRun, worker: Scripted):
    run.start()
    worker.refuse(worker.last("Train"), "The last layer puts out 10 numbers but the data has 6 classes.")
    assert run.state is State.FAILED
    assert "6 classes" in run.trouble.message


def test_death_of_the_worker_is_said_and_training_works_again(run: TrainingRun, worker: Scripted, document: Document):
    before = document.project
    run.start()
    worker.tell(started(), batch(1, 4))
    worker.die("The training process was killed.")
    assert run.state is State.FAILED
    assert run.trouble.message.startswith("The training process was killed.")
    assert document.project is before
    run.trouble.remedies[0].act()
    worker.tell(started())
    assert run.state is State.RUNNING


def test_death_after_the_end_is_no_failure_of_the_run(run: TrainingRun, worker: Scripted):
    trained(run, worker)
    worker.die("The training process was killed.")
    assert run.state is State.FINISHED


def test_network_with_problems_never_reaches_the_worker(run: TrainingRun, worker: Scripted, document: Document):
    network = document.network
    document.edit("Large kernel", network=network.change(network.names["C1"], kernel=20))
    run.start()
    assert worker.count("Train") == 0
    assert run.state is State.FAILED
    assert run.trouble.layer == "C1"
    assert "20×20" in run.trouble.message


def test_layer_renamed_while_training_keeps_its_weights(run: TrainingRun, worker: Scripted, document: Document):
    run.start()
    worker.tell(started(), epoch(1))
    document.edit("Rename", network=document.network.rename(document.network.names["C1"], "Eyes"))
    worker.tell(finished(last=1))
    assert set(document.project.weights) == {"Eyes.weight", "Eyes.bias"}
    assert not run.stale


def test_network_edited_while_training_makes_the_figures_stale(run: TrainingRun, worker: Scripted, document: Document):
    run.start()
    worker.tell(started(), epoch(1))
    document.edit("Move", network=document.network.move({document.network.names["C1"]: (5.0, 5.0)}))
    assert not run.stale
    document.edit("Filters", network=document.network.change(document.network.names["C1"], filters=7))
    assert run.stale
    document.undo_stack.undo()
    assert not run.stale


def test_learning_rate_changed_while_training_is_sent(run: TrainingRun, worker: Scripted, document: Document):
    run.start()
    worker.tell(started())
    document.edit("Rate", options=replace(document.project.options, learning_rate=0.5))
    document.edit("Epochs", options=replace(document.project.options, epochs=9))
    assert worker.sent == [Control("rate", 0.5)]


def test_start_over_forgets_and_can_be_undone(run: TrainingRun, worker: Scripted, document: Document):
    trained(run, worker)
    run.start_over()
    assert not document.project.weights
    assert run.figures.empty
    document.undo_stack.undo()
    assert document.project.weights


def test_another_document_ends_the_run(run: TrainingRun, worker: Scripted, document: Document):
    run.start()
    worker.tell(started(), epoch(1))
    document.load(tiny(seed=3))
    assert worker.sent == [Control("stop")]
    assert run.state is State.IDLE
    assert run.figures.empty
    worker.tell(finished())
    assert not document.project.weights


def test_figures_are_told_once_a_round(run: TrainingRun, worker: Scripted):
    told = []
    run.start()
    run.advanced.connect(lambda: told.append(run.place.batch))
    worker.tell(started(), *(batch(1, number) for number in range(1, 9)))
    assert told == [8]


def test_time_left_follows_from_rate_and_share(run: TrainingRun, worker: Scripted):
    run.start()
    worker.tell(started(epochs=4))
    assert run.place.seconds_left is None
    worker.tell(batch(1, 10), epoch(1), batch(2, 10))
    assert run.place.share == pytest.approx(0.5)
    assert run.place.seconds_left == pytest.approx(2 * 320 / 1000)


def test_death_keeps_the_last_checkpoint(run: TrainingRun, worker: Scripted, document: Document):
    run.start()
    worker.tell(started(), epoch(1), epoch(2))
    weights = {"C1.weight": np.full((4, 1, 3, 3), 7, np.float32)}
    worker.told.emit(Checkpoint(worker.last("Train").number, 1, weights))
    worker.die("The training process was killed.")
    assert run.trouble.message == "The training process was killed. What was learned up to epoch 1 is kept."
    assert document.project.weights == weights
    assert [each.epoch for each in document.project.history] == [1]
    run.trouble.remedies[0].act()
    assert worker.last("Train").project.weights == weights
    document.undo_stack.undo()
    assert not document.project.weights


def test_compiling_before_the_first_training_is_shown(run: TrainingRun, worker: Scripted, document: Document):
    document.load(tiny(seed=1))
    assert worker.last("Warm").network is document.network
    worker.progress.emit(worker.warming, "Compiling the kernels", 2, 9)
    worker.drained.emit()
    assert run.state is State.IDLE
    assert run.preparing == Preparing("Compiling the kernels", 2, 9)
    run.start()
    worker.progress.emit(worker.warming, "Compiling the kernels", 5, 9)
    assert run.preparing.done == 5


def test_warmed_worker_says_nothing_more(run: TrainingRun, worker: Scripted):
    worker.warm()
    worker.progress.emit(worker.warming, "Compiling the kernels", 2, 9)
    request, worker.warming = worker.last("Warm"), 0
    worker.answer(request, None)
    assert not run.preparing.text


def test_empty_document_is_not_warmed(run: TrainingRun, worker: Scripted, document: Document):
    document.load(Project())
    assert worker.count("Warm") == 0


def test_a_batch_that_memory_would_not_hold_is_made_smaller_by_one_click(run: TrainingRun, worker: Scripted,
                                                                          document: Document):
    run.start()
    worker.tell(Failed("Training needs 9.4 GB at batch 64, this computer has 7.6 GB free.", fitting_batch=16))
    assert run.state is State.FAILED
    (remedy,) = run.trouble.remedies
    assert remedy.text == "Use batch 16"
    remedy.act()
    assert document.project.options.batch_size == 16
    assert worker.last("Train").project.options.batch_size == 16
    assert run.state is State.PREPARING


def test_what_was_wrong_with_the_drawing_goes_with_the_next_edit(run: TrainingRun, document: Document):
    document.edit("Cut", network=document.network.disconnect(document.network.edges[0]))
    run.start()
    assert run.state is State.FAILED
    assert run.trouble is not None
    document.edit("Another name", options=replace(document.project.options, epochs=9))
    assert run.state is State.FAILED, "still the same drawing"
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert (run.state, run.trouble) == (State.IDLE, None)

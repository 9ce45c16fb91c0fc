"""Training as a generator of events: learning, their order and figures, what is said once."""

from dataclasses import replace

import numpy as np
import pytest

from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Finished, Preparing, Started
from core.train.fit import Training, fit
from core.train.job import LOGITS_NOTE, Job, normalisation
from tests.core.networks import Drawing, small_cnn
from tests.core.train.plans import DIGITS, OPTIONS, Data, Plan, few, train


def test_it_learns_the_digits():
    finished = train(Plan(options=replace(OPTIONS, epochs=6)))[-1]
    assert finished.reason == "done"
    assert finished.test_accuracy > 0.95
    assert finished.test_loss < 0.2
    assert finished.images_per_second > 0


def test_events_come_in_order():
    events = train(Plan())
    started, finished = events[0], events[-1]
    assert (started.epochs, started.train, started.validation, started.test) == (2, 1293, 144, 360)
    assert started.batches == 41
    kinds = [type(event) for event in events]
    assert kinds == [Started, *([BatchDone] * 41 + [EpochDone]) * 2, Finished]
    assert [event.batch for event in events[1:42]] == list(range(1, 42))
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [1, 2]
    assert finished.epoch == 2


def test_preparing_comes_first_and_data_is_loaded_by_name():
    events = list(fit(Job(Plan(options=replace(OPTIONS, epochs=1)), None, 1)))
    kinds = [type(event) for event in events]
    first = kinds.index(Started)
    assert first >= 1
    assert set(kinds[:first]) == {Preparing}
    assert Preparing not in kinds[first:]


def test_epoch_figures_are_means_over_its_batches():
    events = train(Plan(options=replace(OPTIONS, epochs=1)))
    batches = [event for event in events if isinstance(event, BatchDone)]
    sizes = np.array([32] * 40 + [13])
    done = next(event for event in events if isinstance(event, EpochDone))
    assert done.train_loss == pytest.approx(np.average([batch.loss for batch in batches], weights=sizes))
    assert done.train_accuracy == pytest.approx(np.average([batch.accuracy for batch in batches], weights=sizes))
    assert 0 < done.validation_accuracy <= 1
    assert done.seconds > 0


def test_without_validation_there_are_no_such_figures():
    events = train(Plan(options=replace(OPTIONS, epochs=1, validation=0.0)))
    assert events[0].train == 1437
    done = next(event for event in events if isinstance(event, EpochDone))
    assert (done.validation_loss, done.validation_accuracy) == (None, None)


@pytest.mark.parametrize(("mode", "batches"), [("batch", 1), ("mini-batch", 3), ("stochastic", 90)])
def test_the_mode_says_how_many_pictures_make_a_step(mode, batches):
    events = train(Plan(options=replace(OPTIONS, epochs=1, mode=mode)), dataset=few(100))
    assert events[0].batches == batches
    assert sum(isinstance(event, BatchDone) for event in events) == batches
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("loss", ["cross-entropy", "sum-of-squares", "mean-squares"])
def test_every_loss_falls(loss):
    events = train(Plan(options=replace(OPTIONS, loss=loss, epochs=3)))
    losses = [event.train_loss for event in events if isinstance(event, EpochDone)]
    assert losses[2] < losses[1] < losses[0]


def test_notes_say_how_pictures_were_fitted_and_that_there_is_no_softmax():
    network = small_cnn((1, 12, 12))
    network = network.remove(network.by_name("Softmax").id)
    notes = train(Plan(network, replace(OPTIONS, epochs=1)), dataset=few(50))[0].notes
    assert LOGITS_NOTE in notes
    assert any("8×8 are padded with zeros to 12×12" in note for note in notes)


@pytest.mark.parametrize("flat", [False, True])
def test_normalised_pictures_have_mean_0_and_spread_1(flat):
    drawing = Drawing().add("Input", "Input", shape=(64,) if flat else (1, 8, 8)).add("Flatten", "Flat")
    plan = Plan(drawing.add("Dense", "D", units=10).network, replace(OPTIONS, epochs=1), data=Data(normalise=True))
    training = Training(Job(plan, DIGITS, 1), Control())
    seen = []
    for event in training.events():
        if isinstance(event, Started):
            seen = [x.copy() for x, _ in training.prepared.train.run(np.arange(len(DIGITS.train_y)))]
    pictures = np.concatenate(seen)
    assert pictures.mean() == pytest.approx(0, abs=1e-3)
    assert pictures.std() == pytest.approx(1, abs=1e-3)
    assert event.progress["mean"] == pytest.approx([DIGITS.train_x.mean() / 16], abs=1e-3)
    known = replace(plan, progress={"mean": [0.25], "spread": [0.5]})
    assert normalisation(known, DIGITS).mean == (0.25,)
    assert normalisation(known, DIGITS, anew=True).mean != (0.25,)
    assert not normalisation(Plan(), DIGITS)

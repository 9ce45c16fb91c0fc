"""The same training twice: threads, seeds, stopping and going on, to the last bit."""

from dataclasses import replace

import pytest

from core.errors import TrainingError
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Finished
from core.train.fit import fit
from core.train.job import Job
from tests.core.networks import Drawing, weights_of
from tests.core.train.plans import DIGITS, OPTIONS, Plan, same, train


def test_the_number_of_threads_changes_nothing():
    one, two = (train(Plan(), threads=threads) for threads in (1, 2))
    assert same(one[-1], two[-1])
    assert [event.loss for event in one if isinstance(event, BatchDone)] == [
        event.loss for event in two if isinstance(event, BatchDone)]


def test_another_seed_changes_everything():
    assert not same(train(Plan())[-1], train(Plan(options=replace(OPTIONS, seed=1)))[-1])


def stopped_after(plan: Plan, batches: int) -> Finished:
    control = Control()
    for event in fit(Job(plan, DIGITS, 1), control):
        if isinstance(event, BatchDone) and (event.epoch - 1) * 41 + event.batch == batches:
            control.apply("stop")
    return event


@pytest.mark.parametrize("batches", [1, 17, 41, 60])
def test_a_stopped_training_goes_on_as_if_nothing_had_happened(batches):
    plan = Plan(options=replace(OPTIONS, schedule="cosine"))
    stopped = stopped_after(plan, batches)
    assert stopped.reason == "stopped"
    assert stopped.test_loss is None
    whole = train(plan)
    resumed = train(replace(plan, weights=stopped.weights, state=stopped.state, progress=stopped.progress), resume=True)
    assert same(resumed[-1], whole[-1])
    assert resumed[0].first_epoch == (1 if batches < 41 else 2)
    last = [[event for event in events if isinstance(event, EpochDone)][-1] for events in (whole, resumed)]
    assert replace(last[0], seconds=0) == replace(last[1], seconds=0)


def test_dropout_is_resumed_exactly():
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("Flatten", "Flat").add("Dense", "D1", units=30)
    plan = Plan(drawing.add("Dropout", "Drop", rate=0.3).add("Dense", "D2", units=10).network)
    stopped = stopped_after(plan, 17)
    resumed = train(replace(plan, weights=stopped.weights, state=stopped.state, progress=stopped.progress), resume=True)
    assert same(resumed[-1], train(plan)[-1])


def test_nothing_to_resume_is_said():
    with pytest.raises(TrainingError, match="no training to go on with"):
        train(Plan(), resume=True)
    done = train(Plan())[-1]
    plan = Plan(weights=done.weights, state=done.state, progress=done.progress)
    with pytest.raises(TrainingError, match="All 2 epochs are done"):
        train(plan, resume=True)
    with pytest.raises(TrainingError, match="network has changed"):
        train(replace(plan, network=plan.network.change(plan.network.by_name("C1").id, filters=3)), resume=True)


def test_another_optimizer_starts_afresh_and_says_so():
    done = stopped_after(Plan(), 20)
    plan = Plan(options=replace(OPTIONS, optimizer="momentum"), weights=done.weights, state=done.state,
                progress=done.progress)
    events = train(plan, resume=True)
    assert any("starts afresh" in note for note in events[0].notes)


def test_trained_weights_are_gone_on_from_and_bypassed_ones_kept():
    done = train(Plan())[-1]
    again = train(Plan(weights=done.weights, options=replace(OPTIONS, epochs=1)))
    assert next(event for event in again if isinstance(event, BatchDone)).loss < 0.5
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8)).add("BatchNorm", "B", bypassed=True)
    plan = Plan(drawing.add("Flatten", "Flat").add("Dense", "D", units=10).network, replace(OPTIONS, epochs=1))
    assert set(train(plan)[-1].weights) == set(weights_of(plan.network))

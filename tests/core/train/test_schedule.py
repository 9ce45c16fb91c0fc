"""How the learning rate changes, against PyTorch's schedulers, and what plateau remembers."""

import json
from dataclasses import replace

import pytest

from core.errors import SettingError, UsageError
from core.train import options
from core.train.events import BatchDone, EpochDone, Finished
from core.train.options import TrainOptions
from core.train.schedule import SCHEDULES, Schedule, rate_factor
from tests.core.train.plans import DIGITS, OPTIONS, Plan, few, same, train

RATE = 0.1
LOSSES = (1.0, 0.8, 0.8, 0.9, 0.85, 0.7, 0.7, 0.71, 0.72, 0.69, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1, 0.2, 0.3)


def torch_rates(kind, epochs, losses=(), **settings):
    """The rate in each epoch, by a scheduler of PyTorch that steps after each epoch."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = getattr(torch.optim.lr_scheduler, kind)(optimizer, **settings)
    rates = []
    for epoch in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*losses[epoch:epoch + 1])
    return rates


def our_rates(epochs, **settings):
    chosen = TrainOptions(epochs=epochs, **settings)
    return [RATE * rate_factor(chosen, epoch) for epoch in range(epochs)]


@pytest.mark.parametrize(("schedule", "factors"), [
    ("constant", [1, 1, 1, 1, 1]), ("linear", [1, 0.75, 0.5, 0.25, 0]),
    ("cosine", [1, 0.8535534, 0.5, 0.1464466, 0]), ("step", [1, 1, 0.1, 0.01, 0.01])])
def test_each_schedule_has_its_course(schedule, factors):
    chosen = TrainOptions(epochs=8, schedule=schedule)
    assert [rate_factor(chosen, 2 * quarter) for quarter in range(5)] == pytest.approx(factors)


def test_step_by_itself_is_to_the_last_bit_what_it_always_was():
    chosen = TrainOptions(epochs=10, schedule="step")
    assert [rate_factor(chosen, epochs) for epochs in (0, 4.99, 5, 7.49, 7.5, 10)] == [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]


def test_cosine_is_pytorchs_cosine_annealing():
    assert our_rates(20, schedule="cosine") == pytest.approx(torch_rates("CosineAnnealingLR", 20, T_max=20), rel=1e-9)


@pytest.mark.parametrize(("every", "factor"), [(1, 0.5), (3, 0.1), (7, 0.3), (50, 0.1)])
def test_step_every_so_many_epochs_is_pytorchs_step(every, factor):
    ours = our_rates(20, schedule="step", schedule_every=every, schedule_factor=factor)
    assert ours == pytest.approx(torch_rates("StepLR", 20, step_size=every, gamma=factor), rel=1e-12)


@pytest.mark.parametrize("epochs", [4, 12, 20])
def test_step_at_half_and_three_quarters_is_pytorchs_multi_step(epochs):
    milestones = [epochs // 2, 3 * epochs // 4]
    theirs = torch_rates("MultiStepLR", epochs, milestones=milestones, gamma=0.1)
    assert our_rates(epochs, schedule="step") == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("decay", [0.5, 0.9, 1.0])
def test_exponential_is_pytorchs(decay):
    ours = our_rates(20, schedule="exponential", schedule_decay=decay)
    assert ours == pytest.approx(torch_rates("ExponentialLR", 20, gamma=decay), rel=1e-12)


def test_exponential_stays_within_an_epoch_however_its_end_is_rounded():
    chosen = TrainOptions(epochs=30, schedule="exponential", schedule_decay=0.5)
    assert rate_factor(chosen, 2.999) == 0.25
    for epoch in range(30):
        share_by_share = sum([0.1] * 10) + epoch
        assert rate_factor(chosen, share_by_share) == 0.5 ** (epoch + 1)


@pytest.mark.parametrize("patience", [1, 2, 3, 5])
@pytest.mark.parametrize("factor", [0.1, 0.5])
def test_plateau_is_pytorchs_reduce_on_plateau(patience, factor):
    theirs = torch_rates("ReduceLROnPlateau", len(LOSSES), LOSSES, factor=factor, patience=patience - 1, threshold=0,
                         eps=0)
    schedule = Schedule(TrainOptions(schedule="plateau", schedule_patience=patience, schedule_factor=factor))
    ours = []
    for epoch, loss in enumerate(LOSSES):
        ours.append(RATE * schedule.factor(epoch))
        fell = schedule.saw(loss)
        assert fell == (RATE * schedule.factor(epoch) < ours[-1])
    assert len(set(ours)) > 1
    assert ours == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("stop", range(1, 8))
def test_plateau_goes_on_from_its_state_after_json(stop):
    chosen = TrainOptions(schedule="plateau", schedule_patience=2, schedule_factor=0.5)
    straight, first = Schedule(chosen), Schedule(chosen)
    for loss in LOSSES[:stop]:
        straight.saw(loss)
        first.saw(loss)
    second = Schedule(chosen, json.loads(json.dumps(first.state())))
    for loss in LOSSES[stop:]:
        assert straight.saw(loss) == second.saw(loss)
        assert straight.factor(0) == second.factor(0)


def test_the_others_remember_nothing():
    for name in SCHEDULES.keys() - {"plateau"}:
        schedule = Schedule(TrainOptions(schedule=name), {"factor": 0.001, "best": 1.0, "waited": 5})
        assert not schedule.saw(1.0)
        assert not schedule.saw(2.0)
        assert schedule.state() == {}
        assert schedule.factor(0) == 1


def test_beyond_the_end_it_stays():
    assert rate_factor(TrainOptions(epochs=2, schedule="linear"), 3) == 0
    assert rate_factor(TrainOptions(epochs=2, schedule="cosine"), -1) == 1


def test_options_and_schedules_know_the_same_names():
    assert tuple(SCHEDULES) == options.SCHEDULES
    with pytest.raises(SettingError, match="constant, linear"):
        TrainOptions(schedule="sawtooth")
    unknown = TrainOptions()
    object.__setattr__(unknown, "schedule", "sawtooth")
    with pytest.raises(UsageError, match="there are constant, linear"):
        rate_factor(unknown, 0)


def test_each_batch_tells_the_rate_it_was_made_with():
    plan = Plan(options=replace(OPTIONS, epochs=3, schedule="exponential", schedule_decay=0.5, learning_rate=0.01))
    events = train(plan, dataset=few(64))
    rates = {event.epoch: event.rate for event in events if isinstance(event, BatchDone)}
    assert rates == pytest.approx({1: 0.01, 2: 0.005, 3: 0.0025})


@pytest.mark.parametrize("validation", [0.0, 0.2])
def test_plateau_follows_the_validation_loss_or_else_the_training_loss(validation):
    # With so large a rate the loss jumps about.
    plan = Plan(options=replace(OPTIONS, epochs=8, schedule="plateau", schedule_patience=1, schedule_factor=0.5,
                                learning_rate=0.3, validation=validation))
    events = train(plan, dataset=few(120))
    best, wanted, found, rate = float("inf"), [], [], 0.3
    for event in events:
        if isinstance(event, BatchDone) and event.batch == 1:
            found.append(event.rate)
            wanted.append(rate)
        elif isinstance(event, EpochDone):
            loss = event.train_loss if event.validation_loss is None else event.validation_loss
            rate = rate if loss < best else rate * 0.5
            best = min(best, loss)
    assert found == pytest.approx(wanted)
    assert found[-1] < 0.3


def test_a_stopped_training_with_plateau_goes_on_to_the_last_bit():
    whole = Plan(options=replace(OPTIONS, epochs=6, schedule="plateau", schedule_patience=1, schedule_factor=0.5,
                                 learning_rate=0.3))
    straight = train(whole, dataset=few(120))[-1]
    half = train(replace(whole, options=replace(whole.options, epochs=4)), dataset=few(120))[-1]
    assert isinstance(straight, Finished)
    assert half.progress["schedule"]["factor"] < 1
    progress = json.loads(json.dumps(half.progress))
    second = train(replace(whole, weights=half.weights, state=half.state, progress=progress), dataset=few(120),
                   resume=True)[-1]
    assert same(straight, second)
    assert second.progress["schedule"] == straight.progress["schedule"]
    assert len(DIGITS.train_y) > 120

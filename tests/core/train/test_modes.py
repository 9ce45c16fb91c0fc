"""How many pictures decide a step: all, a batch, one. All of them need not fit into memory at once."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.dataset import set_aside, split
from core.graph.shapes import infer
from core.train import job
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Failed, Finished, Gathering, Preparing, Started
from core.train.fit import fit
from core.train.job import Job, batch_size, piece_size, updates_per_epoch
from core.train.options import MODES, TrainOptions
from core.train.prepare import prepare
from tests.core.networks import Drawing, small_cnn
from tests.core.train.plans import DIGITS, OPTIONS, Plan, few, same, train

WHOLE = replace(OPTIONS, mode="batch", learning_rate=0.05)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pictures", [100, 1])
def test_an_epoch_has_the_updates_it_says(mode, pictures):
    options = replace(OPTIONS, epochs=2, mode=mode, batch_size=16, validation=0.1 if pictures > 1 else 0.0)
    events = train(Plan(options=options), dataset=few(pictures))
    wanted = updates_per_epoch(options, pictures)
    assert wanted == {"batch": 1, "mini-batch": 6 if pictures > 1 else 1, "stochastic": 90 if pictures > 1 else 1}[mode]
    assert events[0].batches == wanted
    assert [event.batch for event in events if isinstance(event, BatchDone)] == 2 * list(range(1, wanted + 1))


def test_the_share_for_validation_is_counted_as_it_is_cut():
    for count in (2, 3, 10, 99, 1437):
        for share in (0.0, 0.001, 0.1, 0.5, 0.9):
            parts = split(few(count), share, 0)
            aside = set_aside(count, share)
            assert (len(parts.validation), len(parts.train)) == (aside, count - aside)


def test_a_small_set_goes_in_one_piece():
    assert piece_size(infer(small_cnn()), 400) == 400
    assert not any(isinstance(event, Gathering) for event in train(Plan(options=WHOLE), dataset=few(400)))


@pytest.mark.parametrize("pictures", [1000, 60_000, 1_000_000])
def test_pieces_stay_within_bounds_whatever_the_set(pictures):
    large = Drawing().add("Input", "Input", shape=(3, 224, 224)).add("Conv2D", "C1", filters=64, kernel=3).network
    assert piece_size(infer(small_cnn()), pictures) == job.MOST_AT_ONCE
    assert 1 <= piece_size(infer(large), pictures) * 4 * (3 * 224 * 224 + 64 * 222 * 222) <= job.PIECE_BYTES


def test_the_memory_of_the_engine_does_not_grow_with_the_set(monkeypatch):
    monkeypatch.setattr(job, "MOST_AT_ONCE", 100)
    taken = []
    for count in (300, 1400):
        steps = prepare(Job(Plan(options=WHOLE), few(count), 1))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                prepared = end.value
                break
        taken.append(prepared.engine.scratch_bytes)
        prepared.engine.close()
    assert taken[0] == taken[1]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_pieces_give_the_training_of_the_whole(optimizer, monkeypatch):
    plan = Plan(options=replace(WHOLE, optimizer=optimizer, epochs=5, learning_rate=0.01, clip=1.0))
    whole = train(plan, dataset=few(300))
    monkeypatch.setattr(job, "MOST_AT_ONCE", 64)
    cut = train(plan, dataset=few(300))
    assert any(isinstance(event, Gathering) for event in cut)
    for one, other in zip([each for each in whole if isinstance(each, EpochDone)],
                          [each for each in cut if isinstance(each, EpochDone)], strict=True):
        assert other.train_loss == pytest.approx(one.train_loss, rel=1e-4)
        assert other.train_accuracy == pytest.approx(one.train_accuracy, abs=0.005)
    for name, array in whole[-1].weights.items():
        np.testing.assert_allclose(cut[-1].weights[name], array, rtol=1e-2, atol=2e-4)


def test_all_pictures_count_in_every_update(monkeypatch):
    monkeypatch.setattr(job, "MOST_AT_ONCE", 64)
    events = train(Plan(options=replace(WHOLE, epochs=2, validation=0.0)), dataset=few(150))
    assert [(each.epoch, each.pictures, each.total) for each in events if isinstance(each, Gathering)] == [
        (1, 64, 150), (1, 128, 150), (1, 150, 150), (2, 64, 150), (2, 128, 150), (2, 150, 150)]
    assert isinstance(events[0], Started)
    assert (events[0].batches, events[0].train) == (1, 150)


def test_threads_and_repeating_change_nothing(monkeypatch):
    monkeypatch.setattr(job, "MOST_AT_ONCE", 50)
    plan = Plan(options=replace(WHOLE, epochs=3))
    ends = [train(plan, dataset=few(200), threads=threads)[-1] for threads in (1, 2, 2)]
    assert same(ends[0], ends[1])
    assert same(ends[1], ends[2])


def test_stopping_within_an_update_changes_nothing_and_it_goes_on_exactly(monkeypatch):
    monkeypatch.setattr(job, "MOST_AT_ONCE", 50)
    plan, control = Plan(options=replace(WHOLE, epochs=3)), Control()
    straight = train(plan, dataset=few(200))[-1]
    for event in fit(Job(plan, few(200), 1), control):
        if isinstance(event, Gathering) and (event.epoch, event.pictures) == (2, 100):
            control.apply("stop")
        end = event
    assert isinstance(end, Finished)
    assert (end.reason, end.epoch, end.progress["pictures"]) == ("stopped", 1, 0)
    rest = train(replace(plan, weights=end.weights, state=end.state, progress=end.progress), dataset=few(200),
                 resume=True)[-1]
    assert same(straight, rest)


def test_a_picture_that_breaks_is_told_and_the_weights_from_before_are_kept(monkeypatch):
    monkeypatch.setattr(job, "MOST_AT_ONCE", 50)
    x = few(200).train_x.astype(np.float32)
    x[150] = np.nan
    plan = Plan(options=replace(WHOLE, validation=0.0))
    end = train(plan, dataset=replace(few(200), train_x=x))[-1]
    assert isinstance(end, Failed)
    assert "no number" in end.message


@pytest.mark.parametrize("normalised", [True, False])
def test_that_batch_norm_measures_by_pieces_is_said(normalised, monkeypatch):
    monkeypatch.setattr(job, "MOST_AT_ONCE", 64)
    drawing = Drawing().add("Input", "Input", shape=(1, 8, 8))
    drawing.add(*(("BatchNorm", "B1") if normalised else ("ReLU", "R1"))).add("Flatten", "Flatten")
    plan = Plan(network=drawing.add("Dense", "F1", units=10).add("Softmax", "Softmax").network, options=WHOLE)
    notes = train(plan, dataset=few(200))[0].notes
    assert any("64 pictures at a time" in note for note in notes) == normalised
    assert not any("at a time" in note for note in train(plan, dataset=few(60))[0].notes)


def test_descent_by_name_takes_its_pictures():
    assert [batch_size(TrainOptions(mode=mode, batch_size=32), 1000) for mode in MODES] == [1000, 32, 1]
    assert batch_size(TrainOptions(batch_size=64), 10) == 10
    events = list(fit(Job(Plan(options=replace(OPTIONS, epochs=1, mode="stochastic")), few(20), 1)))
    assert len([event for event in events if isinstance(event, BatchDone)]) == 18
    assert isinstance(events[0], Preparing)
    assert DIGITS.name == "digits"

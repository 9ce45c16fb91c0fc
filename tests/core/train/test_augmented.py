"""Training with augmented pictures: repeatable, resumable, exactly what was shown beforehand, and measured without."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.augmentation import Augmentation
from core.data.augmenter import augmenter_for
from core.data.batches import epoch_order
from core.train import job
from core.train.control import Control
from core.train.events import BatchDone, EpochDone, Finished, Started
from core.train.fit import Training, fit
from core.train.job import Job
from core.train.prepare import prepare
from core.train.preview import preview
from tests.core.networks import Drawing, small_cnn
from tests.core.train.plans import DIGITS, OPTIONS, Data, Plan, few, same, train

MOVED = Data(augmentation=Augmentation(translate=True, reflect=True, crop=True))
COLOURED = replace(few(60), shape=(3, 8, 8), train_x=np.random.default_rng(0).integers(0, 17, (60, 3, 8, 8), np.uint8))


def test_the_number_of_threads_changes_nothing():
    one, *others = (train(Plan(data=MOVED), threads=threads) for threads in (1, 2, 3))
    assert all(same(one[-1], other[-1]) for other in others)
    assert not same(one[-1], train(Plan())[-1])


def test_a_stopped_training_sees_the_same_pictures_when_it_goes_on():
    plan, control = Plan(data=MOVED), Control()
    for event in fit(Job(plan, DIGITS, 1), control):
        if isinstance(event, BatchDone) and (event.epoch, event.batch) == (2, 5):
            control.apply("stop")
    assert isinstance(event, Finished)
    assert event.reason == "stopped"
    resumed = train(replace(plan, weights=event.weights, state=event.state, progress=event.progress), resume=True)
    assert same(resumed[-1], train(plan)[-1])


def seen_by_the_engine(plan, dataset):
    """Each picture of each epoch as it came to the engine, by epoch and place."""
    training, found = Training(Job(plan, dataset, 1), Control()), {}
    batches = {}
    for event in training.events():
        if training.prepared is not None and not batches:
            step = training.prepared.engine.train_step

            def record(x, *rest, step=step):
                batches.setdefault(training.epoch, []).append(x.copy())
                return step(x, *rest)

            training.prepared.engine.train_step = record
            parts = training.prepared.parts
            batches[0] = []
        if isinstance(event, EpochDone):
            order = epoch_order(parts.train, plan.options.seed, event.epoch)
            pictures = np.concatenate(batches[event.epoch])
            found |= {(event.epoch, int(place)): picture for place, picture in zip(order, pictures, strict=True)}
    return found, parts


@pytest.mark.parametrize(("plan", "dataset"), [
    (Plan(data=MOVED, options=replace(OPTIONS, epochs=3)), few(60)),
    (Plan(small_cnn((3, 10, 10)), replace(OPTIONS, epochs=3, seed=5), data=Data(augmentation=Augmentation(
        translate=True, crop=True, rgb_pca=True, rgb_pca_by=2.0))), COLOURED),
    (Plan(Drawing().add("Input", "Input", shape=(64,)).add("Dense", "D", units=10).network,
          replace(OPTIONS, epochs=3, batch_size=7), data=MOVED), few(60)),
], ids=["digits", "colours, padded", "flat"])
def test_the_preview_is_what_the_training_gets(plan, dataset):
    shown = preview(plan, dataset, rows=8, epochs=3)
    seen, parts = seen_by_the_engine(plan, dataset)
    assert len(seen) == 3 * len(parts.train)
    assert len(shown.places) == 8
    assert set(shown.places) <= set(parts.train.tolist())
    for epoch in (1, 2, 3):
        for row, place in enumerate(shown.places):
            assert np.array_equal(shown.epochs[epoch - 1, row], seen[epoch, place].reshape(shown.originals[0].shape))
    assert not np.array_equal(shown.epochs[0], shown.originals)
    assert not np.array_equal(shown.epochs[0], shown.epochs[1])


def test_the_preview_shows_every_class_first():
    shown = preview(Plan(data=MOVED), DIGITS, rows=10, epochs=2)
    assert sorted(shown.labels) == sorted(DIGITS.classes)
    assert shown.originals.shape == (10, 1, 8, 8)
    assert shown.epochs.shape == (2, 10, 1, 8, 8)
    plain = preview(Plan(), DIGITS, rows=3, epochs=2)
    assert np.array_equal(plain.epochs[1], plain.originals)
    assert plain.notes == ()


def test_without_a_network_the_pictures_keep_their_size():
    shown = preview(Plan(Drawing().network, data=MOVED), DIGITS, rows=2, epochs=1)
    assert shown.originals.shape == (2, 1, 8, 8)


def test_large_pictures_come_in_fewer_rows():
    plan = Plan(Drawing().add("Input", "Input", shape=(1, 600, 600)).network, data=MOVED)
    assert len(preview(plan, few(20), rows=8, epochs=5).places) == 1


def prepared_for(plan):
    """What a training of the digits works with; its engine is not needed."""
    steps = prepare(Job(plan, DIGITS, 1))
    try:
        while True:
            next(steps)
    except StopIteration as end:
        end.value.engine.close()
        return end.value


def test_pictures_that_measure_stay_as_they_are():
    prepared = prepared_for(Plan(data=replace(MOVED, normalise=True)))
    for batches, x in ((prepared.measure, DIGITS.train_x), (prepared.test, DIGITS.test_x)):
        got, _ = next(batches.run(np.arange(20), 3))
        assert np.array_equal(got, prepared.normalisation.apply((x[:20] / 16).astype(np.float32)))


def test_changes_come_before_the_normalisation():
    data = Data(normalise=True, augmentation=Augmentation(translate=True))
    prepared = prepared_for(Plan(data=data))
    made = augmenter_for(data.augmentation, DIGITS, (1, 8, 8), 0)
    expected = prepared.normalisation.apply(made.apply((DIGITS.train_x[:20] / 16).astype(np.float32), np.arange(20), 2))
    got, _ = next(prepared.train.run(np.arange(20), 2))
    assert np.array_equal(got, expected)


def test_what_does_not_suit_the_data_is_said():
    assert any("must not be mirrored" in note for note in train(Plan(data=MOVED))[0].notes)


def test_it_learns_from_moved_digits():
    plan = Plan(options=replace(OPTIONS, epochs=6), data=Data(augmentation=Augmentation(translate=True)))
    assert train(plan)[-1].test_accuracy > 0.85


def test_a_whole_set_in_pieces_is_augmented_anew_in_every_epoch(monkeypatch):
    monkeypatch.setattr(job, "MOST_AT_ONCE", 16)
    plan = Plan(data=MOVED, options=replace(OPTIONS, mode="batch", epochs=2))
    shown, seen = preview(plan, few(60), rows=4, epochs=2), {1: [], 2: []}
    training = Training(Job(plan, few(60), 1), Control())
    for event in training.events():
        if isinstance(event, Started):
            add, parts = training.prepared.engine.add_piece, training.prepared.parts

            def record(x, *rest, add=add, **more):
                seen[training.epoch].append(x.copy())
                return add(x, *rest, **more)

            training.prepared.engine.add_piece = record
    for epoch in (1, 2):
        order = epoch_order(parts.train, plan.options.seed, epoch).tolist()
        pictures = np.concatenate(seen[epoch])
        for row, place in enumerate(shown.places):
            assert np.array_equal(pictures[order.index(place)], shown.epochs[epoch - 1, row])


def test_batches_that_change_ask_for_the_epoch():
    prepared = prepared_for(Plan(data=MOVED))
    with pytest.raises(ValueError, match="which it is"):
        next(prepared.train.run(np.arange(4)))

"""Curves stay small however long a run lasts, and keep what matters: extremes, means, order."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from guibuilder.training.history import MOST_BINS, Band, Figures
from tests.guibuilder.parts import batch, epoch

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=300)


@given(values)
def test_band_keeps_extremes_and_mean(numbers: list[float]):
    band = Band(most=16, width=0.01)
    for place, value in enumerate(numbers):
        band.add(place * 0.01, value)
    x, mean, least, most = band.points()
    assert len(x) <= 16
    assert least.min() == min(numbers)
    assert most.max() == max(numbers)
    assert (np.diff(x) > 0).all()
    assert (least <= mean + 1e-9).all()
    assert (mean <= most + 1e-9).all()


def test_a_million_values_are_few_points():
    band = Band()
    for place in range(200_000):
        band.add(place / 1000, math.sin(place))
    assert MOST_BINS / 2 <= len(band) <= MOST_BINS
    assert band.points()[0][-1] > 199


def test_what_is_not_finite_is_left_out():
    band = Band()
    for value in (1.0, math.nan, math.inf, 2.0):
        band.add(value if math.isfinite(value) else 1.5, value)
    assert band.points()[1].tolist() == [1.0, 2.0]


def test_going_back_forgets_what_lay_behind():
    band = Band(width=0.1)
    for x in (0.5, 1.5, 2.5, 1.2):
        band.add(x, x)
    assert band.points()[0].tolist() == [0.5, 1.2]


def test_smooth_line_follows_the_mean_from_start_to_end():
    band = Band(width=0.01)
    noisy = [2 - place / 100 + (-1) ** place * 0.2 for place in range(200)]
    for place, value in enumerate(noisy):
        band.add((place + 0.5) * 0.01, value)
    x, y = band.smooth()
    assert len(x) == 200
    assert y[0] == noisy[0]
    assert abs(y[-1] - 0.03) < 0.05
    assert np.abs(y[20:-20] - np.linspace(2, 0, 200)[20:-20]).max() < 0.1


def test_empty_band_has_empty_lines():
    assert [len(each) for each in Band().smooth()] == [0, 0]


def test_figures_of_a_document_are_its_epochs():
    figures = Figures()
    assert figures.empty
    figures.show([epoch(1, 2.0), epoch(2, 1.0)])
    assert figures.train("loss").y.tolist() == [2.0, 1.0]
    assert figures.validation("loss").x.tolist() == [1.0, 2.0]
    assert figures.train("accuracy").last == 0.5


def test_batches_of_this_run_replace_its_epoch_means_but_not_earlier_ones():
    figures = Figures()
    figures.show([epoch(1, 2.0)])
    figures.begin(2)
    for number in range(1, 11):
        figures.add_batch(batch(2, number, 1.0), 10)
    figures.add_epoch(epoch(2, 1.0))
    train = figures.train("loss")
    assert train.x[0] == 0.5
    assert train.y[0] == 2.0
    assert len(train.x) == 11
    assert train.x[-1] == 2.0


def test_showing_the_same_history_again_keeps_the_batches():
    figures = Figures()
    figures.begin(1)
    figures.add_batch(batch(1, 10), 10)
    figures.add_epoch(epoch(1))
    figures.show((epoch(1),))
    assert len(figures.loss) == 1
    figures.show(())
    assert figures.empty


def test_new_run_from_the_start_forgets_later_epochs():
    figures = Figures()
    figures.show([epoch(1), epoch(2)])
    figures.begin(1)
    assert figures.empty


def test_missing_validation_leaves_a_gap():
    figures = Figures()
    figures.show([epoch(1), epoch(2)])
    figures.epochs[0] = type(figures.epochs[0])(1, 1.0, None, None, None, 0.1)
    assert figures.validation("loss").x.tolist() == [2.0]
    assert figures.train("accuracy").x.tolist() == [1.5]

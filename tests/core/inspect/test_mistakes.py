"""Measuring on the test part."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.load import load
from core.data.normalisation import Normalisation
from core.errors import DataError
from core.graph.model import Model
from core.inspect.mistakes import How, measure
from core.train.losses import cross_entropy, sum_of_squares
from tests.core.networks import small_cnn, weights_of

DIGITS = load("digits")


def test_figures_are_those_of_the_definition():
    network = small_cnn()
    weights = weights_of(network)
    found = measure(network, weights, DIGITS)
    outputs = Model(network, weights).outputs(DIGITS.pictures("test", slice(None)), ["F1", "Softmax"])
    loss, _ = cross_entropy(outputs["F1"], DIGITS.test_y)
    answers = outputs["Softmax"].argmax(axis=1)
    assert found.loss == pytest.approx(loss, rel=1e-5)
    assert found.accuracy == pytest.approx((answers == DIGITS.test_y).mean())
    assert found.confusion.sum() == 360
    assert np.trace(found.confusion) == round(found.accuracy * 360)
    assert found.confusion[3].sum() == (DIGITS.test_y == 3).sum()
    squares = measure(network, weights, DIGITS, How(loss="sum-of-squares"))
    assert squares.loss == pytest.approx(sum_of_squares(outputs["Softmax"], DIGITS.test_y)[0], rel=1e-5)


def test_the_surest_mistakes_come_first():
    found = measure(small_cnn(), {}, DIGITS)
    wrong = 360 - round(found.accuracy * 360)
    assert len(found.mistakes) == wrong > 100
    sureness = [mistake.probability for mistake in found.mistakes]
    assert sureness == sorted(sureness, reverse=True)
    first = found.mistakes[0]
    assert first.truth == DIGITS.test_y[first.index] != first.answer


def test_threads_change_nothing_and_progress_counts_pictures():
    told = []
    one = measure(small_cnn(), {}, DIGITS, How(threads=1), lambda done, total: told.append((done, total)))
    two = measure(small_cnn(), {}, DIGITS, How(threads=2))
    assert (one.loss, one.mistakes) == (two.loss, two.mistakes)
    assert told == [(64, 360), (128, 360), (192, 360), (256, 360), (320, 360), (360, 360)]


def test_pictures_are_fitted_and_normalised():
    plain = measure(small_cnn((1, 12, 12)), {}, DIGITS)
    normal = measure(small_cnn((1, 12, 12)), {}, DIGITS, How(normalisation=Normalisation((0.5,), (0.1,))))
    assert plain.loss != normal.loss


def test_classes_must_match():
    with pytest.raises(DataError, match="set F1's units to 3"):
        measure(small_cnn(), {}, replace(DIGITS, classes=("a", "b", "c")))

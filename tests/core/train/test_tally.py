"""What a training counts."""

import math

import numpy as np
import pytest

from core.train.tally import STEPS_BETWEEN_COPIES, LastGood, Means, Patience, Rate


def test_means_weigh_by_pictures():
    means = Means()
    assert (means.loss, means.accuracy) == (0, 0)
    means.add(10, 20.0, 5)
    means.add(30, 30.0, 30)
    assert (means.loss, means.accuracy) == (1.25, 35 / 40)


def test_the_rate_looks_back_one_second():
    rate = Rate()
    assert rate.add(100, 0.5) == 200
    assert rate.add(100, 0.5) == 200
    for _ in range(20):
        latest = rate.add(100, 0.1)
    assert latest == pytest.approx(1000, rel=0.01)
    assert rate.whole == pytest.approx(2200 / 3)


def test_good_weights_are_copied_now_and_then_and_kept_only_while_the_loss_is_sane():
    state = {"w": 0.0}
    good = LastGood({"w": np.array(-1.0)}, lambda: {"w": np.array(state["w"])})

    def step(loss: float) -> bool:
        good.before_step()
        state["w"] += 1
        return good.after_step(loss)

    assert step(2.0)
    assert good.weights["w"] == 0
    for _ in range(STEPS_BETWEEN_COPIES):
        assert step(2.0)
    assert good.weights["w"] == STEPS_BETWEEN_COPIES
    for _ in range(STEPS_BETWEEN_COPIES):
        assert step(50.0), "much worse, but there may be a way back"
    assert good.weights["w"] == STEPS_BETWEEN_COPIES
    assert not step(30_000.0)


def test_the_layer_that_grew_most_is_found():
    good = LastGood({"A.w": np.array([1.0, -2.0]), "B.w": np.array([1.0])},
                    lambda: {"A.w": np.array([10.0, 1.0]), "B.w": np.array([-100.0])})
    assert good.most_grown() == ("B", 100)


def test_patience_counts_epochs_that_are_not_better():
    patience = Patience(2)
    assert [patience.over(loss) for loss in (1.0, 0.9, 0.9, 0.8, 0.85, 0.81)] == [False] * 5 + [True]
    assert (patience.best, patience.waited) == (0.8, 2)
    endless = Patience(0)
    assert not any(endless.over(1.0) for _ in range(10))
    assert not patience.over(None)


def test_a_loss_that_is_no_number_is_no_gain():
    patience = Patience(2)
    assert not patience.over(math.inf)
    assert not patience.over(0.5)
    assert patience.state() == {"waited": 0, "best": 0.5}
    assert not patience.over(math.nan)
    assert patience.over(math.inf)
    later = Patience(2)
    later.take(patience.state())
    assert later.ended

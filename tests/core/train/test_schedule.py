"""How the learning rate changes."""

import pytest

from core.errors import UsageError
from core.train import options
from core.train.schedule import SCHEDULES, rate_factor


@pytest.mark.parametrize(("schedule", "factors"), [
    ("constant", [1, 1, 1, 1, 1]), ("linear", [1, 0.75, 0.5, 0.25, 0]),
    ("cosine", [1, 0.8535534, 0.5, 0.1464466, 0]), ("step", [1, 1, 0.1, 0.01, 0.01])])
def test_each_schedule_has_its_course(schedule, factors):
    assert [rate_factor(schedule, quarter / 4) for quarter in range(5)] == pytest.approx(factors)


def test_beyond_the_end_it_stays():
    assert rate_factor("linear", 1.5) == 0
    assert rate_factor("cosine", -1) == 1


def test_options_and_schedules_know_the_same_names():
    assert tuple(SCHEDULES) == options.SCHEDULES
    with pytest.raises(UsageError, match="there are constant, linear"):
        rate_factor("sawtooth", 0)

"""Settings check, normalise and word what they refuse."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingError
from core.layers import LAYERS, make_layer
from core.settings import check_all, setting, settings_of, values_of
from core.train.options import TrainOptions


@dataclass(frozen=True)
class Sample:
    count: int = setting(3, "Count", "How many.", low=1, high=9)
    speed: float = setting(0.5, "Speed", "How fast.", low=0.0)
    size: tuple = setting((2, 2), "Size", "How big.", kind="pair", low=1)
    edge: object = setting("valid", "Edge", "Around.", kind="padding", low=0)

    def __post_init__(self):
        check_all(self)


def test_values_become_canonical():
    sample = Sample(4.0, 2, 5, 1)
    assert (sample.count, sample.speed, sample.size, sample.edge) == (4, 2.0, (5, 5), (1, 1, 1, 1))
    assert isinstance(sample.count, int)
    assert values_of(sample) == {"count": 4, "speed": 2.0, "size": [5, 5], "edge": [1, 1, 1, 1]}
    assert Sample(edge=[1, 2]).edge == (1, 2, 1, 2)


@pytest.mark.parametrize(("values", "words"), [
    ({"count": 0}, "Count must be a whole number from 1 to 9, not 0."),
    ({"count": 2.5}, "not 2.5"),
    ({"speed": float("nan")}, "Speed must be a number at least 0"),
    ({"size": [1, 2, 3]}, "two (height, width)"),
    ({"edge": "wide"}, '"valid", "same"'),
])
def test_refusals_name_the_setting_and_its_limits(values, words):
    with pytest.raises(SettingError, match="must be") as caught:
        Sample(**values)
    assert words in str(caught.value)


def test_unknown_setting_names_those_there_are():
    with pytest.raises(SettingError, match="it has filters, kernel"):
        make_layer("Conv2D", {"size": 3})


def test_own_settings_come_before_inherited_ones():
    names = list(settings_of(LAYERS["Conv2D"]))
    assert names[0] == "filters"
    assert names[-2:] == ["frozen", "bypassed"]


def test_long_values_are_cut_in_messages():
    with pytest.raises(SettingError) as caught:
        Sample(count="x" * 500)
    assert len(str(caught.value)) < 120


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
                 st.lists(st.one_of(st.integers(), st.floats(), st.text(max_size=3)), max_size=5)))
def test_any_value_is_taken_or_refused_in_words(value):
    for kind in (*LAYERS.values(), TrainOptions):
        for declared in settings_of(kind).values():
            try:
                checked = declared.check(value)
            except SettingError:
                continue
            assert declared.check(checked) == checked

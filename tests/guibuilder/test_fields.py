"""Texts in fields: what a value looks like and what a text means."""

import pytest

from core.errors import SettingError
from core.layers import LAYERS
from core.settings import settings_of
from core.train.options import TrainOptions
from guibuilder.fields import choice_words, help_text, read, shown, step, unfinished

CONV = settings_of(LAYERS["Conv2D"])
POOL = settings_of(LAYERS["MaxPool2D"])
INPUT = settings_of(LAYERS["Input"])
OPTIONS = settings_of(TrainOptions)
EVERY = [setting for owner in (*LAYERS.values(), TrainOptions) for setting in settings_of(owner).values()]


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (CONV["filters"], "6", 6),
        (CONV["filters"], "1,024", 1024),
        (CONV["filters"], " 1 024 ", 1024),
        (CONV["kernel"], "5", (5, 5)),
        (CONV["kernel"], "5×3", (5, 3)),
        (CONV["kernel"], "5x3", (5, 3)),
        (CONV["kernel"], "5, 3", (5, 3)),
        (CONV["kernel"], "5 * 3", (5, 3)),
        (CONV["kernel"], "(5 3)", (5, 3)),
        (CONV["padding"], "Same", "same"),
        (CONV["padding"], "2", (2, 2, 2, 2)),
        (CONV["padding"], "1 × 2", (1, 2, 1, 2)),
        (CONV["padding"], "1, 2, 3, 4", (1, 2, 3, 4)),
        (POOL["stride"], "", None),
        (POOL["stride"], "as the window", None),
        (POOL["stride"], "2", (2, 2)),
        (INPUT["shape"], "3×32×32", (3, 32, 32)),
        (INPUT["shape"], "784", (784,)),
        (OPTIONS["learning_rate"], "0,01", 0.01),
        (OPTIONS["learning_rate"], "1e-3", 0.001),
        (OPTIONS["validation"], "10 %", 0.1),
        (OPTIONS["clip"], "0", 0.0),
    ],
)
def test_what_a_text_means(setting, text, value):
    assert read(setting, text) == value


@pytest.mark.parametrize(
    ("setting", "text", "words"),
    [
        (CONV["filters"], "0", "Filters must be a whole number from 1 to 65,536, not “0”."),
        (CONV["filters"], "1.5", "whole number"),
        (CONV["filters"], "9" * 5000, "whole number"),
        (CONV["kernel"], "abc", "not “abc”"),
        (CONV["kernel"], "1×2×3", "not “1×2×3”"),
        (CONV["padding"], "wide", "valid"),
        (OPTIONS["learning_rate"], "nan", "Learning rate must be a number"),
        (OPTIONS["learning_rate"], "1.2.3", "not “1.2.3”"),
        (INPUT["shape"], "1×2", "channels × height × width"),
    ],
)
def test_wrong_texts_are_refused_with_what_was_typed(setting, text, words):
    with pytest.raises(SettingError) as caught:
        read(setting, text)
    assert words in caught.value.message


@pytest.mark.parametrize("setting", EVERY, ids=lambda setting: f"{setting.kind}-{setting.name}")
def test_the_text_of_a_default_means_the_default(setting):
    if setting.kind not in ("bool", "choice"):
        assert read(setting, shown(setting, setting.default)) == setting.default
    assert help_text(setting).startswith(setting.help)


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        (CONV["kernel"], (5, 5), "5 × 5"),
        (CONV["padding"], (2, 2, 2, 2), "2"),
        (CONV["padding"], (1, 2, 1, 2), "1 × 2"),
        (CONV["padding"], (1, 2, 3, 4), "1, 2, 3, 4"),
        (CONV["filters"], 12345, "12,345"),
        (CONV["bias"], True, "on"),
        (CONV["kernel_init"], "xavier-uniform", "Xavier uniform"),
        (OPTIONS["learning_rate"], 1e-5, "0.00001"),
        (POOL["stride"], None, "as the window"),
    ],
)
def test_what_a_value_looks_like(setting, value, text):
    assert shown(setting, value) == text


def test_names_of_methods_are_written_as_people_write_them():
    assert [choice_words(word) for word in ("sgd", "rmsprop", "he-normal")] == ["SGD", "RMSprop", "He normal"]


@pytest.mark.parametrize(("setting", "text", "so"), [
    (CONV["kernel"], "5×", True), (CONV["kernel"], "", True), (CONV["kernel"], "5", False),
    (CONV["padding"], "sa", True), (CONV["padding"], "same", False), (CONV["padding"], "7", False),
    (OPTIONS["learning_rate"], "0.", True), (OPTIONS["learning_rate"], "1e-", True),
    (POOL["stride"], "as", True), (POOL["stride"], "as the window", False),
])
def test_the_beginning_of_a_value_is_not_judged(setting, text, so):
    assert unfinished(setting, text) is so


@pytest.mark.parametrize(("setting", "value", "by", "after"), [
    (CONV["filters"], 6, 1, 7), (CONV["filters"], 1, -1, 1), (CONV["filters"], 65_536, 10, 65_536),
    (CONV["kernel"], (5, 3), 1, (6, 4)), (CONV["padding"], "same", 1, (1, 1, 1, 1)),
    (CONV["padding"], (1, 1, 1, 1), -5, (0, 0, 0, 0)), (POOL["stride"], None, 1, (2, 2)),
    (OPTIONS["learning_rate"], 0.001, 1, 0.002), (OPTIONS["learning_rate"], 0.001, -1, 0.0009),
    (OPTIONS["validation"], 0.0, 1, 0.1), (OPTIONS["validation"], 0.9, 1, 0.9),
    (OPTIONS["learning_rate"], 0.02, -1, 0.01),
])
def test_steps_stay_within_the_limits(setting, value, by, after):
    assert step(setting, value, by) == (pytest.approx(after) if isinstance(after, float) else after)

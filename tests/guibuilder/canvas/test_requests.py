"""What is typed into the search field."""

import pytest

from guibuilder.canvas.requests import matching, rank, read_request, requested_layer, uses


@pytest.mark.parametrize(("text", "words", "values"), [
    ("conv 6 5x5", "conv", ("6", "5x5")), ("conv 6@5x5 same", "conv", ("6", "5x5", "same")),
    ("Max Pool", "max pool", ()), ("120", "", ("120",)), ("  ", "", ()), ("same", "same", ()),
    ("dropout 0,3", "dropout", ("0,3",)),
])
def test_words_and_numbers_are_parted(text, words, values):
    request = read_request(text)
    assert (request.words, request.values) == (words, values)


@pytest.mark.parametrize(("words", "first"), [
    ("conv", "Conv2D"), ("convolution", "Conv2D"), ("fc", "Dense"), ("max", "MaxPool2D"), ("avg", "AveragePool2D"),
    ("gap", "GlobalAveragePool2D"), ("bn", "BatchNorm"), ("norm", "BatchNorm"), ("lrelu", "LeakyReLU"),
    ("relu", "ReLU"), ("concat", "Concatenate"), ("tan", "Tanh"), ("mp", "MaxPool2D"),
])
def test_the_layer_that_is_meant_comes_first(words, first):
    assert matching(words)[0] == first


def test_what_nothing_answers_to_finds_nothing():
    assert matching("xylophone") == []
    assert rank("Dense", "") == 3


@pytest.mark.parametrize(("kind", "values", "settings"), [
    ("Conv2D", ("6", "5x5"), {"filters": 6, "kernel": (5, 5)}),
    ("Conv2D", ("16", "3×5", "2", "same"), {"filters": 16, "kernel": (3, 5), "stride": (2, 2), "padding": "same"}),
    ("Conv2D", ("16", "3", "1", "2"), {"padding": (2, 2, 2, 2)}),
    ("Dense", ("1,024",), {"units": 1024}), ("Dropout", ("0,3",), {"rate": 0.3}),
    ("Input", ("1x32x32",), {"shape": (1, 32, 32)}), ("Input", ("3", "64", "64"), {"shape": (3, 64, 64)}),
    ("MaxPool2D", ("3", "2"), {"kernel": (3, 3), "stride": (2, 2)}),
])
def test_numbers_become_settings_in_their_order(kind, values, settings):
    layer, wrong = requested_layer(kind, values)
    assert wrong == ""
    assert {name: getattr(layer, name) for name in settings} == settings


@pytest.mark.parametrize(("kind", "values", "words"), [
    ("Dense", ("0",), "Units must be"), ("Dropout", ("5",), "must be"), ("Conv2D", ("6", "1x2x3"), "Kernel must be"),
    ("Dropout", ("0.1.2",), "a number"),
])
def test_a_number_out_of_its_limits_is_named(kind, values, words):
    layer, wrong = requested_layer(kind, values)
    assert words in wrong
    assert layer.type == kind


def test_who_has_a_use_for_numbers():
    assert uses("Conv2D", ("6", "5", "same"))
    assert uses("Input", ("1", "32", "32"))
    assert not uses("ReLU", ("6",))
    assert not uses("Dense", ("6", "5"))
    assert not uses("Dense", ("same",))
    assert uses("ReLU", ())

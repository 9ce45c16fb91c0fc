"""history.csv."""

import math

import pytest

from core.errors import FormatError
from core.formats.history_csv import history_from_text, history_to_text
from core.train.events import EpochDone


def test_rows_come_back_exactly():
    history = (EpochDone(1, 0.1 + 0.2, 0.9, None, None, 1e-9), EpochDone(2, 1e-300, None, 0.5, 1.0, 12.5))
    text = history_to_text(history)
    assert text.splitlines()[0] == "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds"
    assert history_from_text(text, "x") == history
    assert history_from_text("", "x") == ()


def test_no_file_holds_nan():
    broken = (EpochDone(1, math.nan, 0.5, 0.5, 0.5, 1.0), EpochDone(2, 0.5, 0.5, math.inf, math.nan, 1.0))
    assert history_to_text(broken).splitlines()[1:] == ["2,0.5,0.5,,,1.0"]


def test_columns_of_a_newer_version_are_passed_over():
    assert history_from_text("epoch,train_loss,seconds,extra\n1,0.5,2,9\n", "x") == (
        EpochDone(1, 0.5, None, None, None, 2.0),)


@pytest.mark.parametrize(("text", "words"), [
    ("epoch,train_loss,seconds\n1,x,2\n", "'x' as train_loss"), ("epoch,train_loss,seconds\n1,nan,2\n", "not finite"),
    ("epoch,train_loss,seconds\n1,,2\n", "'' as train_loss"), ("epoch,train_loss,seconds\n1.5,1,2\n", "'1.5' as epoch"),
    ("epoch,train_loss,seconds\n1,1e999,2\n", "not finite"), ("epoch\n" + "9" * 5000 + "\n", "as epoch"),
    ("epoch\n" + '"' + "x" * 200_000 + '"\n', "not a table"), ("epoch\n" + "1\n" * 100_001, "at most"),
], ids=range(8))
def test_what_is_no_history_is_refused(text, words):
    with pytest.raises(FormatError, match=words):
        history_from_text(text, "x")

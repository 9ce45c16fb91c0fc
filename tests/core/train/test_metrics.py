"""Counts of right and wrong answers."""

import numpy as np

from core.train.metrics import accuracy, confusion_matrix, correct, predicted

OUTPUTS = np.array([[0.1, 0.9, 0.0], [0.5, 0.2, 0.3], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3]])


def test_the_largest_output_is_the_answer_and_the_first_of_equals_wins():
    assert predicted(OUTPUTS).tolist() == [1, 0, 2, 1]
    assert predicted(np.array([[0.5, 0.5]])).tolist() == [0]


def test_right_answers_are_counted():
    assert correct(OUTPUTS, np.array([1, 0, 0, 1])) == 3
    assert accuracy(OUTPUTS, np.array([1, 0, 0, 1])) == 0.75
    assert accuracy(OUTPUTS[:0], np.zeros(0, np.int64)) == 0


def test_shares_count_by_their_largest():
    assert correct(OUTPUTS, np.eye(3)[[1, 1, 2, 1]]) == 3


def test_confusion_has_true_rows_and_predicted_columns():
    found = confusion_matrix(np.array([0, 0, 2, 1]), np.array([0, 2, 2, 2]), 3)
    assert found.tolist() == [[1, 0, 1], [0, 0, 1], [0, 0, 1]]

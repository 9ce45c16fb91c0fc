"""What every source must hold to: lengths, labels, pixels, the missing test part."""

import numpy as np
import pytest

from core.data.raw import LARGEST_SET, Part, Raw, check_bytes, compact, finish, labels_of, named_labels
from core.errors import DataError, FileError


def part(count, classes=3, side=2):
    return Part(np.zeros((count, 1, side, side), np.uint8) + np.arange(count, dtype=np.uint8)[:, None, None, None],
                np.arange(count, dtype=np.int64) % classes)


def test_a_missing_test_part_is_every_sixth_of_a_permutation_and_said():
    data = finish("x", Raw("X", part(60), None), seed=0)
    assert len(data.test_y) == 10
    assert sorted([*data.train_x[:, 0, 0, 0], *data.test_x[:, 0, 0, 0]]) == list(range(60))
    said, = data.notes
    assert said == "There is no test part: every sixth picture of a permutation (seed 0) is the test part, 10 of 60."
    again, other = (finish("x", Raw("X", part(60), None), seed=seed) for seed in (0, 1))
    assert np.array_equal(data.test_x, again.test_x)
    assert not np.array_equal(data.test_x, other.test_x)


def test_a_given_test_part_stays():
    data = finish("x", Raw("X", part(6), part(3)), seed=0)
    assert (len(data.train_y), len(data.test_y), data.notes) == (6, 3, ())
    assert data.classes == ("0", "1", "2")


def test_arrays_cannot_be_written():
    data = finish("x", Raw("X", part(6), part(3)), seed=0)
    with pytest.raises(ValueError, match="read-only"):
        data.train_x[0] = 1


def test_classes_without_pictures_are_named():
    data = finish("x", Raw("X", part(6, classes=2), part(3, classes=3), classes=("cat", "dog", "owl", "yak")), seed=0)
    assert data.notes == ("2 of 4 classes have no training pictures: owl, yak.",)


def test_names_of_classes_are_short_printable_lines():
    data = finish("x", Raw("X", part(6), part(3), classes=("a\x1b[2J\n", "b" * 500, "ü ×")), seed=0)
    assert data.classes == ("a?[2J?", "b" * 100, "ü ×")


@pytest.mark.parametrize(("raw", "words"), [
    (Raw("X", Part(part(5).x, part(4).y), part(3)), "5 pictures but 4 labels"),
    (Raw("X", part(0), part(3)), "no pictures"), (Raw("X", part(3), part(0)), "test part has no pictures"),
    (Raw("X", part(1), None), "only one picture"), (Raw("X", part(5), part(3, side=3)), "1×2×2 but the test"),
    (Raw("X", part(5), part(3), classes=("a", "b")), "A label is 2 but there are only 2 classes"),
    (Raw("X", Part(np.zeros((2, 1, 0, 4)), part(2).y), part(3)), "at least one pixel")])
def test_what_does_not_fit_together_is_refused(raw, words):
    with pytest.raises((DataError, FileError), match=words):
        finish("x", raw, 0)


@pytest.mark.parametrize(("x", "scale", "kind", "said"), [
    (np.array([0, 255]), 1 / 255, np.uint8, False), (np.array([0, 200], np.int64), 1 / 255, np.uint8, False),
    (np.array([0.0, 200.0]), 1 / 255, np.uint8, False), (np.array([0, 16]), 1 / 16, np.uint8, True),
    (np.array([0, 1]), 1.0, np.uint8, False), (np.array([False, True]), 1.0, np.uint8, False),
    (np.array([0, 65_535], np.uint16), 1 / 65_535, np.float32, True), (np.array([0.0, 0.5]), 1.0, np.float32, False),
    (np.array([0.5, 200.5]), 1 / 255, np.float32, False), (np.array([-1.0, 1.0]), 1.0, np.float32, True),
    (np.array([0, 70_000]), 1.0, np.float32, True), (np.zeros(2), 1 / 255, np.uint8, False)])
def test_pixels_take_their_smallest_form_and_a_scale(x, scale, kind, said):
    (stored,), found, notes = compact(x)
    assert found == pytest.approx(scale)
    assert stored.dtype == kind
    assert np.array_equal(stored, x.astype(np.float32))
    assert bool(notes) == said


def test_both_parts_share_one_scale():
    (train, test), scale, _ = compact(np.array([0, 12]), np.array([0, 255]))
    assert scale == pytest.approx(1 / 255)
    assert (train.max(), test.max()) == (12, 255)


@pytest.mark.parametrize("x", [np.array([np.nan]), np.array([np.inf]), np.array(["a"]), np.array([1j])])
def test_pixels_must_be_finite_numbers(x):
    with pytest.raises(DataError):
        compact(x)


@pytest.mark.parametrize("labels", [np.array([0.0, 2.0]), np.array([[0], [2]]), np.array([0, 2], np.uint8)])
def test_labels_of_any_whole_type(labels):
    assert labels_of(labels, "y").tolist() == [0, 2]
    assert labels_of(labels, "y").dtype == np.int64


@pytest.mark.parametrize("labels", [np.array([0.5]), np.array([-1]), np.array([10_000]), np.array([1e300]),
                                    np.array([np.nan]), np.array(["a"]), np.array([2**64 - 1], np.uint64)])
def test_labels_out_of_range_are_refused(labels):
    with pytest.raises(DataError, match="y"):
        labels_of(labels, "y")


def test_words_as_labels_are_sorted_classes():
    numbers, classes = named_labels(["owl", "cat", "owl"], "y")
    assert classes == ("cat", "owl")
    assert numbers.tolist() == [1, 0, 1]
    with pytest.raises(DataError, match="different labels"):
        named_labels([str(number) for number in range(10_001)], "y")


def test_sets_too_large_for_memory_are_refused():
    check_bytes(LARGEST_SET, "x")
    with pytest.raises(DataError, match="Use fewer or smaller"):
        check_bytes(LARGEST_SET + 1, "x")

"""Streams of chance: separate, repeatable, the same on every machine."""

import numpy as np

from core.data.streams import AUGMENTATION, DRAWING, INITIAL, NOISE, PARTS, SHUFFLE, stream


def test_equal_keys_give_equal_numbers_whatever_was_drawn_before():
    first = stream(7, INITIAL, "C1", "weight").standard_normal(5)
    stream(7, SHUFFLE, 3).permutation(100)
    assert np.array_equal(first, stream(7, INITIAL, "C1", "weight").standard_normal(5))


def test_every_key_and_the_seed_matter():
    keys = [(0, INITIAL), (0, SHUFFLE), (0, NOISE), (0, AUGMENTATION), (0, PARTS), (0, DRAWING), (1, SHUFFLE),
            (0, SHUFFLE, 1), (0, SHUFFLE, 2), (0, INITIAL, "C1"), (0, INITIAL, "C2"), (0, INITIAL, "C1", "bias")]
    numbers = {stream(seed, *names).integers(2**62) for seed, *names in keys}
    assert len(numbers) == len(keys)


def test_numbers_are_fixed_for_good():
    """A saved seed must mean the same in every later version."""
    assert stream(0, SHUFFLE, 1).permutation(10).tolist() == [1, 3, 2, 0, 6, 8, 4, 7, 9, 5]
    assert stream(0, INITIAL, "C1").integers(1000, size=3).tolist() == [473, 520, 892]

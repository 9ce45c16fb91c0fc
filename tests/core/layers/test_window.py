"""The rule of sliding windows and its words, with the numbers of the lectures."""

import pytest

from core.layers.conv2d import Conv2D
from core.layers.pooling import MaxPool2D
from core.layers.window import Window


def window(kernel, stride=1, padding="valid", dilation=1, ceil=False):
    return Window((kernel, kernel), (stride, stride), (dilation, dilation), padding, ceil)


@pytest.mark.parametrize(("stride", "size"), [(1, 5), (2, 3)])
def test_seven_pixels_and_three(stride, size):
    assert window(3, stride).output(7, 7) == (size, size)


def test_stride_three_does_not_fit_and_says_so():
    layer = Conv2D(1, 3, 3)
    assert layer.shape_formula((1, 7, 7)) == "(7 − 3)/3 + 1 = 2.33, rounded down to 2"
    code, message, formula = layer.warning((1, 7, 7))
    assert code == "unread"
    assert "does not fit evenly and never reads the last 1 row and the last 1 column of its 7×7 input" in message
    assert "2.33" in formula


def test_padding_keeps_the_size():
    assert window(3, 1, (1, 1, 1, 1)).output(7, 7) == (7, 7)
    assert window(3, 1, "same").output(7, 7) == (7, 7)


def test_same_puts_the_odd_pixel_at_the_bottom_and_right():
    assert window(2, 1, "same").padded(5, 5) == (0, 0, 1, 1)
    assert window(3, 2, "same").padded(28, 28) == (0, 0, 1, 1)
    assert window(3, 2, "same").output(28, 28) == (14, 14)


def test_filter_outputs_and_weights_of_the_lecture():
    layer = Conv2D(1, 3, bias=False)
    assert layer.output_shape((1, 7, 7)) == (1, 5, 5)
    assert layer.arrays((1, 7, 7))["weight"].size == 9
    assert Conv2D(6, 5).output_shape((3, 32, 32))[0] == 6
    assert Conv2D(2, 3, 2, 1).output_shape((3, 5, 5)) == (2, 3, 3)


def test_ceil_follows_pytorch():
    assert window(2, 2, ceil=True).output(5, 5) == (3, 3)
    assert window(2, 3, (0, 0, 0, 0), ceil=True).output(3, 3) == (1, 1)


def test_skipped_pixels_are_said():
    assert "every 2nd row and column of its 28×28 input" in Conv2D(8, 1, 2).warning((3, 28, 28))[1]
    assert Conv2D(8, 1, 2).warning((3, 1, 1)) is None


def test_rows_and_columns_apart():
    assert MaxPool2D(2).shape_formula((1, 5, 4)) == "(5 − 2)/2 + 1 = 2.50, rounded down to 2\n(4 − 2)/2 + 1 = 2"
    assert "the last 1 row" in MaxPool2D(2).warning((1, 5, 4))[1]
    assert "column" not in MaxPool2D(2).warning((1, 5, 4))[1]


def test_dilated_formula():
    assert Conv2D(1, 3, dilation=2).shape_formula((1, 9, 9)) == "(9 − (2·(3 − 1) + 1))/1 + 1 = 5"

"""Convolutions over several pictures at once and without the rows of filters that see padding: right, the same bits."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps import within
from core.engine.steps.bands import bands, turned
from core.engine.steps.geometry import Geometry
from core.engine.steps.pixel_sums import sums_over_pictures
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.layers.conv2d import Conv2D
from tests.core.engine.agreement import chain, disagreement, lively_weights, pictures

compiled = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
PADDED = [((7, 5), (1, 1), (3, 2, 3, 2), 7), ((7, 7), (1, 1), "same", 9), ((6, 3), (2, 1), (5, 0, 1, 2), 5),
          ((5, 5), (3, 3), (4, 4, 4, 4), 5), ((3, 3), (1, 1), (2, 2, 2, 2), 1)]
# (filters, kernel, stride, padding, size) of a convolution behind another one, and pictures in a batch.
SHAPES = [*((19, *padded, 20) for padded in PADDED),
          (3, (5, 4), (1, 1), "valid", 14, 3), (5, (3, 3), (1, 2), "same", 13, 20), (7, (2, 6), (2, 3), 1, 15, 6),
          (18, (2, 2), (1, 1), "valid", 2, 100), (33, (3, 3), (2, 2), 1, 3, 70), (21, (4, 4), (1, 1), "valid", 5, 64)]


def _geometry(kernel, stride, padding, size, filters=8):
    return Geometry.of(Conv2D(filters=filters, kernel=kernel, stride=stride, padding=padding), (4, size, size))


def _inside(shape):
    """(output row, row of the filter) pairs that lie on the picture."""
    return {(row, tap) for row in range(shape.out[0]) for tap in range(shape.kernel[0])
            if 0 <= row * shape.stride[0] - shape.corner[0] + tap < shape.size[0]}


@pytest.mark.parametrize("padded", PADDED, ids=str)
def test_no_row_of_a_filter_is_multiplied_with_padding(padded):
    shape = _geometry(*padded)
    found = bands(shape)
    for each in (found, turned(found, shape)):
        pairs = [(row, tap) for band in each for row in range(*band.rows) for tap in range(*band.taps)]
        assert len(pairs) == len(set(pairs))
        assert set(pairs) == _inside(shape)
    assert sorted(tap for band in turned(found, shape) for tap in range(*band.taps)) == list(range(shape.kernel[0]))


def test_little_padding_is_multiplied_in_one_product():
    assert len(bands(_geometry((5, 5), (1, 1), "same", 28))) == 1


@pytest.mark.parametrize("width", range(5, 30))
def test_few_filters_fill_vectors_at_any_width(width):
    shape = _geometry((3, 3), (1, 1), "same", width, filters=1)
    assert shape.group * shape.in_row < width + shape.group
    assert shape.out[1] / shape.in_row >= min(4, LANES / 2)
    places = shape.output_places(shape.group, False).reshape(width, -1)
    reached = {int(place) + pixel for place in places[0] for pixel in range(shape.group)}
    assert reached == set(range(width))


def test_sums_go_on_over_pictures_where_maps_are_tiny():
    assert sums_over_pictures(_geometry((2, 2), (1, 1), "valid", 2), 8)
    assert not sums_over_pictures(_geometry((2, 2), (1, 1), "valid", 2), 3)
    assert not sums_over_pictures(_geometry((3, 3), (1, 1), "same", 3), 8)


def _network(filters, kernel, stride, padding, size):
    return chain((2, size, size), ("Conv2D", {"filters": 5, "kernel": 1}), "Tanh",
                 ("Conv2D", {"filters": filters, "kernel": kernel, "stride": stride, "padding": padding}), "ReLU",
                 "Flatten", ("Dense", {"units": 4}), "Softmax")


@compiled
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_right_and_the_same_bits_for_any_number_of_threads(shape):
    network, batch = _network(*shape[:5]), shape[5]
    assert disagreement(network, batch) <= 1e-5
    first = _numbers(network, batch, 1)
    for threads in (2, 3, 8):
        assert all(np.array_equal(one, other) for one, other in zip(first, _numbers(network, batch, threads),
                                                                    strict=True))


@compiled
def test_a_picture_gives_the_same_bits_in_any_company():
    network = _network(19, (7, 5), (1, 1), (3, 2, 3, 2), 7)
    engine = Engine(network, lively_weights(network), 30, threads=2)
    x = pictures(network, 30)
    alone = np.concatenate([engine.predict(x[number:number + 1]) for number in range(30)])
    assert np.array_equal(engine.predict(x), alone)
    engine.close()


@compiled
@pytest.mark.parametrize(("batch", "threads", "shared"), [(3, 2, True), (5, 2, True), (7, 2, True), (9, 2, False),
                                                          (6, 2, False), (6, 4, True)])
def test_threads_share_pictures_of_odd_small_batches(batch, threads, shared, monkeypatch):
    monkeypatch.setattr(within, "_WORTH", 0)
    monkeypatch.setattr(within, "_WORTH_ONE_MORE", 0)
    network = _network(*SHAPES[0][:5])
    engine = Engine(network, lively_weights(network), batch, threads=threads)
    assert any(isinstance(step, within.SharedConvolution) for step in engine._plan.steps) == shared
    engine.close()


def _numbers(network, batch, threads):
    engine = Engine(network, lively_weights(network), batch, threads=threads)
    x = pictures(network, batch)
    engine.find_gradients(x, np.arange(batch) % 4)
    found = [engine.predict(x), *engine.gradients().values()]
    engine.close()
    return found

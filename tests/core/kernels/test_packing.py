"""Packed filters: what they hold, and gradients as the exact reverse."""

import numpy as np
import pytest

from core.kernels import packing
from core.kernels.processor import LANES
from tests.core.kernels.arrays import flat, plain, room

# height, width, channels, filters, group, stride, length
CASES = [(1, 1, 1, 1, 1, 1, 16), (3, 2, 4, 5, 1, 1, 16), (5, 5, 1, 6, 2, 1, 16), (2, 3, 3, 2, 4, 2, 8),
         (3, 3, 2, 16, 1, 2, 16)]


def _packed(weights, group, stride, length):
    height, width, channels, filters = weights.shape
    package = np.zeros((height, width + (group - 1) * stride, channels, length))
    for pixel in range(group):
        start = pixel * stride
        package[:, start:start + width, :, pixel * filters:(pixel + 1) * filters] = weights
    return package


@pytest.mark.parametrize("case", CASES)
def test_filters_of_a_group_lie_side_by_side(case):
    height, width, channels, filters, group, stride, length = case
    weights = np.random.default_rng(0).normal(size=(height, width, channels, filters)).astype(np.float32)
    wanted = _packed(weights, group, stride, length)
    package = room(*wanted.shape)
    packing.pack_filters(flat(np.r_[1, 2, weights.reshape(-1)]), 2, package, np.array(case))
    assert np.array_equal(package.reshape(wanted.shape), wanted)


def test_the_bias_is_there_once_per_pixel():
    package = room(16)
    packing.pack_bias(flat([9, 1, 2, 3]), 1, package, np.array([1, 1, 1, 3, 2, 1, 16]))
    assert package.tolist() == [1, 2, 3, 1, 2, 3] + [0] * 10


@pytest.mark.parametrize("case", CASES)
def test_transposed_filters(case):
    height, width, channels, filters = case[:4]
    weights = np.random.default_rng(1).normal(size=(height, width, channels, filters)).astype(np.float32)
    for function in (packing.pack_transposed, plain(packing.pack_transposed)):
        package = room(weights.size)
        function(flat(weights), 0, package, np.array(case))
        wanted = weights.transpose(0, 3, 1, 2)
        assert np.array_equal(package.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("case", CASES)
def test_unpacking_a_gradient_is_the_adjoint_of_packing(case):
    height, width, channels, filters, group, stride, length = case
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(height, width, channels, filters)).astype(np.float32)
    shape = _packed(weights, group, stride, length).shape
    slots = rng.normal(size=(3, *shape)).astype(np.float32)
    step = int(np.prod(shape))
    for function in (packing.unpack_gradient, plain(packing.unpack_gradient)):
        gradient = room(weights.size + 1)
        function(flat(slots), 2, step, gradient, 1, np.array(case))
        # ⟨pack(w), slots⟩ = ⟨w, unpack(slots)⟩ for every w; here one random w and each single weight's place.
        total = slots[:2].sum(axis=0)
        product = (_packed(weights, group, stride, length) * total).sum()
        assert (weights.reshape(-1) * gradient[1:]).sum() == pytest.approx(product, rel=1e-4, abs=1e-4)
        only = np.zeros_like(weights)
        only[-1, -1, -1, -1] = 1
        assert gradient[-1] == pytest.approx((_packed(only, group, stride, length) * total).sum(), abs=1e-5)


def test_slots_add_up_in_order():
    slots = flat([[1e8, 1], [1, 2], [-1e8, 4]])
    target = room(4)
    packing.sum_slots(slots, 3, 2, target, 1, 2)
    assert target.tolist() == [0, float(np.float32(np.float32(1e8) + 1) - np.float32(1e8)), 7, 0]


@pytest.mark.parametrize("count", [1, 255, 256, 2048, 2049, 5000])
def test_slots_of_any_length_add_up(count):
    slots = np.random.default_rng(3).normal(size=(5, count)).astype(np.float32)
    target = flat(np.full(count + 3, 7))
    packing.sum_slots(flat(slots), 4, count, target, 2, count)
    assert np.array_equal(target[2:-1], ((slots[0] + slots[1]) + slots[2]) + slots[3])
    assert (target[[0, 1, -1]] == 7).all()


def test_slots_are_added_one_by_one():
    one, other, sums = flat([1.5, 2, 9]), flat([3, 4, 9]), flat([7, 7, 7])
    packing.add_slot(one, sums, 2, True)
    packing.add_slot(other, sums, 2, False)
    assert sums.tolist() == [4.5, 6, 7]


@pytest.mark.parametrize("rows", [1, LANES - 1, LANES, 3 * LANES + 5])
@pytest.mark.parametrize("columns", [1, LANES, LANES + 2, 2 * LANES, 5 * LANES, 6 * LANES - 1])
def test_turned_panels_hold_columns_side_by_side(rows, columns):
    weights = 1 + np.arange(columns * rows, dtype=np.float32).reshape(columns, rows)
    package = room(rows * -(-columns // LANES) * LANES)
    packing.pack_turned_panels(flat(np.r_[7, weights.reshape(-1)]), 1, package, rows, columns)
    for panel in range(0, columns, 2 * LANES):
        step = 2 * LANES if columns - panel > LANES else LANES
        found = package[panel * rows:panel * rows + rows * step].reshape(rows, step)
        given = weights[panel:panel + step].T
        assert np.array_equal(found[:, :given.shape[1]], given)
        assert not found[:, given.shape[1]:].any()

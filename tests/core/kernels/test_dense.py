"""The gradient of a bias."""

import numpy as np

from core.kernels import dense
from tests.core.kernels.arrays import flat, plain, room


def test_sums_of_some_columns():
    values = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    for function in (dense.sum_rows, plain(dense.sum_rows)):
        target = flat(np.full(10, 9.0))
        function(flat(values), 3, 7, 2, 5, target, 1)
        np.testing.assert_allclose(target[3:6], values[:3, 2:5].sum(axis=0), rtol=1e-6)
        assert (target[[0, 1, 2, 6, 7, 8, 9]] == 9).all()


def test_no_rows_give_zero():
    target = room(3)
    target[:] = 5
    dense.sum_rows(room(0), 0, 3, 0, 3, target, 0)
    assert not target.any()

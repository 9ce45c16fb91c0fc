"""How many digits each fast path keeps, against float64; and the same bits for any number of threads.

An error is max|made − exact| / max|exact|.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from core.engine.choice import choose
from core.engine.flow import Task
from core.kernels.jit import COMPILED
from core.layers import make_layer
from core.layers.base import Layer, Pass, Shape
from tests.core.engine.alone import How, alone
from tests.core.layers.drawn import numbers

IN_BLOCKS, DIRECT, GRADIENTS = 3e-5, 1e-5, 1e-4
THREADS = (1, 2, 3, 8)


@dataclass(frozen=True)
class Case:
    """A layer on pictures of a shape; `count` of them where `spare` more would fit."""

    layer: Layer
    shape: Shape
    count: int
    spare: int = 0
    precise: bool = False

    def __str__(self) -> str:
        size = "×".join(map(str, self.shape))
        precise = ", precise" if self.precise else ""
        return f"{self.layer.type} {self.layer.short()} on {self.count} of {size}{precise}"

    @property
    def kernel(self) -> str:
        """What the engine chooses."""
        shape = self.layer.output_shape(self.shape)
        return choose(Task("t", "t", self.layer, ("i",), (self.shape,), shape, shape, "t", precise=self.precise)).kernel


def _conv(filters, kernel=3, **settings):
    return make_layer("Conv2D", {"filters": filters, "kernel": kernel, **settings})


# Odd and small sizes, edges that cut blocks, batches that are no multiple of their chunks.
_BLOCKS = [(_conv(16, padding=1), (16, 7, 7), 3, 0), (_conv(32, padding=1), (16, 13, 11), 7, 2),
           (_conv(64), (32, 10, 14), 5, 0), (_conv(48, padding="same"), (48, 3, 4), 33, 5),
           (_conv(64, padding=1), (64, 32, 32), 1, 0), (_conv(128, padding=1), (128, 8, 8), 9, 0),
           (_conv(64, padding=1), (256, 7, 8), 19, 0), (_conv(32, padding=(2, 1, 0, 1)), (32, 28, 27), 2, 1)]
CASES = [Case(*case) for case in _BLOCKS] + [Case(*case, precise=True) for case in _BLOCKS]
_ABREAST = [(_conv(16, 5), (6, 14, 14), 37, 3), (_conv(33, 5, padding=2), (24, 9, 11), 18, 0),
            (_conv(6, 5, padding=(0, 2, 1, 4)), (3, 32, 32), 16, 0)]
CASES += [Case(*case, precise=precise) for case in _ABREAST for precise in (False, True)]
CASES += [Case(_conv(6, 5, padding=2), (1, 28, 28), 5), Case(_conv(16, 5), (6, 14, 14), 3),
          Case(_conv(64, 7, stride=2, padding=3), (3, 33, 31), 2, 3),
          Case(_conv(130, 1), (65, 9, 5), 7), Case(_conv(64, 1), (32, 16, 16), 18),
          Case(_conv(20, 1), (48, 3, 2), 33, 3),
          Case(_conv(1, (2, 3)), (3, 5, 5), 33, 2),
          Case(_conv(24, 3, stride=(2, 1)), (16, 11, 6), 17),
          Case(_conv(8, 3, groups=4, padding=1), (16, 9, 7), 5),
          Case(_conv(50, 5, groups=50, padding=2), (50, 13, 9), 3),
          Case(_conv(3, (3, 1), groups=3, stride=2), (3, 9, 11), 7, 1), Case(_conv(64, 3, groups=4), (32, 9, 7), 18),
          Case(_conv(6, 4, groups=3, stride=3, dilation=2, padding=(3, 0, 1, 4)), (6, 15, 17), 5),
          Case(_conv(12, 3, dilation=2), (5, 13, 9), 6, 1),
          Case(make_layer("Dense", {"units": 130}), (1031,), 33), Case(make_layer("Dense", {}), (3,), 1, 8),
          Case(make_layer("Maxout", {"units": 17, "pieces": 1}), (257,), 9)]


def _apart(made, exact):
    assert made.shape == exact.shape
    return float(np.abs(made - exact).max()) / float(np.abs(exact).max())


def _made(case, threads):
    weights, inputs, gradient = numbers(case.layer, (case.shape,), case.count, seed=3)
    how = How(threads=threads, spare=case.spare, precise=case.precise)
    return alone(case.layer, weights, inputs, gradient, how), (weights, inputs, gradient)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_digits(case):
    made, (weights, inputs, gradient) = _made(case, 2)
    exact = {name: array.astype(float) for name, array in weights.items()}
    output, backward = case.layer.forward(exact, [inputs[0].astype(float)], Pass(training=True))
    assert _apart(made.output, output) <= (IN_BLOCKS if case.kernel in ("winograd", "abreast") else DIRECT)
    to_inputs, to_arrays = backward(gradient.astype(float))
    assert _apart(made.inputs[0], to_inputs[0]) <= GRADIENTS
    for name, wanted in to_arrays.items():
        assert _apart(made.arrays[name], wanted) <= GRADIENTS


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_bits_for_any_number_of_threads(case):
    first, *others = (_made(case, threads)[0] for threads in THREADS)
    for other in others:
        assert np.array_equal(first.output, other.output)
        assert np.array_equal(first.inputs[0], other.inputs[0])
        assert all(np.array_equal(array, other.arrays[name]) for name, array in first.arrays.items())


@pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
def test_every_fast_path_is_among_them_and_precise_keeps_away_from_blocks():
    assert {case.kernel for case in CASES} >= {"winograd", "abreast", "convolution", "pointwise", "split", "lanewise",
                                               "dense", "maxout"}
    assert not [case for case in CASES if case.precise and case.kernel in ("winograd", "abreast")]

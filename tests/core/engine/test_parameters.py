"""Weights in one flat array, in whatever order, and back."""

from itertools import pairwise

import numpy as np
import pytest

from core.engine.arena import Arena, padded
from core.engine.parameters import Parameters
from core.errors import NetworkError


@pytest.fixture
def parameters():
    made = Parameters(Arena())
    made.declare("C.weight", (4, 3, 2, 2), True, ((4, 3, 2, 2), (2, 3, 1, 0)))
    made.declare("C.bias", (4,), True)
    made.declare("D.weight", (5, 12), True, ((5, 3, 2, 2), (0, 2, 3, 1)))
    made.declare("B.running_mean", (3,), False)
    made.allocate()
    return made


def _arrays(parameters):
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=each.shape).astype(np.float32) for name, each in parameters.table.items()}


def test_there_and_back(parameters):
    arrays = _arrays(parameters)
    parameters.write(arrays)
    made = parameters.read()
    assert made.keys() == arrays.keys()
    assert not [name for name in arrays if not np.array_equal(made[name], arrays[name])]


def test_the_order_inside(parameters):
    arrays = _arrays(parameters)
    parameters.write(arrays)
    weight = parameters.table["D.weight"]
    inside = parameters.weights[weight.start:weight.end].reshape(5, 2, 2, 3)
    assert np.array_equal(inside, arrays["D.weight"].reshape(5, 3, 2, 2).transpose(0, 2, 3, 1))


def test_parameters_do_not_overlap_and_begin_on_cache_lines(parameters):
    spans = sorted((each.start, each.end) for each in parameters.table.values())
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert all(start % 16 == 0 for start, _ in spans)
    assert parameters.weights.ctypes.data % 64 == 0


def test_slots_of_trained_arrays(parameters):
    parameters.slot("mean")[:] = 3
    state = parameters.read_slots()
    assert set(state) == {"C.weight.mean", "C.bias.mean", "D.weight.mean"}
    state["C.bias.mean"] = np.arange(4, dtype=np.float32)
    parameters.write_slots(state)
    assert parameters.read_slots()["C.bias.mean"].tolist() == [0, 1, 2, 3]


def test_declaring_again_changes_nothing_unless_the_order_differs(parameters):
    start = parameters.table["C.bias"].start
    parameters.declare("C.bias", (4,), True)
    assert parameters.table["C.bias"].start == start
    with pytest.raises(ValueError, match="another order"):
        parameters.declare("D.weight", (5, 12), True)


def test_missing_and_misshapen_arrays(parameters):
    arrays = _arrays(parameters)
    with pytest.raises(NetworkError, match=r"C\.bias"):
        parameters.need({name: array for name, array in arrays.items() if name != "C.bias"})
    with pytest.raises(NetworkError, match=r"C\.bias"):
        parameters.write({"C.bias": np.zeros(5)})
    parameters.write({"unknown.bias": np.zeros(5)})


def test_arrays_of_any_size_are_zero_apart_and_on_cache_lines():
    arena, sizes = Arena(), [1, 30_000_000, 5, 9_000_000, 9_000_000, 17]
    arrays = [arena.array(size, np.int8) for size in sizes]
    for number, array in enumerate(arrays):
        assert array.ctypes.data % 64 == 0
        assert not array[:100].any()
        assert not array[-100:].any()
        array[:] = number + 1
    assert all((array == number + 1).all() for number, array in enumerate(arrays))
    places = sorted((array.ctypes.data, array.nbytes) for array in arrays)
    assert all(end[0] - begin[0] >= begin[1] + 128 for begin, end in pairwise(places))
    assert arena.bytes >= sum(sizes) + 128 * len(sizes)


def test_arena_counts_and_leaves_room():
    arena = Arena()
    array = arena.floats(10)
    assert array.size == 10
    assert array.base.nbytes >= 40 + 128
    assert arena.bytes >= 40 + 128
    assert (padded(0, 16), padded(1, 16), padded(16, 16), padded(17, 16)) == (0, 16, 16, 32)

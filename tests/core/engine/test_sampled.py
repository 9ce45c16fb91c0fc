"""1×1 convolutions with a stride: right however others read the same input, the same bits for any number of threads."""

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.steps.sampled import SampledConvolution
from core.kernels.jit import COMPILED
from tests.core.engine.agreement import disagreement, lively_weights, pictures, same_for_any_threads
from tests.core.networks import Drawing

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")
SMALL = {"filters": 19, "kernel": 1, "stride": 2}


def _start(kind="Conv2D", size=(9, 8), channels=16, **settings):
    """Maps that somebody learns, made by a convolution with ReLU or by a normalisation."""
    drawing = Drawing().add("Input", "I", shape=(3, *size)).add("Conv2D", "C", filters=channels, kernel=1)
    if kind == "BatchNorm":
        drawing.add("BatchNorm", "N")
    return drawing.add("ReLU", "R", **settings)


def _end(drawing, *sources):
    return drawing.add("GlobalAveragePool2D", "G", *sources).add("Dense", "D", units=4).add("Softmax", "S").network


def _alone(behind=(), size=(9, 8), channels=16, **settings):
    drawing = _start(size=size, channels=channels).add("Conv2D", "P", **SMALL | settings)
    for number, kind in enumerate(behind):
        drawing.add(kind, f"B{number}")
    return _end(drawing)


def _beside(kind, first=True, another=False):
    """A 3×3 of the same stride and the 1×1 read the same maps, perhaps another 1×1 too, and are added up."""
    drawing, readers = _start(kind), {"P": SMALL, "Q": {**SMALL, "kernel": 3, "padding": 1}}
    for name in sorted(readers, reverse=not first):
        drawing.add("Conv2D", name, "R", **readers[name])
    if another:
        drawing.add("Conv2D", "O", "R", **SMALL)
        drawing.add("Add", "A", "O", "P")
        return _end(drawing.add("Add", "B", "A", "Q"))
    return _end(drawing.add("Add", "A", "P", "Q"))


def _only_samplers(kind):
    drawing = _start(kind)
    for name in "PQ":
        drawing.add("Conv2D", name, "R", **SMALL)
    return _end(drawing.add("Add", "A", "P", "Q"))


NETWORKS = {
    "alone": _alone(), "with ReLU": _alone(("ReLU",)), "with a pool": _alone(("ReLU", "MaxPool2D")),
    "normalised": _alone(("BatchNorm", "ReLU")), "without a bias": _alone(bias=False), "frozen": _alone(frozen=True),
    "strides of their own": _alone(stride=(3, 1)), "stride beyond the picture": _alone(stride=(11, 2)),
    "rows of one pixel": _alone(size=(9, 1)), "rows longer than a block": _alone(size=(3, 301), channels=90),
    "no whole vectors": _alone(channels=9), "many channels": _alone(channels=50),
    "beside another": _beside("Conv2D"), "behind another": _beside("Conv2D", False),
    "beside another behind a normalisation": _beside("BatchNorm"), "three readers": _beside("BatchNorm", another=True),
    "three readers of a convolution": _beside("Conv2D", False, True),
    "two that see little": _only_samplers("Conv2D"), "two behind a normalisation": _only_samplers("BatchNorm")}


def _steps(engine):
    return [step for step in engine._plan.steps if isinstance(step, SampledConvolution)]


@pytest.mark.parametrize("name", NETWORKS)
def test_right(name):
    network = NETWORKS[name]
    engine = Engine(network, lively_weights(network), 7, threads=2)
    assert _steps(engine)
    engine.close()
    assert disagreement(network) <= 2e-5


@pytest.mark.parametrize("name", ["with ReLU", "three readers"])
@pytest.mark.parametrize("batch", [7, 37])
def test_the_same_bits_for_any_number_of_threads(name, batch):
    assert same_for_any_threads(NETWORKS[name], batch)


@pytest.mark.parametrize("name", ["alone", "three readers", "two that see little", "two behind a normalisation"])
def test_what_lies_in_the_memory_of_gradients_does_not_matter(name):
    network, found = NETWORKS[name], []
    for filling in (0, np.nan):
        engine = Engine(network, lively_weights(network), 7, threads=2)
        for tensor in engine._plan.tensors.values():
            for array in (tensor.gradient, *tensor.others, *(sample.gradient for sample in tensor.samples)):
                if array is not None:
                    array.fill(filling)
        engine.find_gradients(pictures(network, 7), np.arange(7) % 4)
        found.append(engine.gradients())
        engine.close()
    for key, gradient in found[0].items():
        np.testing.assert_array_equal(gradient, found[1][key], key)


def test_others_who_read_the_maps_get_no_gradient_of_their_own_size():
    network = _beside("BatchNorm")
    engine = Engine(network, lively_weights(network), 7, threads=1)
    maps = engine._plan.tensors[network.names["R"]]
    assert [sample.size for sample in maps.samples] == [16 * 5 * 4]
    assert not maps.others
    engine.close()


@pytest.mark.parametrize("settings", [{"padding": 1}, {"stride": 1}, {"groups": 2, "filters": 16}, {"kernel": 2}])
def test_only_with_a_stride_and_without_padding(settings):
    network = _alone(**settings)
    engine = Engine(network, lively_weights(network), 7, threads=1)
    assert not _steps(engine)
    engine.close()
    assert disagreement(network) <= 2e-5

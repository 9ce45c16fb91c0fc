"""How a batch is cut, where windows lie, and which memory is lent: the parts of a plan that follow from sizes alone."""

import gc
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from core.engine.arena import Arena
from core.engine.choice import choose
from core.engine.engine import Engine
from core.engine.flow import make_flow
from core.engine.fusion import fused
from core.engine.parameters import Parameters
from core.engine.plan import chunk_size, make_plan
from core.engine.planned import planned_bytes
from core.engine.pool import Pool
from core.engine.runner import Runner, joined
from core.engine.steps.arrange import Rearrange
from core.engine.steps.base import Part
from core.engine.steps.catalogue import STEPS
from core.engine.steps.dense import FullyConnected
from core.engine.steps.geometry import Geometry
from core.engine.steps.pooling import window_counts
from core.engine.steps.winograd import tiles_at_a_time
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES, TILE
from core.layers import LAYERS
from core.layers.conv2d import Conv2D
from core.layers.pooling import AveragePool2D
from tests.core.engine.agreement import chain, digits, large_dense, lenet, lively_weights, pictures, residual
from tests.core.networks import Drawing, every_layer, weights_of

pytestmark = pytest.mark.skipif(not COMPILED, reason="without compilation every layer runs its definition")


def _plan(network, batch=64, threads=2):
    return make_plan(fused(make_flow(network, join_softmax=True)), batch, threads, True, Parameters(Arena()))


@pytest.mark.parametrize(("filters", "chunks"), [(16, 16), (300, 8), (9000, 4)])
def test_large_weights_mean_fewer_chunks(filters, chunks):
    network = chain((64, 4, 4), ("Conv2D", {"filters": filters}), "Flatten")
    flow = make_flow(network, join_softmax=True)
    assert -(-64 // chunk_size(flow, 64)) == chunks
    assert chunk_size(flow, 1) == 1


@pytest.mark.parametrize("threads", [1, 2, 3, 8, 100])
@pytest.mark.parametrize("count", [1, 4, 5, 63, 64])
def test_shares_are_whole_chunks_and_cover_the_batch(threads, count):
    plan = _plan(lenet())
    runner = Runner(plan, SimpleNamespace(threads=threads))
    runner.run.count = count
    shares = runner.shares()
    assert [number for first, end in shares for number in range(first, end)] == list(range(count))
    assert all(first % plan.build.chunk == 0 for first, _ in shares)
    assert len(shares) >= min(threads, -(-count // plan.build.chunk))


@pytest.mark.parametrize(("count", "phases", "shares"), [(4, 1, 1), (32, 1, 2), (32, 200, 1), (64, 20, 2)])
def test_little_work_is_left_to_one_thread_the_more_so_the_oftener_threads_would_meet(count, phases, shares,
                                                                                      monkeypatch):
    monkeypatch.undo()
    runner = Runner(_plan(lenet()), SimpleNamespace(threads=2))
    runner.run.count = count
    assert len(runner.shares(phases)) == shares


def test_a_phase_is_cut_as_often_as_its_own_work_is_worth():
    runner = Runner(_plan(lenet()), SimpleNamespace(threads=2))
    runner.run.count = 64
    much = 64 * 10 ** 9
    assert len(runner.shares(1, 10 ** 5)) == 2
    assert len(runner.shares(1, much)) == -(-64 // runner.plan.build.chunk)
    assert sum(step.macs for step in runner.plan.steps) == runner._macs > 0


def test_a_phase_of_little_work_is_left_to_one_thread(monkeypatch):
    """Behind a dense layer's product, which all threads make together, there are ten scores a picture."""
    monkeypatch.undo()
    given = []
    pool = SimpleNamespace(threads=2, run=lambda works: given.append(len(works)))
    runner = Runner(_plan(large_dense()), pool)
    runner.run.count = 64
    *others, last = runner.forward
    assert [isinstance(each, list) for each in others[-2:]] == [True, False]
    runner.execute(runner.forward)
    assert len(given) == len(runner.forward)
    assert (given[-1], min(given[:-1]) >= 2) == (1, True)
    assert isinstance(last, list)


@pytest.mark.parametrize("threads", [2, 3])
def test_the_last_of_many_shares_are_the_smallest(threads):
    runner = Runner(_plan(digits()), SimpleNamespace(threads=threads))
    runner.run.count = 64
    sizes = [end - first for first, end in runner.shares(1, 2 * 10 ** 7)]
    assert len(sizes) > threads
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == runner.plan.build.chunk < sizes[0]


def test_gradients_are_made_beside_the_last_pictures_where_they_can_be():
    plan = _plan(large_dense())
    convolution, *dense = plan.steps
    beside, behind = plan.gradient_works(True)
    assert plan.done_early() == dense[::-1]
    assert len(beside) == sum(len(step.gradient_works()) for step in dense) > len(dense)
    assert len(behind) == len(convolution.gradient_works()) > 0
    assert plan.gradient_works(False)[0] == []
    assert _plan(lenet()).done_early() == []
    for plan in (_plan(residual()), _plan(every_layer())):
        phases = plan.phases(backward=True)
        last = {work.__self__.name for work in phases[-1]} if isinstance(phases[-1], list) else None
        early = {step.name for step in plan.done_early()}
        assert not early if last is None else not early & last


def test_threads_meet_only_where_pictures_depend_on_each_other():
    plan = _plan(lenet())
    assert [type(phase) for phase in plan.phases(backward=False)] == [list]
    both = joined([*plan.phases(backward=False), [lambda first, end, thread: None], *plan.phases(backward=True)])
    assert [type(phase) for phase in both] == [list]
    kinds = [type(phase) for phase in _plan(residual()).phases(backward=False)]
    assert kinds == [list, Part, list, Part, list]


def test_every_chunk_starts_where_it_should_whoever_runs_it():
    plan, pool = _plan(lenet()), Pool(3)
    runner, seen = Runner(plan, pool), []
    runner.run.count = 50
    runner.execute([[lambda first, end, thread: seen.append((first, end))]])
    pool.close()
    assert sum(end - first for first, end in seen) == 50


def test_gradients_are_lent_along_a_shortcut():
    plan = _plan(residual())
    tensors = {step.name: step.output for step in plan.steps}
    assert tensors["B2"].gradient is tensors["C2"].gradient
    assert tensors["B2"].gradient is not tensors["B1"].gradient
    assert tensors["Join"].gradient is not tensors["C3"].gradient


def test_every_layer_has_a_kernel_of_its_own():
    network = every_layer()
    assert {node.type for node in network.nodes.values()} >= LAYERS.keys() - {"Unknown"}
    tasks = make_flow(network, join_softmax=False).tasks
    assert not [task.name for task in tasks if choose(task).kernel == "definition"]
    assert not [task.name for task in tasks if choose(task).kernel not in STEPS]


def test_no_layer_needs_its_memory_while_it_is_only_planned():
    engine = Engine(every_layer(), weights_of(every_layer()), 6, threads=2)
    assert planned_bytes(every_layer(), 6, 2, "sgd") == engine.training_bytes("sgd")
    engine.close()


def test_linear_is_no_work():
    network = chain((1, 6, 6), "Linear", ("Conv2D", {"filters": 4}), "Linear", "ReLU", "Linear", "Flatten", "Linear")
    flow = make_flow(network, join_softmax=True)
    assert [task.layer.type for task in flow.tasks] == ["Conv2D", "ReLU", "Flatten"]
    assert flow.names["Linear2"] == flow.names["Conv2D1"]
    assert fused(flow).tasks[0].relu


@pytest.mark.parametrize(("layers", "moved"), [
    ([("Reshape", {"shape": (8, 4, 4)}), ("Conv2D", {"filters": 2}), "Flatten"], True),
    ([("Reshape", {"shape": (1, 16, 8)}), ("Conv2D", {"filters": 2}), "Flatten"], False),
    ([("Reshape", {"shape": (128, 1, 1)}), ("Reshape", {"shape": (128,)}), "Dense"], False),
    ([("Reshape", {"shape": (2, 8, 8)}), ("Reshape", {"shape": (4, 4, 8)}), ("Reshape", {"shape": (128,)}), "Dense"],
     True)], ids=str)
def test_numbers_are_moved_only_where_their_order_matters(layers, moved):
    steps = _plan(chain((9,), ("Dense", {"units": 128}), *layers)).steps
    assert any(isinstance(step, Rearrange) for step in steps) == moved


@pytest.mark.parametrize(("filters", "width", "kernel", "group"), [
    (LANES, 28, 5, 1), (LANES // 2, 28, 5, 2), (LANES // 2, 27, 5, 2), (2 * LANES, 28, 3, 1)])
def test_few_filters_share_a_vector_between_pixels(filters, width, kernel, group):
    layer = Conv2D(filters=filters, kernel=(kernel, kernel), padding="same")
    shape = Geometry.of(layer, (1, 28, width))
    assert shape.group == group
    assert shape.length % LANES == 0
    assert shape.widened == (kernel + group - 1) * 1


def test_places_of_windows_and_weights():
    layer = Conv2D(filters=2, kernel=(2, 3), stride=(2, 1), padding=(1, 0, 0, 0))
    shape = Geometry.of(layer, (3, 5, 4))
    frame = np.arange(shape.frame_numbers).reshape(*shape.frame, 3)
    windows = shape.window_places(1, down_first=False)
    assert windows.tolist() == [frame[row * 2, column, 0] for row in range(3) for column in range(2)]
    assert shape.window_places(1, down_first=True).tolist() == windows.reshape(3, 2).T.reshape(-1).tolist()
    assert shape.output_places(1, down_first=False).tolist() == list(range(0, 12, 2))
    inside = np.lib.stride_tricks.sliding_window_view(frame, (2, 3, 3))[0, 0, 0]
    if shape.group == 1:
        assert shape.weight_places().tolist() == inside.reshape(-1).tolist()
    assert frame.reshape(-1)[shape.inside] == frame[1, 0, 0]


@pytest.mark.parametrize(("out", "blocks"), [((4, 4), (1, 1)), ((5, 8), (2, 2)), ((7, 3), (2, 1))])
def test_blocks_of_outputs(out, blocks):
    shape = Geometry.of(Conv2D(filters=16, kernel=(3, 3), padding=(1, 1, 1, 1)), (16, *out))
    assert shape.blocks == blocks
    assert shape.padded
    assert not shape.unframed().padded


@pytest.mark.parametrize("each", [1, 4, 9, 16, 49, 64, 3136])
@pytest.mark.parametrize("channels", [16, 64, 512])
def test_tiles_fill_register_tiles_and_little_memory(each, channels):
    count = tiles_at_a_time(each, channels, 1)
    assert count >= 1
    assert count == 1 or count * each * channels <= 6400 or (count - 1) * each < 32
    if each < 16 and channels <= 64:
        assert count * each >= 32
        assert -(-count * each // TILE.tail_rows) * TILE.tail_rows <= 1.3 * count * each


@pytest.mark.parametrize("each", [1, 4, 9, 16, 49, 64, 3136])
def test_many_filters_get_more_tiles_where_a_chunk_has_them(each):
    few, some, many = (tiles_at_a_time(each, 512, chunk) for chunk in (1, 8, 64))
    assert few <= some <= many
    assert some in (few, 8, 64 // each)
    assert many * each <= 64 or many == few


@pytest.mark.parametrize("count_padding", [False, True])
def test_counts_of_average_windows_are_those_of_the_definition(count_padding):
    layer = AveragePool2D(kernel=(3, 2), stride=(2, 2), padding=(1, 1, 1, 0), ceil=True, count_padding=count_padding)
    shape = (1, 6, 7)
    out = layer.output_shape(shape)
    x = np.random.default_rng(0).random((1, *shape))
    from core.layers.base import Pass

    mean, _ = layer.forward({}, [x], Pass())
    padded = np.pad(x[0, 0], ((1, 4), (1, 4)))
    cells = [(2 * row, 2 * column) for row in range(out[1]) for column in range(out[2])]
    sums = [padded[row:row + 3, column:column + 2].sum() for row, column in cells]
    counts = window_counts(layer.window(), shape, out, count_padding)
    np.testing.assert_allclose(np.array(sums) / counts, mean.reshape(-1), rtol=1e-6)


def _gradient_arrays(plan):
    """All arrays for gradients of outputs, each once."""
    arrays = [each for tensor in plan.tensors.values() for each in (tensor.gradient, *tensor.others)]
    return list({id(array): array for array in arrays if array is not None}.values())


def test_gradients_use_the_same_memory_again():
    blocks = [("Conv2D", {"filters": 4, "padding": 1}), "BatchNorm", "ReLU"] * 6
    plan = _plan(chain((4, 8, 8), *blocks, "Flatten", ("Dense", {"units": 3})))
    assert len([array for array in _gradient_arrays(plan) if array.size == 64 * 4 * 64]) == 2


@pytest.mark.parametrize("network", [every_layer(), residual(), lenet()], ids=["every layer", "residual", "lenet"])
def test_what_lies_in_the_memory_of_gradients_does_not_matter(network):
    shape = next(node.layer.shape for node in network.nodes.values() if node.type == "Input")
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(5, *shape)).astype(np.float32), weights_of(network)
    found = []
    for filling in (0, np.nan):
        engine = Engine(network, weights, 6, threads=2)
        for array in _gradient_arrays(engine._plan):
            array.fill(filling)
        engine.find_gradients(x, np.arange(5) % 3)
        found.append(engine.gradients())
        engine.close()
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name], name)


def test_gradients_that_are_read_after_the_way_back_stay():
    plan = _plan(chain((4,), *[("Dense", {"units": 4}), "Tanh"] * 3, "Dense"))
    dense = [step.output.gradient for step in plan.steps if isinstance(step, FullyConnected)]
    assert len({id(gradient) for gradient in dense}) == len(dense) == 4


def test_shortcuts_send_their_gradients_on_in_the_same_memory():
    drawing = Drawing().add("Input", "I", shape=(4, 8, 8)).add("Conv2D", "C", filters=4, padding=1).add("ReLU", "R0")
    for number in range(1, 5):
        before = f"R{number - 1}"
        drawing.add("Conv2D", f"C{number}", before, filters=4, padding=1).add("BatchNorm", f"N{number}")
        drawing.add("Add", f"S{number}", f"N{number}", before).add("ReLU", f"R{number}")
    tensors = _plan(drawing.add("Flatten", "F").network).tensors.values()
    others = [tensor.others[0] for tensor in tensors if tensor.others]
    assert len(others) == 4
    assert len({id(each) for each in others}) == 1


@pytest.mark.parametrize("network", [lenet(), every_layer(), residual()], ids=lambda network: network.name)
@pytest.mark.parametrize("training", [True, False])
def test_memory_is_given_back_at_once(network, training):
    gc.collect()
    gc.disable()
    try:
        engine = Engine(network, lively_weights(network), 4, threads=2, training=training)
        x = pictures(network, 3, 0)
        engine.predict(x)
        engine.outputs(x, [node.name for node in network.nodes.values()])
        if training:
            engine.find_gradients(x, np.zeros(3, np.int64))
        arrays = weakref.ref(engine._arena)
        engine.close()
        del engine
        assert arrays() is None, "something in a circle holds the arrays until the collector comes round"
    finally:
        gc.enable()

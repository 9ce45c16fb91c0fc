"""Batches that are played from a recording: the same bits as step by step, whatever comes in between."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from core.engine import choice, tape
from core.engine import pool as pools
from core.engine.engine import Engine
from core.errors import DataError
from core.graph.expand import expanded
from core.graph.network import Network
from core.graph.output import Output
from core.kernels.jit import COMPILED
from core.layers.activation import Tanh
from core.layers.base import Array
from core.templates import template
from core.train.optimizers import OPTIMIZERS
from tests.core.engine import agreement
from tests.core.engine.agreement import chain, lively_weights, pictures
from tests.core.networks import Drawing, every_layer, small_cnn, two_heads
from tests.core.random_networks import random_weights, two_hundred

pytestmark = pytest.mark.skipif(not COMPILED, reason="compilation is switched off")

NEVER = 10**9
# (threads, batches before one is recorded); on two processors three threads do not play.
PLAYERS = ((1, 0), (1, 2), (2, 0), (2, 2), (3, 0))
COUNTS = (6, 6, 6, 3, 6, 3, 3, 6, 1, 1, 6)
Bits = dict[str, bytes]


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    """As if there were two, whatever this machine has."""
    monkeypatch.setattr(pools, "processor_count", lambda: 2)


def bits(prefix: str, **arrays: object) -> Bits:
    return {f"{prefix} {name}": np.asarray(array).tobytes() for name, array in arrays.items()}


def tapes(engine: Engine) -> int:
    """How many are kept."""
    return sum(isinstance(each, tape.Tape) for kept in engine._runner._score._played.values() for each in kept)


def acts(engine: Engine) -> int:
    """How many acts go on step by step between tapes."""
    return sum(isinstance(each, tape.Act) for kept in engine._runner._score._played.values() for each in kept)


def targets(engine: Engine, count: int, number: int) -> Array:
    """Class numbers, or in every third batch a number for each class."""
    classes = min(loss._scores.size for loss in engine._losses)
    found = np.arange(count) * (number + 1) % classes
    several = {loss._scores.size for loss in engine._losses} != {classes}
    return found if number % 3 or several else np.eye(classes, dtype=np.float32)[found]


def batch(engine: Engine, network: Network, count: int, number: int) -> Iterator[Bits]:
    """A training step and other use, on other pictures each time."""
    x, y = pictures(network, count, number), pictures(network, count, 100 + number)
    target, name = targets(engine, count, number), f"{number}:"
    step = engine.train_step(x, target, 0.003, OPTIMIZERS["momentum"]())
    assert step.finite
    yield bits(name, loss=step.loss, correct=step.correct, answers=engine.predict(y))
    yield bits(f"{name} gradient", **engine.gradients())
    loss, correct, outputs = engine.evaluate(y, target, whole=bool(number % 2))
    yield bits(f"{name} evaluated", loss=loss, correct=correct, outputs=outputs)


def between(engine: Engine, network: Network, count: int, number: int) -> Iterator[Bits]:
    """What may come between two steps; the gradients without noise are another mode."""
    x, target = pictures(network, count, 200 + number), targets(engine, count, number)
    yield bits(f"{number}: without noise", loss=engine.find_gradients(x, target, noise=False), **engine.gradients())
    if number % 3 == 1:
        names = [node.name for node in expanded(network).nodes.values()]
        yield bits(f"{number}: seen", **engine.outputs(x, names, training=bool(number % 2)))
    if number == 4:
        engine.time_layers(x, target, 2)
    if number == 5:
        engine.set_weights({name: array * np.float32(0.9) for name, array in engine.weights().items()})


def story(network: Network, threads: int, before: int, counts: tuple[int, ...] = COUNTS, loss: str = "cross-entropy",
          weights: dict[str, Array] | None = None) -> tuple[Bits, int, int]:
    """(all that is to be seen of a number of batches, how many tapes there are then, and acts between them)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "BEFORE", before)
        given = lively_weights(network) if weights is None else weights
        engine, found = Engine(network, given, max(counts) + 1, threads=threads, seed=3, loss=loss), {}
        try:
            for number, count in enumerate(counts):
                for some in (batch, between):
                    for each in some(engine, network, count, number):
                        found.update(each)
            found.update(bits("at the end", **engine.weights(), **engine.state()))
            return found, tapes(engine), acts(engine)
        finally:
            engine.close()


def assert_played_alike(network: Network, players: tuple[tuple[int, int], ...] = PLAYERS, **how: object) -> int:
    """Every player comes to the bits of one thread that never plays; how many acts were not on tape."""
    wanted, kept, _ = story(network, 1, NEVER, **how)
    assert kept == 0
    for threads, before in players:
        found, kept, beside = story(network, threads, before, **how)
        assert [name for name in wanted if found[name] != wanted[name]] == [], (threads, before)
        assert (kept > 0) == (threads <= 2)
        if threads > 2:
            assert beside == 0
    return beside if threads <= 2 else story(network, 2, 0, **how)[2]


# The same bits --------------------------------------------------------------------------------------------------


NETWORKS = {"every layer": every_layer, **{name: getattr(agreement, name) for name in (
    "lenet", "residual", "blocks", "many_weights", "digits", "large_dense")}}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_played_batch_gives_the_bits_of_one_done_step_by_step(name):
    assert assert_played_alike(NETWORKS[name]()) == 0


@pytest.mark.parametrize("loss", ["same", "mean-squares"])
def test_several_outputs_and_a_flatten_in_earnest(loss):
    """A Flatten that turns numbers round is no kernel: its phase goes on step by step between tapes."""
    assert assert_played_alike(two_heads(loss=loss)) > 0


@pytest.mark.parametrize("name", ["mlp", "lenet5", "lenet5-1998"])
def test_small_templates(name):
    project = template(name)
    assert_played_alike(project.network, ((2, 0),), counts=(3, 3, 2, 3))


@pytest.mark.parametrize("first", range(0, 200, 40))
def test_random_networks(first):
    """Of all types of layers; eight of them, one in five."""
    for number in range(first, first + 40, 5):
        network = two_hundred()[number]
        assert_played_alike(network, ((1 + number % 2, 0),), counts=(3, 3, 2, 3), loss="mean-squares",
                            weights={name: array / 4 if "running" not in name else array
                                     for name, array in random_weights(network).items()})


def test_frozen_layers():
    settings = {"filters": 6, "padding": 1, "frozen": True}
    network = chain((2, 7, 6), ("Conv2D", {"filters": 5}), "BatchNorm", "ReLU", ("Conv2D", settings),
                    ("BatchNorm", {"frozen": True}), "ReLU", "MaxPool2D", "Flatten",
                    ("Dense", {"units": 8, "frozen": True}), "PReLU", ("Dense", {"units": 4}), "Softmax")
    assert_played_alike(network)


def test_convolutions_whose_chunks_take_turns():
    layer = ("Conv2D", {"filters": 128, "kernel": 5, "padding": 2})
    network = chain((128, 6, 6), layer, "ReLU", layer, "Flatten", ("Dense", {"units": 4}), "Softmax")
    assert assert_played_alike(network, ((1, 0), (2, 0)), counts=(64, 64, 40, 40)) == 0


def test_a_layer_that_runs_its_definition_between_tapes(monkeypatch):
    monkeypatch.delitem(choice._SINGLE, Tanh)
    network = chain((2, 8, 7), ("Conv2D", {"filters": 4}), "BatchNorm", "Tanh", ("Conv2D", {"filters": 6}), "ReLU",
                    "Flatten", ("Dense", {"units": 4}), "Softmax")
    assert assert_played_alike(network) > 0


@pytest.mark.parametrize("counts", [(1,) * 6, (3, 3, 2, 3, 2, 1, 1)])
def test_threads_that_share_a_picture_go_on_step_by_step(counts):
    layer = ("Conv2D", {"filters": 32, "kernel": 5, "padding": 2})
    network = chain((3, 38, 38), layer, "ReLU", layer, "ReLU", "MaxPool2D", ("Conv2D", {"filters": 4}), "Flatten",
                    ("Dense", {"units": 4}), "Softmax")
    with pytest.MonkeyPatch.context() as patch:
        # The largest batch decides; `story` leaves room for one more.
        patch.setattr(Engine, "__init__", _without_spare(Engine.__init__))
        assert assert_played_alike(network, ((2, 0), (2, 2)), counts=counts) > 0


def _without_spare(begin):
    return lambda self, network, weights, largest, **how: begin(self, network, weights, largest - 1, **how)


# Single things --------------------------------------------------------------------------------------------------


@pytest.fixture(params=[0, 2])
def before(request, monkeypatch):
    """After so many batches one is played."""
    monkeypatch.setattr(tape, "BEFORE", request.param)
    return request.param


@pytest.fixture
def engines():
    """Makes engines and closes them."""
    made: list[Engine] = []

    def make(network: Network, largest: int, threads: int = 2, **how: object) -> Engine:
        made.append(Engine(network, lively_weights(network), largest, threads=threads, **how))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_batch_is_recorded_when_it_has_come_often_enough(monkeypatch, engines):
    monkeypatch.setattr(tape, "BEFORE", 2)
    network = small_cnn()
    engine, x, other = engines(network, 5), pictures(network, 5), pictures(network, 4)
    for expected in (0, 0, 1, 1):
        engine.predict(x)
        assert tapes(engine) == expected
    engine.predict(other)
    engine.find_gradients(x, np.zeros(5, np.int64))
    assert tapes(engine) == 1


def test_every_step_drops_others(before, engines):
    network = chain((40,), ("Dropout", {"rate": 0.5}), ("Dense", {"units": 3}), "Softmax")
    engine, x = engines(network, 4), np.ones((4, 40), np.float32)
    losses, target = [], np.zeros(4, np.int64)
    for step in range(6):
        engine.steps = step
        losses.append(engine.find_gradients(x, target))
        assert engine.find_gradients(x, target) == losses[-1]
    assert len(set(losses)) == 6
    still = {engine.find_gradients(x, target, noise=False) for engine.steps in range(4)}
    assert len(still) == 1
    assert len({engine.predict(x).tobytes() for _ in range(4)}) == 1
    assert tapes(engine) == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_running_statistics_follow(before, engines, threads):
    network = chain((3, 6, 6), "BatchNorm", "Flatten", ("Dense", {"units": 3}))
    engine, x, (mean,) = engines(network, 8, threads, loss="mean-squares"), pictures(network, 8) + 2, [
        name for name in lively_weights(network) if name.endswith("running_mean")]
    momentum = next(node.layer.momentum for node in network.nodes.values() if node.type == "BatchNorm")
    expected = engine.weights()[mean].astype(float)
    for number in range(5):
        engine.train_step(x + number, np.zeros(8, np.int64), 0.0, OPTIMIZERS["momentum"]())
        now = (x + number).mean(axis=(0, 2, 3), dtype=float)
        moved = engine.weights()[mean]
        # Either share may be called the momentum.
        shares = [(moved - expected) / (now - expected)]
        expected = moved.astype(float)
        assert np.allclose(shares, momentum, atol=1e-4) or np.allclose(shares, 1 - momentum, atol=1e-4)


@pytest.mark.parametrize("network", [small_cnn(), agreement.residual()], ids=["as given", "brought"])
def test_however_the_pictures_lie(before, engines, network):
    """Read-only, in double precision, with gaps, not aligned, and in one array that is used again and again."""
    engine, count, place = engines(network, 4), 4, None
    plain = engines(network, 4)
    for number in range(12):
        x = pictures(network, count, number)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tape, "BEFORE", NEVER)
            wanted, loss = plain.predict(x), plain.find_gradients(x, np.zeros(4, np.int64))
        fixed, apart = x.copy(), np.zeros((2 * count, *x.shape[1:]), np.float32)
        fixed.setflags(write=False)
        apart[::2] = x
        odd = np.empty(x.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(x.shape)
        odd[...] = x
        place = x.copy() if place is None else place
        place[...] = x
        kinds = [fixed, x.astype(np.float64), apart[::2], odd, place, np.asfortranarray(x)]
        for given in (kinds[number % 6], kinds[(number + 1) % 6]):
            assert np.array_equal(engine.predict(given), wanted)
            assert engine.find_gradients(given, np.zeros(4, np.int64)) == loss
    assert tapes(engine) == 2


def test_a_batch_is_not_written_to(before, engines):
    """Even where the first layers work in place."""
    network = chain((1, 6, 6), "ReLU", ("Scale", {}), "Dropout", "Flatten", "Tanh", ("Dense", {"units": 3}), "Softmax")
    engine, x = engines(network, 4), pictures(network, 4)
    kept = x.copy()
    for _ in range(4):
        engine.train_step(x, np.zeros(4, np.int64), 0.01, OPTIMIZERS["momentum"]())
        engine.evaluate(x, np.zeros(4, np.int64))
        assert np.array_equal(x, kept)


def pieces_of(engine: Engine, network: Network) -> Bits:
    """Two batches in pieces, one given up, and one as a whole in between."""
    found: Bits = {}
    optimizer = OPTIMIZERS["momentum"]()
    for number in range(3):
        for part, count in enumerate((5, 5, 5, 2)):
            step = engine.add_piece(pictures(network, count, 10 * number + part), np.arange(count) % 3,
                                    first=part == 0)
            found |= bits(f"{number} {part}", loss=step.loss)
        if number == 1:
            engine.drop_pieces()
        else:
            found |= bits(f"{number}", loss=engine.update_from_pieces(0.01, optimizer).loss)
        x = pictures(network, 5, 50 + number)
        found |= bits(f"{number} whole", loss=engine.train_step(x, np.arange(5) % 3, 0.01, optimizer).loss)
    return found | bits("end", **engine.weights(), **engine.state())


def test_a_batch_in_pieces(monkeypatch, engines):
    found = []
    network = every_layer()
    for number in (NEVER, 0, 2):
        monkeypatch.setattr(tape, "BEFORE", number)
        engine = engines(network, 5, seed=4)
        found.append(pieces_of(engine, network))
        assert (tapes(engine) > 0) == (number < NEVER)
    assert found[0] == found[1] == found[2]


def test_after_numbers_that_broke_and_batches_that_do_not_fit_it_goes_on(before, engines):
    network = agreement.residual()
    engine, x, target = engines(network, 6), pictures(network, 6), np.arange(6) % 4
    wanted = engine.find_gradients(x, target), engine.gradients()
    broken = x.copy()
    broken[2, 1, 3, 3] = np.nan
    for _ in range(4):
        step = engine.train_step(broken, target, 0.1, OPTIMIZERS["momentum"]())
        assert (step.finite, step.bad_layer) == (False, "Input")
        with pytest.raises(DataError):
            engine.find_gradients(x, target + 1)
        with pytest.raises(DataError):
            engine.predict(x[:, :2])
        assert engine.find_gradients(x, target) == wanted[0]
        assert all(np.array_equal(each, wanted[1][name]) for name, each in engine.gradients().items())


def test_a_closed_engine_goes_on_with_one_thread(before, engines):
    network = small_cnn()
    engine = engines(network, 6)
    wanted = [engine.predict(pictures(network, 6, number)) for number in range(4)]
    engine.close()
    for number in range(4):
        assert np.array_equal(engine.predict(pictures(network, 6, number)), wanted[number])


def test_two_engines_in_two_threads_at_once(before, engines):
    network, wrong = every_layer(), []
    reference = engines(network, 5, 1, seed=1)
    barrier = threading.Barrier(2, timeout=30)
    wanted = [reference.find_gradients(pictures(network, 5, number), np.zeros(5, np.int64)) for number in range(25)]

    def work(engine: Engine) -> None:
        barrier.wait()
        for number in range(25):
            if engine.find_gradients(pictures(network, 5, number), np.zeros(5, np.int64)) != wanted[number]:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(engines(network, 5, seed=1),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# The input in another shape -------------------------------------------------------------------------------------


def vector_as_maps() -> Network:
    return chain((32,), ("Reshape", {"shape": (1, 8, 4)}), "MaxPool2D", "Flatten", ("Dense", {"units": 4}), "Softmax")


def idle_branch() -> Network:
    """A convolution that reads the input and leads nowhere that counts."""
    drawing = Drawing().add("Input", "Input", shape=(1, 6, 6)).add("Conv2D", "Idle", filters=4).add("Flatten", "Unused")
    drawing.add("Dense", "Spare", units=4).add("Softmax", "Aside").add("Flatten", "Flat", "Input")
    network = drawing.add("Dense", "Dense", units=4).add("Softmax", "Main").network
    return network.decide(network.names["Aside"], Output("auxiliary", 0.0))


@pytest.mark.parametrize("make", [vector_as_maps, idle_branch])
@pytest.mark.parametrize("threads", [1, 2])
def test_two_batches_have_answers_of_their_own(before, engines, make, threads):
    network = make()
    engine, alone = engines(network, 5, threads), engines(network, 5, 1)
    answers = []
    for number in range(4):
        x = pictures(network, 5, number)
        answers.append(engine.predict(x))
        engine.find_gradients(x, np.zeros(5, np.int64))
        names = [node.name for node in network.nodes.values()]
        seen = alone.outputs(x, names)
        # Main is the last of the layers.
        assert np.allclose(seen[names[-1]], answers[-1], atol=1e-6)
    assert len({each.tobytes() for each in answers}) == 4

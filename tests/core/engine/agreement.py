"""How far the engine is from the layers' definitions in double precision: one number for a network.

Run as a program it prints that number for networks of every layer and every fast path, and whether results depend on
the number of threads, so that tests can start it under other conditions.
"""

import json
import sys

import numpy as np

from core.engine.engine import Engine
from core.graph.initial import initial_weights
from core.graph.model import Model
from core.graph.network import Network
from core.graph.shapes import infer
from core.kernels.jit import COMPILED
from core.kernels.processor import LANES
from core.layers.base import Array, Pass
from core.train.losses import LOSSES
from core.train.optimizers import Optimizer, make_optimizer
from core.train.options import TrainOptions
from tests.core.networks import Drawing, every_layer


def lively_weights(network: Network, seed: int = 0) -> dict[str, Array]:
    """Initial weights with nothing at zero or one: biases, scales and running statistics are drawn as well."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, array in initial_weights(infer(network), seed).items():
        flat = array.ndim == 1 or not array.any()
        found[name] = (array + 0.3 * rng.random(array.shape)).astype(np.float32) if flat else array
    return found


def pictures(network: Network, count: int, seed: int = 0) -> Array:
    """Random pictures for a network's only input."""
    source = next(node for node in network.nodes.values() if node.type == "Input")
    return np.random.default_rng(seed).normal(size=(count, *source.layer.output_shape())).astype(np.float32)


def reference(network: Network, weights: dict[str, Array], x: Array, target: Array,
              loss: str) -> tuple[float, dict[str, Array], dict[str, Array]]:
    """(loss, gradients, new running statistics) by the definitions, with batch statistics and without noise."""
    model = Model(network, weights)
    trace = model.forward(x, Pass(training=True, noise=False))
    end = model.last
    if loss == "cross-entropy" and network.nodes[end].type == "Softmax":
        end = network.inputs_of(end)[0]
    scores = trace.outputs[end]
    wanted = np.eye(scores.shape[1])[target] if target.ndim == 1 else target.astype(float)
    value, gradient = _loss(loss, scores, wanted)
    return value, model.backward(trace, {end: gradient}).arrays, trace.statistics


def _loss(loss: str, scores: Array, wanted: Array) -> tuple[float, Array]:
    count, classes = scores.shape
    if loss == "cross-entropy":
        logs = scores - scores.max(axis=1, keepdims=True)
        logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
        slope = np.exp(logs) * wanted.sum(axis=1, keepdims=True) - wanted
        return float(-(wanted * logs).sum() / count), slope / count
    factor = 1.0 if loss == "sum-of-squares" else 2.0 / classes
    return float(0.5 * factor * ((scores - wanted) ** 2).sum() / count), factor * (scores - wanted) / count


def disagreement(network: Network, count: int = 5, loss: str = "cross-entropy", seed: int = 0, spare: int = 2) -> float:
    """The largest difference over loss, weight gradients, and every layer's output in both modes, each to its scale."""
    weights, x = lively_weights(network, seed), pictures(network, count, seed + 1)
    engine = Engine(network, weights, count + spare, loss=loss, threads=2)
    try:
        model = Model(network, weights)
        names = [node.name for node in network.nodes.values()]
        outputs = model.outputs(x, names)
        classes = outputs[network.nodes[model.last].name].shape[1]
        target = np.random.default_rng(seed).integers(0, classes, count)
        value, gradients, _ = reference(network, weights, x, target, loss)
        # The logarithm of a probability next to 1 is as exact as that probability, not as its own size.
        differences = [abs(engine.find_gradients(x, target, noise=False) - value) / max(abs(value), 0.01)]
        made = engine.gradients()
        # So are gradients, which are made of that probability less 1; PyTorch's float32 ones are as far off.
        slight = min(1.0, max(abs(value), 1e-6) / 0.01) if loss == "cross-entropy" else 1.0
        scale = max((float(np.abs(each).max()) for each in gradients.values()), default=1.0)
        frozen = {node.name for node in network.nodes.values() if node.layer.frozen}
        for name in made.keys() - {name for name in made if name.rpartition(".")[0] in frozen}:
            # A bias before batch normalisation has no gradient but rounding, hence the common scale.
            own = max(float(np.abs(gradients[name]).max()), 0.02 * scale) / slight
            differences.append(float(np.abs(made[name] - gradients[name]).max()) / own)
        for name, output in engine.outputs(x, names).items():
            differences.append(_apart(output, outputs[name]))
        differences.append(_apart(engine.predict(x), outputs[network.nodes[model.last].name]))
        return max(differences)
    finally:
        engine.close()


def same_for_any_threads(network: Network, batch: int, classes: int = 4) -> bool:
    """Whether answers and gradients of a batch have the same bits with 1, 2, 3 and 8 threads."""
    x, target, found = pictures(network, batch), np.arange(batch) % classes, []
    for threads in (1, 2, 3, 8):
        engine = Engine(network, lively_weights(network), batch, threads=threads)
        engine.find_gradients(x, target)
        found.append({**engine.gradients(), "answer": engine.predict(x)})
        engine.close()
    return all(np.array_equal(made[name], array) for made in found[1:] for name, array in found[0].items())


def _apart(made: Array, wanted: Array) -> float:
    assert made.shape == wanted.shape
    assert made.dtype == np.float32
    return float(np.abs(made - wanted).max()) / max(float(np.abs(wanted).max()), 1e-12)


def chain(shape: tuple[int, ...], *layers: tuple[str, dict[str, object]] | str) -> Network:
    """Layers behind each other, each a type name or (type name, settings)."""
    drawing = Drawing().add("Input", "Input", shape=shape)
    for number, layer in enumerate(layers):
        kind, settings = (layer, {}) if isinstance(layer, str) else layer
        drawing.add(kind, f"{kind}{number}", **settings)
    return drawing.network


def lenet() -> Network:
    """LeNet-5 on 28×28 pictures."""
    return chain((1, 28, 28), ("Conv2D", {"filters": 6, "kernel": 5, "padding": 2}), "ReLU", "MaxPool2D",
                 ("Conv2D", {"filters": 16, "kernel": 5}), "ReLU", "MaxPool2D", "Flatten", ("Dense", {"units": 120}),
                 "ReLU", ("Dense", {"units": 84}), "ReLU", ("Dense", {"units": 10}), "Softmax")


def many_weights() -> Network:
    """A Dense and a Maxout with so many weights that they are multiplied for all pictures at once."""
    return chain((2, 14, 13), "Flatten", ("Dense", {"units": 410}), "ReLU", ("Maxout", {"units": 170, "pieces": 2}),
                 ("Dense", {"units": 5}), "Softmax")


def large_dense() -> Network:
    """A Dense with many weights, whose gradients are made while other threads are still at the convolution."""
    return chain((1, 12, 11), ("Conv2D", {"filters": 16, "padding": 1}), "ReLU", "Flatten", ("Dense", {"units": 70}),
                 "ReLU", ("Dense", {"units": 5}), "Softmax")


def residual() -> Network:
    """A shortcut, a branch, an output with three readers, the same input twice."""
    drawing = Drawing().add("Input", "Input", shape=(3, 9, 9)).add("Conv2D", "C1", filters=8, padding="same")
    drawing.add("BatchNorm", "B1").add("ReLU", "R1").add("Conv2D", "C2", filters=8, padding="same")
    drawing.add("BatchNorm", "B2").add("Add", "Sum", "R1", "B2").add("ReLU", "R2")
    drawing.add("Conv2D", "C3", filters=5, kernel=1, stride=2)
    drawing.add("AveragePool2D", "P1", "R2", kernel=1, stride=2).add("Concatenate", "Join", "C3", "P1", "C3")
    drawing.add("GlobalAveragePool2D", "G1").add("Dense", "D1", units=4)
    return drawing.add("Softmax", "Softmax").network


def digits() -> Network:
    """3×3 filters in whole vectors on pictures of one channel."""
    return chain((1, 10, 9), ("Conv2D", {"filters": 48, "padding": 1}), "ReLU", "Flatten",
                 ("Dense", {"units": 5}))


def blocks() -> Network:
    """Three convolutions by Winograd, on sizes that do not fill its blocks, and a direct one between them."""
    return chain((3, 11, 10), ("Conv2D", {"filters": 16, "padding": 1}), "ReLU", ("Conv2D", {"filters": 32}), "ReLU",
                 ("Conv2D", {"filters": 16, "padding": "same"}), "MaxPool2D", ("Conv2D", {"filters": 16, "kernel": 1}),
                 ("Conv2D", {"filters": 48, "padding": 1}), "Flatten", ("Dense", {"units": 5}))


def many_filters() -> Network:
    """Convolutions of each kind with so many weights that the chunks of a batch add up their gradients in turn."""
    return chain((3, 8, 7), ("Conv2D", {"filters": 96, "kernel": 1}), "ReLU", ("Conv2D", {"filters": 96, "padding": 1}),
                 "ReLU", "MaxPool2D", ("Conv2D", {"filters": 40, "kernel": 5, "padding": 2}), "ReLU",
                 ("Conv2D", {"filters": 64, "kernel": 11, "padding": 5, "groups": 2}), "Tanh",
                 ("Conv2D", {"filters": 64, "kernel": 5, "padding": 4, "stride": 2}),
                 ("Conv2D", {"filters": 64, "kernel": 5, "padding": 2}),
                 ("Conv2D", {"filters": 1100, "kernel": 1}), "ReLU", "Flatten", ("Dense", {"units": 5}), "Softmax")


THREADS = (1, 2, 3, 8)
COUNTS = (33, 33, 7, 1, 20)


def trained(network: Network, threads: int, optimizer: Optimizer) -> dict[str, Array]:
    """All that a few steps on batches of several sizes leave behind, and what the network then answers."""
    engine = Engine(network, lively_weights(network), max(COUNTS), threads=threads, seed=5)
    try:
        x = pictures(network, max(COUNTS))
        target = np.arange(len(x)) % engine.predict(x).shape[1]
        losses = [engine.train_step(x[:count], target[:count], 0.01, optimizer).loss for count in COUNTS]
        loss, correct, outputs = engine.evaluate(x[:13], target[:13])
        return {**engine.weights(), **engine.state(), "losses": np.array(losses), "outputs": outputs,
                "evaluation": np.array([loss, correct])}
    finally:
        engine.close()


def differing(network: Network, optimizer: Optimizer) -> list[str]:
    """The arrays whose bits depend on the number of threads: none should."""
    first, *others = (trained(network, threads, optimizer) for threads in THREADS)
    assert all(np.isfinite(array).all() for array in first.values())
    assert all(first.keys() == other.keys() for other in others)
    return sorted({name for other in others for name in other if not np.array_equal(first[name], other[name])})


assert set(LOSSES) == {"cross-entropy", "sum-of-squares", "mean-squares"}

if __name__ == "__main__":
    found = {made.__name__: {"apart": max(disagreement(made(), count) for count in (3, 9)),
                             "differing": differing(made(), make_optimizer(TrainOptions()))}
             for made in (lenet, every_layer, residual, blocks, many_weights, digits, many_filters,
                          large_dense)}
    print(json.dumps({"lanes": LANES, "compiled": COMPILED, "networks": found}))
    sys.exit()

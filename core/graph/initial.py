"""Initial values of all arrays: drawn from the seed, one stream per array, so that other layers do not matter."""

import hashlib
from collections.abc import Mapping

import numpy as np

from core.graph.shapes import Inference
from core.layers.base import Array, ArraySpec

_STREAM = 1


def initial_weights(inference: Inference, seed: int) -> dict[str, Array]:
    """float32 arrays by `layer.parameter` for every layer whose shape is known."""
    found = {}
    for key, gets in inference.inputs.items():
        node = inference.network.nodes[key]
        if inference.shapes.get(key) is None:
            continue
        for parameter, spec in node.layer.arrays(*gets).items():
            name = f"{node.name}.{parameter}"
            found[name] = draw(spec, stream(seed, name))
    return found


def complete(inference: Inference, weights: Mapping[str, Array], seed: int) -> dict[str, Array]:
    """An array for everything the network needs: those given where they fit, the others drawn from the seed."""
    return {name: weights[name] if name in weights and tuple(weights[name].shape) == array.shape else array
            for name, array in initial_weights(inference, seed).items()}


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for every seed and name."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, _STREAM, *digest[:16]]))


def draw(spec: ArraySpec, rng: np.random.Generator) -> Array:
    """One array by its initialisation.

    Xavier: Uniform(−r, r) with r = √(6 / (in + out)) (lecture topic 1.7; Glorot and Bengio, 2010), or a normal of
    the same variance. He: variance 2 / in (He and others, 2015). normal: deviation 0.05.
    """
    if spec.initial in ("zeros", "constant", "ones"):
        value = {"zeros": 0.0, "constant": spec.value or 0.1, "ones": 1.0}[spec.initial]
        return np.full(spec.shape, value, np.float32)
    if spec.initial == "normal":
        return np.asarray(0.05 * rng.standard_normal(spec.shape), np.float32)
    family, _, kind = spec.initial.partition("-")
    variance = 2 / (spec.fan_in + spec.fan_out) if family == "xavier" else 2 / spec.fan_in
    if kind == "normal":
        return np.asarray(np.sqrt(variance) * rng.standard_normal(spec.shape), np.float32)
    limit = np.sqrt(3 * variance)
    return rng.uniform(-limit, limit, spec.shape).astype(np.float32)

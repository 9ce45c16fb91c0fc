"""Initial values of all arrays: drawn from the seed, one stream per array, so that other layers do not matter."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.graph.shapes import Inference
from core.layers.base import INITIALISATIONS, Array, ArraySpec, Layer
from core.settings import settings_of

AS_EACH_LAYER_SAYS = "by-layer"
CHOICES = (AS_EACH_LAYER_SAYS, *INITIALISATIONS)
CONSTANT = 0.1

_STREAM = 1


@dataclass(frozen=True)
class How:
    """How a network's weights begin: as each layer's `kernel_init` says, or all as one of `INITIALISATIONS` does.

    `value` is that of "constant". Biases, slopes and normalisation begin as their layer says in any case.
    """

    init: str = AS_EACH_LAYER_SAYS
    value: float = CONSTANT

    def of(self, layer: Layer) -> Layer:
        """The layer with the initial values it will really have."""
        if self.init == AS_EACH_LAYER_SAYS or "kernel_init" not in settings_of(layer):
            return layer
        return replace(layer, kernel_init=self.init)  # type: ignore[call-arg]


BY_LAYER = How()


def initial_weights(inference: Inference, seed: int, how: How = BY_LAYER) -> dict[str, Array]:
    """float32 arrays by `layer.parameter` for every layer whose shape is known; blocks are taken apart."""
    inference, found = inference.flat, {}
    for key, gets in inference.inputs.items():
        node = inference.network.nodes[key]
        if inference.shapes.get(key) is None:
            continue
        for parameter, spec in how.of(node.layer).arrays(*gets).items():
            name = f"{node.name}.{parameter}"
            found[name] = draw(spec, stream(seed, name), how.value)
    return found


def complete(inference: Inference, weights: Mapping[str, Array], seed: int, how: How = BY_LAYER) -> dict[str, Array]:
    """An array for everything the network needs: those given where they fit, the others drawn from the seed."""
    return {name: weights[name] if name in weights and tuple(weights[name].shape) == array.shape else array
            for name, array in initial_weights(inference, seed, how).items()}


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for every seed and name."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, _STREAM, *digest[:16]]))


def draw(spec: ArraySpec, rng: np.random.Generator, constant: float = CONSTANT) -> Array:
    """One array by its initialisation; `constant` is the value of constant ones whose layer names none.

    Xavier: Uniform(−r, r) with r = √(6 / (in + out)) (lecture topic 1.7; Glorot and Bengio, 2010), or a normal of
    the same variance. He: variance 2 / in (He and others, 2015). normal: deviation 0.05.
    """
    if spec.initial in ("zeros", "constant", "ones"):
        filled = constant if spec.value is None else spec.value
        value = {"zeros": 0.0, "constant": filled, "ones": 1.0}[spec.initial]
        return np.full(spec.shape, value, np.float32)
    if spec.initial == "normal":
        return np.asarray(0.05 * rng.standard_normal(spec.shape), np.float32)
    family, _, kind = spec.initial.partition("-")
    variance = 2 / (spec.fan_in + spec.fan_out) if family == "xavier" else 2 / spec.fan_in
    if kind == "normal":
        return np.asarray(np.sqrt(variance) * rng.standard_normal(spec.shape), np.float32)
    limit = np.sqrt(3 * variance)
    return rng.uniform(-limit, limit, spec.shape).astype(np.float32)

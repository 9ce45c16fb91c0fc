"""What both sides of a measurement work on: the same network, weights and batch, handed over as one file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.formats.network_json import network_from_bytes, network_to_text
from core.graph.goals import main_of
from core.graph.initial import initial_weights
from core.graph.network import Network
from core.graph.shapes import infer, running
from core.layers.base import Array
from core.layers.input import Input

# Small enough that no network diverges, however many steps are measured.
LEARNING_RATE = 1e-4
MOMENTUM = 0.9

_WEIGHT = "weight:"


@dataclass(frozen=True)
class Job:
    """A network with its weights and one batch: x float32 N×C×H×W, target int64 [N]."""

    network: Network
    weights: dict[str, Array]
    x: Array
    target: Array

    def save(self, path: Path) -> None:
        """Write everything into an .npz."""
        arrays: dict[str, Any] = {f"{_WEIGHT}{name}": array for name, array in self.weights.items()}
        np.savez(path, network=np.array(network_to_text(self.network)), x=self.x, target=self.target, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Job":
        """Read what `save` wrote."""
        with np.load(path) as file:
            network = network_from_bytes(str(file["network"]).encode(), str(path))
            weights = {name.removeprefix(_WEIGHT): file[name] for name in file.files if name.startswith(_WEIGHT)}
            return cls(network, weights, file["x"], file["target"])


def make_job(network: Network, batch: int, seed: int = 0, weights: dict[str, Array] | None = None) -> Job:
    """Random pictures and classes for a network that runs, with its own weights or those drawn from the seed.

    NetworkError lists what keeps the network from running.
    """
    inference = running(network)
    flat = inference.flat
    source = next(node for node in flat.network.nodes.values() if isinstance(node.layer, Input))
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, *source.layer.output_shape())).astype(np.float32)
    last = flat.shapes[main_of(network)]
    assert last is not None
    drawn = initial_weights(infer(network), seed)
    return Job(network, {**drawn, **(weights or {})}, x, rng.integers(0, last[0], batch))

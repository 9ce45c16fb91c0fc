"""A network with weights, run by the layers' own definitions in NumPy: the reference that the engine must agree with.

Slow and plain, in any float type. It answers what every layer puts out, and what the gradient of a loss is with respect
to every array and to the input; the gradient check works on it in float64.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import DTypeLike

from core.errors import DataError, NetworkError
from core.graph.goals import main_of
from core.graph.network import Network
from core.graph.rules import reachable
from core.graph.shapes import Inference, running
from core.layers.base import Array, Backward, Pass, describe


@dataclass
class Trace:
    """What a forward pass left behind, by node id: outputs, how to go back, and what decided between branches.

    `statistics` holds the new running values of normalisation as "layer.array" (none for frozen layers).
    """

    outputs: dict[str, Array] = field(default_factory=dict)
    backwards: dict[str, Backward] = field(default_factory=dict)
    marks: dict[str, list[Array]] = field(default_factory=dict)
    statistics: dict[str, Array] = field(default_factory=dict)


@dataclass
class Gradients:
    """Of one loss: with respect to the inputs, by the Input's name, and to each array, as "layer.array".

    Frozen layers have theirs too; training merely does not use them.
    """

    inputs: dict[str, Array]
    arrays: dict[str, Array]


class Model:
    """A network that runs, with copies of its weights in one float type; NetworkError lists why another cannot.

    Blocks are taken apart: their layers are named `block/layer`.
    """

    def __init__(self, network: Network, weights: Mapping[str, Array], dtype: DTypeLike = np.float64) -> None:
        self.inference = running(network)
        self.network = self.inference.network
        self.dtype = np.dtype(dtype)
        self.weights = _checked(self.inference, weights, self.dtype)
        self.sources = tuple(key for key in network.order if network.nodes[key].layer.ports[1] == 0)

    @property
    def last(self) -> str:
        """The id of the main output."""
        return main_of(self.network)

    def forward(self, x: Array | Mapping[str, Array], run: Pass | None = None) -> Trace:
        """Push pictures N×C×H×W (or N×K) through every layer; several Inputs take theirs by name."""
        trace, run = Trace(), run or Pass()
        given = self._inputs(x)
        for key in self.network.order:
            self._step(trace, key, run, given)
        return trace

    def again(self, trace: Trace, changed: str, run: Pass) -> Trace:
        """A pass after a change of weights in one layer: only that layer and what lies behind it is computed anew."""
        behind = reachable(self.network, changed)
        fresh = Trace({key: output for key, output in trace.outputs.items() if key not in behind})
        for key in self.network.order:
            if key in behind:
                self._step(fresh, key, run, {})
        return fresh

    def outputs(self, x: Array | Mapping[str, Array], names: Iterable[str] | None = None,
                run: Pass | None = None) -> dict[str, Array]:
        """What layers put out, by name: all of them, or those named."""
        outputs = self.forward(x, run).outputs
        wanted = self.network.names if names is None else names
        return {name: outputs[self.network.by_name(name).id] for name in wanted}

    def backward(self, trace: Trace, loss_gradients: Mapping[str, Array]) -> Gradients:
        """From gradients with respect to outputs (by node id) back to all inputs and arrays; branches add up."""
        gradients = dict(loss_gradients)
        arrays: dict[str, Array] = {}
        for key in reversed(self.network.order):
            node = self.network.nodes[key]
            if key not in gradients or key in self.sources:
                continue
            sources = list(self.network.inputs_of(key).values())
            if node.layer.bypassed:
                to_inputs: tuple[Array, ...] = (gradients[key],)
            else:
                to_inputs, own = trace.backwards[key](gradients[key])
                arrays.update({f"{node.name}.{name}": gradient for name, gradient in own.items()})
            for source, gradient in zip(sources, to_inputs, strict=False):
                gradients[source] = gradients[source] + gradient if source in gradients else gradient
        inputs = {self.network.nodes[key].name: gradients.get(key, np.zeros_like(trace.outputs[key]))
                  for key in self.sources}
        return Gradients(inputs, arrays)

    def _step(self, trace: Trace, key: str, run: Pass, given: Mapping[str, Array]) -> None:
        """Compute one layer's output into the trace."""
        node = self.network.nodes[key]
        inputs = [given[key]] if key in given else [trace.outputs[source]
                                                    for source in self.network.inputs_of(key).values()]
        if node.layer.bypassed and key not in given:
            trace.outputs[key] = inputs[0]
            return
        own = replace(run, marks=None if run.marks is None else [], statistics={})
        weights = {name: self.weights[f"{node.name}.{name}"] for name in node.layer.arrays(*self.inference.inputs[key])}
        trace.outputs[key], trace.backwards[key] = node.layer.forward(weights, inputs, own)
        trace.marks[key] = own.marks or []
        if not node.layer.frozen:
            trace.statistics.update({f"{node.name}.{name}": value for name, value in own.statistics.items()})

    def _inputs(self, x: Array | Mapping[str, Array]) -> dict[str, Array]:
        """The pictures by id of their Input, in the model's float type."""
        if not isinstance(x, Mapping):
            if len(self.sources) != 1:
                names = ", ".join(self.network.nodes[key].name for key in self.sources)
                raise DataError(f"There are {len(self.sources)} inputs ({names}); give pictures for each by name.")
            x = {self.network.nodes[self.sources[0]].name: x}
        found = {}
        for key in self.sources:
            name, shape = self.network.nodes[key].name, self.inference.shapes[key]
            if name not in x:
                raise DataError(f"No pictures were given for {name}.")
            if x[name].shape[1:] != shape:
                raise DataError(f"{name} takes pictures of {describe(shape)} but these are "
                                f"{describe(x[name].shape[1:])}.")
            found[key] = np.asarray(x[name], self.dtype)
        return found


def _checked(inference: Inference, weights: Mapping[str, Array], dtype: np.dtype[np.generic]) -> dict[str, Array]:
    """Copies of exactly the arrays the network needs; NetworkError names one that is missing or has another shape."""
    found = {}
    for key, gets in inference.inputs.items():
        node = inference.network.nodes[key]
        if node.layer.bypassed:
            continue
        for parameter, spec in node.layer.arrays(*gets).items():
            name = f"{node.name}.{parameter}"
            if name not in weights:
                raise NetworkError(f"The weights {name} are missing; train the network, or load weights that fit it.")
            if tuple(weights[name].shape) != spec.shape:
                raise NetworkError(f"The weights {name} are {describe(tuple(weights[name].shape))} but the layer needs "
                                   f"{describe(spec.shape)}.")
            found[name] = np.array(weights[name], dtype)
    return found

"""A project as the steps of a program: what every exporter of code starts from.

Blocks are taken apart, bypassed layers and outputs that are marked auxiliary are left out, and every step knows where
its inputs come from.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from core.data.normalisation import Normalisation
from core.errors import FormatError
from core.graph.goals import ends, in_use, left_out, main_of
from core.graph.network import Network, Node
from core.graph.shapes import Inference, running
from core.layers.base import Array, Shape, Weights
from core.project import Project, complete_weights


@dataclass(frozen=True)
class Step:
    """One layer that computes: the ids of the steps or Inputs it reads, their shapes, and its arrays by own names."""

    node: Node
    inputs: tuple[str, ...]
    shapes: tuple[Shape, ...]
    output: Shape
    arrays: Weights

    @property
    def name(self) -> str:
        """The layer's name; in a block it is `block/layer`."""
        return self.node.name

    @property
    def type(self) -> str:
        """The layer's type."""
        return self.node.type

    @property
    def layer(self) -> Any:
        """The settings."""
        return self.node.layer


@dataclass(frozen=True)
class Plan:
    """A network that can run, in the order in which it runs.

    `outputs` are ids, the main one first; `auxiliary` names the outputs that stayed out. `normalisation` is what the
    pictures go through behind each Input.
    """

    network: Network
    inputs: tuple[Node, ...]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    normalisation: Normalisation = Normalisation()
    classes: tuple[str, ...] = ()
    auxiliary: tuple[str, ...] = ()

    @cached_property
    def readers(self) -> dict[str, tuple[str, ...]]:
        """For each id the ids of the steps that read it, once for each input."""
        found: dict[str, list[str]] = {}
        for step in self.steps:
            for source in step.inputs:
                found.setdefault(source, []).append(step.node.id)
        return {source: tuple(readers) for source, readers in found.items()}

    def without(self, types: Collection[str]) -> "Plan":
        """The plan without steps of these types, which hand their first input on."""
        gone: dict[str, str] = {}
        kept = []
        for step in self.steps:
            sources = tuple(gone.get(source, source) for source in step.inputs)
            if step.type in types:
                gone[step.node.id] = sources[0]
            else:
                kept.append(replace(step, inputs=sources))
        outputs = tuple(dict.fromkeys(gone.get(key, key) for key in self.outputs))
        return replace(self, steps=tuple(kept), outputs=outputs)

    @property
    def types(self) -> frozenset[str]:
        """The types of layers that there are."""
        return frozenset(step.type for step in self.steps)

    def shape_of(self, key: str) -> Shape:
        """What a step or an Input puts out."""
        for node in self.inputs:
            if node.id == key:
                return shape_of_input(node)
        return next(step.output for step in self.steps if step.node.id == key)


def shape_of_input(node: Node) -> Shape:
    """The shape of the pictures that an Input takes."""
    return node.layer.output_shape()


def plan_of(project: Project, *, auxiliary: bool = False) -> Plan:
    """The steps of a project; NetworkError where it cannot run, FormatError where its normalisation is not known.

    With `auxiliary` the outputs marked so stay, for those who want to train on.
    """
    network, outputs = in_use(project.network)
    without = left_out(project.network)
    if auxiliary:
        network, without = project.network, ()
        outputs = tuple(sorted(ends(network), key=main_of(network).__ne__))
    inference = running(network)
    weights = complete_weights(replace(project, network=network), inference)
    return _Planning(inference, weights).plan(outputs, normalisation_of(project), project.classes, without)


def normalisation_of(project: Project) -> Normalisation:
    """The figures that pictures are normalised with; training measured them, else FormatError."""
    if not project.data.normalise:
        return Normalisation()
    mean, spread = project.progress.get("mean"), project.progress.get("spread")
    if not mean or not spread:
        raise FormatError("The data is to be normalised, but its mean and spread are not known yet. Train first, or "
                          "switch Normalise off.")
    return Normalisation(tuple(mean), tuple(spread))


class _Planning:
    """Walks a network in order and passes bypassed layers over."""

    def __init__(self, inference: Inference, weights: Mapping[str, Array]) -> None:
        self._inference, self._weights, self._network = inference, weights, inference.network
        self._stands_for: dict[str, str] = {}

    def plan(self, outputs: tuple[str, ...], normalisation: Normalisation, classes: tuple[str, ...],
             auxiliary: tuple[str, ...]) -> Plan:
        """The whole plan."""
        network, inputs, steps = self._network, [], []
        for node in (network.nodes[key] for key in network.order):
            sources = tuple(self._stands_for.get(source, source) for source in network.inputs_of(node.id).values())
            if node.layer.ports[1] == 0:
                inputs.append(node)
            elif node.layer.bypassed:
                self._stands_for[node.id] = sources[0]
            else:
                steps.append(self._step(node, sources))
        ends = tuple(dict.fromkeys(self._stands_for.get(key, key) for key in outputs))
        return Plan(network, tuple(inputs), tuple(steps), ends, normalisation, classes, auxiliary)

    def _step(self, node: Node, sources: tuple[str, ...]) -> Step:
        shapes = self._inference.inputs[node.id]
        arrays = {name: self._weights[f"{node.name}.{name}"] for name in node.layer.arrays(*shapes)}
        return Step(node, sources, shapes, self._inference.shapes[node.id] or (), arrays)

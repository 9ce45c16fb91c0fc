"""What an ONNX file is put together from: operators with names, initial values, and a layer with all it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.graph.network import Node
from core.layers.base import Array, Shape


@dataclass
class OnnxGraph:
    """What a file is put together from: nodes in order and initial values by name."""

    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add one operator, named after what it puts out."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: Array) -> str:
        """Add an initial value."""
        self.constants[name] = value
        return name


@dataclass(frozen=True)
class OnnxLayer:
    """One layer on its way: where its inputs come from, their shapes, and its arrays by their own names."""

    node: Node
    inputs: tuple[str, ...]
    shapes: tuple[Shape, ...]
    output: Shape
    weights: Mapping[str, Array]

    @property
    def name(self) -> str:
        """The layer's name, and that of what it puts out."""
        return self.node.name

    @property
    def layer(self) -> Any:
        """The settings."""
        return self.node.layer

    def arrays(self, graph: OnnxGraph, *parameters: str) -> list[str]:
        """Put those arrays that the layer has into the file; gives their names."""
        return [graph.constant(f"{self.name}.{parameter}", self.weights[parameter])
                for parameter in parameters if parameter in self.weights]

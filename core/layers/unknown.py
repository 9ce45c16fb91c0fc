"""A layer that this version does not know."""

from dataclasses import dataclass, field
from typing import Any

from core.layers.base import Layer, Shape, ShapeError


@dataclass(frozen=True)
class Unknown(Layer):
    """Keeps a layer of a newer or foreign program as it was, so that nothing is lost; it cannot run."""

    name: str = ""
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The name the file gave."""
        return self.name

    def values(self) -> dict[str, Any]:
        """The settings the file gave."""
        return dict(self.kept)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Nobody knows."""
        told = self.kept.get("onnx")
        if isinstance(told, dict):
            raise ShapeError("unknown-type", f"stands for {told.get('operator')} (node {told.get('node')}, number "
                                             f"{told.get('number')} in the ONNX file), which is not supported: "
                                             f"{str(told.get('why')).rstrip('.')}. Replace or remove it.")
        raise ShapeError("unknown-type", f"is of the type {self.name}, which this version does not know. Update "
                                         f"guibuilder, or remove the layer.")

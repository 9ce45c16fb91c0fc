"""The network while it is read: layers so far, and what each value of the file is in terms of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.errors import SettingError
from core.formats.onnx_reading.constants import Unsupported
from core.formats.onnx_reading.names import clean
from core.graph.block import Block
from core.layers import make_layer
from core.layers.base import Array, Layer, Shape, ShapeError
from core.layers.unknown import Unknown


@dataclass(frozen=True)
class Affine:
    """y = factor · x + offset per channel (or one number for all).

    `scaled` where the file multiplied, `alone` where nothing else in the file takes x, `name` that of the operator.
    """

    factor: Array
    offset: Array
    scaled: bool
    alone: bool
    name: str


@dataclass(frozen=True)
class Value:
    """A value that depends on the pictures: the output of a layer, seen as the file sees it.

    `shape` is the file's, `inner` the layer's, both without the batch and None where unknown. Axis i of the file is
    axis `order[i]` of the layer; number i of a vector is number `columns[i]`. `affine` still has to be applied.
    """

    node: str
    inner: Shape | None
    shape: Shape | None
    order: tuple[int, ...] | None = None
    columns: Array | None = None
    affine: Affine | None = None


@dataclass
class Built:
    """A layer on its way into the network."""

    layer: Layer
    name: str
    sources: tuple[str, ...]
    weights: dict[str, Array] = field(default_factory=dict)

    def named_weights(self) -> dict[str, Array]:
        """The weights with the names that they have in a project."""
        between = "/" if isinstance(self.layer, Block) else "."
        return {f"{self.name}{between}{parameter}": array for parameter, array in self.weights.items()}


@dataclass
class Builder:
    """Collects layers by id in the order in which they were read; `name` is for the layer being read.

    `fixed` counts the weights that were made here because the file's operators have none.
    """

    layers: dict[str, Built] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    name: str = "layer"
    fixed: int = 0
    _names: set[str] = field(default_factory=set)
    _settled: dict[tuple[str, bytes, bytes], str] = field(default_factory=dict)

    def add(self, kind: str, sources: Sequence[Value], weights: dict[str, Array] | None = None, *, name: str = "",
            **settings: Any) -> Value:
        """A layer behind values that were made plain; its name is that of the operator being read."""
        try:
            layer = make_layer(kind, settings)
        except SettingError as error:
            raise Unsupported(f"a setting is out of limits: {error.message}") from error
        return self.put(layer, sources, weights or {}, name or self.name)

    def put(self, layer: Layer, sources: Sequence[Value], weights: dict[str, Array], name: str) -> Value:
        """The same with a finished layer."""
        inner = self._shape(layer, sources, weights)
        key = f"n{len(self.layers) + 1}"
        self.layers[key] = Built(layer, self.fresh(name), tuple(source.node for source in sources), weights)
        return Value(key, inner, inner)

    def block(self, block: Block, source: Value, weights: dict[str, Array]) -> Value:
        """A block that keeps the shape of what comes in; its weights are named `layer.parameter`."""
        key = f"n{len(self.layers) + 1}"
        self.layers[key] = Built(block, self.fresh(self.name), (source.node,), weights)
        return Value(key, source.inner, source.inner)

    def fresh(self, wanted: str) -> str:
        """A valid name that no layer has yet."""
        name = clean(wanted) if clean(wanted) not in self._names else self._numbered(clean(wanted))
        self._names.add(name)
        return name

    def rename(self, key: str, name: str) -> None:
        """Give a layer another name, for operators that together make one layer."""
        built = self.layers[key]
        if clean(name) not in self._names:
            self._names.discard(built.name)
            built.name = clean(name)
            self._names.add(built.name)

    def _numbered(self, wanted: str) -> str:
        number = 2
        while f"{wanted[:70]}_{number}" in self._names:
            number += 1
        return f"{wanted[:70]}_{number}"

    def _shape(self, layer: Layer, sources: Sequence[Value], weights: dict[str, Array]) -> Shape | None:
        inputs = [source.inner for source in sources if source.inner is not None]
        if len(inputs) < len(sources):
            return None
        try:
            shape = layer.output_shape(*inputs)
            wanted = {name: spec.shape for name, spec in layer.arrays(*inputs).items()}
        except ShapeError as error:
            raise Unsupported(f"its input does not fit: it {error.message.rstrip('.')}") from error
        for name, array in weights.items():
            if wanted.get(name) != tuple(array.shape):
                raise Unsupported(f"its {name} of {array.shape} does not fit its input")
        return shape

    # values in the form that a layer wants --------------------------------------------------------------------------

    def plain(self, value: Value, rank: int | None = None) -> Value:
        """The value as a layer takes it: arithmetic done, axes and numbers in our order, maps or a vector as asked."""
        value = self.settled(value)
        if value.order is not None or value.columns is not None:
            raise Unsupported("its input lies in another order of axes (height × width × channels)")
        if value.shape != value.inner and value.shape is not None:
            same_vector = value.inner is not None and len(value.inner) == 1 and rank != 3
            if not (same_vector and int(np.prod(value.shape)) == value.inner[0] == max(value.shape)):  # type: ignore[index]
                value = self.laid_out(value)
        if rank is not None and value.inner is not None and len(value.inner) != rank:
            raise Unsupported("it needs feature maps" if rank == 3 else "it needs a flat vector")
        return value

    def laid_out(self, value: Value) -> Value:
        """The value with its layer's shape the same as the file's: through Flatten or Reshape where they differ."""
        wanted = value.shape
        if wanted is None or wanted == value.inner:
            return value
        source = replace(value, shape=value.inner)
        stem = f"{self.layers[value.node].name}_flat"
        if len(wanted) == 1:
            return self.add("Flatten", [source], name=stem)
        if len(wanted) == 3:
            return self.add("Reshape", [source], name=f"{self.layers[value.node].name}_maps", shape=wanted)
        raise Unsupported(f"its input has {len(wanted)} axes besides the batch")

    def settled(self, value: Value) -> Value:
        """The value without arithmetic left to do: in the layer before where that is exact, else as a Scale."""
        affine = value.affine
        if affine is None:
            return value
        bare = replace(value, affine=None)
        known = (value.node, affine.factor.tobytes(), affine.offset.tobytes())
        if known not in self._settled:
            self._settled[known] = value.node if self._as_bias(value, affine) else self._scale(value, affine)
        return replace(bare, node=self._settled[known])

    def _scale(self, value: Value, affine: Affine) -> str:
        """A Scale layer behind the value's; gives its id."""
        channels = value.inner[0] if value.inner else max(affine.factor.size, affine.offset.size)
        if value.inner is None and channels == 1:
            raise Unsupported("the number of its channels is not known")
        weights = {name: np.broadcast_to(each, channels).astype(np.float32)
                   for name, each in (("weight", affine.factor), ("bias", affine.offset))}
        return self.add("Scale", [Value(value.node, value.inner, value.inner)], weights, name=affine.name).node

    def _as_bias(self, value: Value, affine: Affine) -> bool:
        """Put what is only added into the bias of the layer before, where nobody else sees that layer."""
        built = self.layers[value.node]
        if affine.scaled or not affine.alone:
            return False
        if built.layer.type == "Softplus" and np.allclose(affine.offset, -np.log(2), atol=1e-6):
            built.layer = built.layer.changed(centred=True)
            self.rename(value.node, affine.name)
            return True
        if built.layer.type not in ("Conv2D", "Dense") or built.layer.values()["bias"]:
            return False
        units = len(built.weights["weight"])
        if affine.offset.size not in (1, units):
            return False
        built.layer = built.layer.changed(bias=True)
        built.weights["bias"] = np.broadcast_to(affine.offset, units).astype(np.float32)
        return True

    def unknown(self, operator: str, sources: Sequence[Value], shape: Shape | None, kept: dict[str, Any]) -> Value:
        """A layer that stands for an operator that is not supported."""
        key = f"n{len(self.layers) + 1}"
        self.layers[key] = Built(Unknown(name=operator, kept=kept), self.fresh(self.name),
                                 tuple(source.node for source in sources))
        return Value(key, shape, shape)

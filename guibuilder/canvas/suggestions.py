"""Which layers can go here, what each would put out, and what usually follows."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.graph.network import Edge, Network
from core.graph.shapes import Inference
from core.layers import LAYERS
from core.layers.base import Layer, Shape, ShapeError, describe
from guibuilder.canvas.requests import matching, read_request, requested_layer, uses
from guibuilder.theme import FAMILIES

# What people put behind a layer, most usual first: by type, else by family.
_FOLLOWS: dict[str, tuple[str, ...]] = {
    "": ("Input", "Conv2D", "Dense"),
    "Flatten": ("Dense", "Softmax"),
    "GlobalAveragePool2D": ("Dense", "Softmax"),
    "input": ("Conv2D", "Flatten", "Dense", "BatchNorm"),
    "convolution": ("ReLU", "BatchNorm", "MaxPool2D", "Tanh", "Conv2D", "AveragePool2D", "Add"),
    "activation": ("MaxPool2D", "Conv2D", "AveragePool2D", "Dense", "Flatten", "Dropout", "GlobalAveragePool2D",
                   "Softmax"),
    "pooling": ("Conv2D", "Flatten", "Dropout", "GlobalAveragePool2D"),
    "dense": ("ReLU", "Dense", "Softmax", "Tanh", "Sigmoid", "Dropout"),
    "normalisation": ("ReLU", "Conv2D", "MaxPool2D", "Dense", "Add"),
    "noise": ("Dense", "Flatten", "Conv2D"),
    "merge": ("ReLU", "Conv2D", "MaxPool2D", "GlobalAveragePool2D", "Flatten"),
}


@dataclass(frozen=True)
class Place:
    """Where a new layer is wanted: behind `sources`, in front of the input that `target` names, or `into` a wire."""

    sources: tuple[str, ...] = ()
    target: Edge | None = None
    into: Edge | None = None


@dataclass(frozen=True)
class Suggestion:
    """One layer that could be added: its settings in short, the shape it would put out, or why it does not fit."""

    layer: Layer
    shape: str = ""
    reason: str = ""

    @property
    def kind(self) -> str:
        """The layer's type."""
        return self.layer.type

    @property
    def fits(self) -> bool:
        """Whether the layer can be added here."""
        return not self.reason


def suggest(network: Network, inference: Inference, place: Place, text: str = "") -> list[Suggestion]:
    """The layers that answer to `text`, those that fit first. Without a text only those that fit are listed."""
    request = read_request(text)
    kinds = matching(request.words, usual_order(network, place.sources))
    if not request.words:
        # Numbers alone mean the layer that usually comes here and has a use for them.
        kinds = [kind for kind in kinds if uses(kind, request.values)]
    made = [_judged(network, inference, place, *requested_layer(kind, request.values)) for kind in kinds]
    fitting = [each for each in made if each.fits]
    return [*fitting, *(each for each in made if not each.fits)] if request.words else fitting


def usual_order(network: Network, sources: Sequence[str]) -> list[str]:
    """All layer types, what usually follows first, the rest by family."""
    if sources:
        layer = network.nodes[sources[-1]].layer
        first = _FOLLOWS.get(layer.type, _FOLLOWS.get(layer.family, ()))
        first = ("Add", "Concatenate", *first) if len(sources) > 1 else first
    else:
        has_input = any(node.layer.ports[1] == 0 for node in network.nodes.values())
        first = _FOLLOWS[""][1 if has_input else 0:]
    order = {family: number for number, family in enumerate(FAMILIES)}
    rest = sorted(LAYERS, key=lambda kind: order.get(LAYERS[kind].family, 99))
    return list(dict.fromkeys([*(kind for kind in first if kind in LAYERS), *rest]))


def _judged(network: Network, inference: Inference, place: Place, layer: Layer, wrong: str) -> Suggestion:
    if wrong:
        return Suggestion(layer, "", wrong)
    least, most = layer.ports
    if most == 0:
        return _as_source(network, place, layer)
    sources = place.sources if most is None else place.sources[-most:]
    if not sources:
        return Suggestion(layer)
    shapes = [inference.shapes.get(source) for source in sources]
    if any(shape is None for shape in shapes):
        return Suggestion(layer, "?")
    if len(sources) < least:
        return Suggestion(layer, f"needs {least - len(sources)} more")
    return _computed(layer, [shape for shape in shapes if shape is not None])


def _as_source(network: Network, place: Place, layer: Layer) -> Suggestion:
    """A layer without inputs: it cannot follow anything, but it can feed."""
    if place.sources:
        return Suggestion(layer, "", "takes no input: it is where pictures come in.")
    shape = layer.output_shape()
    target = None if place.target is None else network.nodes[place.target.target].layer
    if target is not None and target.ports[1] == 1:
        check = _computed(target, [shape])
        if not check.fits:
            return Suggestion(layer, "", check.reason)
    return Suggestion(layer, describe(shape))


def _computed(layer: Layer, shapes: Sequence[Shape]) -> Suggestion:
    try:
        return Suggestion(layer, describe(layer.output_shape(*shapes)))
    except ShapeError as error:
        return Suggestion(layer, "", error.message)

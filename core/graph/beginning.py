"""The weights before the first epoch, so that a training can be rewound to exactly them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.graph.expand import expanded
from core.graph.initial import BY_LAYER, How, draw, stream
from core.graph.network import Network
from core.graph.shapes import infer
from core.layers.base import Array, ArraySpec


@dataclass(frozen=True, eq=False)
class Beginning:
    """What a training began with: the network as it was, the seed its weights were drawn from, and its `own` ones.

    Drawn weights are not kept, for they can be drawn again: only those that were there before (float32, by the names of
    then) take room. `names` leads from a layer's name then to its name now, where it is another one.
    """

    network: Network
    seed: int
    how: How = BY_LAYER
    own: Mapping[str, Array] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def renamed(self, names: Mapping[str, str]) -> "Beginning":
        """With layers renamed once more: {name: new name}."""
        layers = {node.name: self.names.get(node.name, node.name) for node in expanded(self.network).nodes.values()}
        return replace(self, names={then: names.get(now, now) for then, now in layers.items()
                                    if names.get(now, now) != then})

    def weights(self) -> dict[str, Array]:
        """The arrays themselves, float32, by the names of now."""
        specs = _specs(self.network, self.how)
        return {self._now(name): self._array(name, specs.get(name)) for name in {**self.own, **specs}}

    def not_drawn(self, network: Network) -> dict[str, Array]:
        """Those arrays of layers in `network` that its drawing and the seed alone would not give, by names of now.

        Of layers whose shape the drawing does not say at the moment all are kept.
        """
        needed, specs = _specs(network, self.how), _specs(self.network, self.how)
        known = {name.rpartition(".")[0] for name in needed}
        found = {}
        for name in {**self.own, **specs}:
            now, spec = self._now(name), specs.get(name)
            layer, fits = now.rpartition(".")[0], needed.get(now)
            array = self._array(name, spec)
            if fits is None:
                keep = layer in network.names and layer not in known
            else:
                drawn_again = fits == spec and now == name and name not in self.own
                keep = fits.shape == tuple(array.shape) and not drawn_again
            if keep:
                found[now] = array
        return found

    def _now(self, name: str) -> str:
        layer, _, parameter = name.rpartition(".")
        return f"{self.names.get(layer, layer)}.{parameter}"

    def _array(self, name: str, spec: ArraySpec | None) -> Array:
        own = self.own.get(name)
        if own is not None and (spec is None or tuple(own.shape) == spec.shape):
            return own
        assert spec is not None
        return draw(spec, stream(self.seed, name), self.how.value)


def _specs(network: Network, how: How) -> dict[str, ArraySpec]:
    """What is drawn for each array whose layer's shape is known."""
    inference = infer(network).flat
    network = inference.network
    return {f"{network.nodes[key].name}.{parameter}": spec for key, gets in inference.inputs.items()
            if inference.shapes.get(key) is not None
            for parameter, spec in how.of(network.nodes[key].layer).arrays(*gets).items()}

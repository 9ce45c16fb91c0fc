"""Everything a file holds, as one value: network, weights, data choice, training options, history and notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.data.augmentation import Augmentation
from core.graph.beginning import Beginning
from core.graph.initial import complete
from core.graph.levels import renamed_layers
from core.graph.network import Network
from core.graph.shapes import Inference, infer, running
from core.layers.base import Array
from core.settings import check_all, setting, values_of
from core.train.events import EpochDone
from core.train.options import TrainOptions, how_to_start


@dataclass(frozen=True)
class DataChoice(Augmentation):
    """Which pictures to train on: a name or a path, and what is done to them."""

    source: str = setting("digits28", "Data", "A data set by name, or a file or folder of your own.")
    normalise: bool = setting(False, "Normalise", "Shift and scale the pictures to mean 0 and spread 1, with the "
                              "figures of the training set.")

    def __post_init__(self) -> None:
        check_all(self)

    def values(self) -> dict[str, Any]:
        """The choice as a file holds it."""
        return values_of(self)


@dataclass(frozen=True, eq=False)
class Project:
    """One document. Arrays are never written in place once they are part of a project; unchanged ones are shared.

    `weights` are float32, PyTorch-shaped, named `layer.parameter`; some may be of an earlier drawing and not fit any
    more (see `fitting`). `state` holds what an exact resume needs (slots of the optimizer), `progress` its counters,
    `beginning` the weights before the first epoch. `extra` keeps keys of files that we do not know.
    """

    network: Network = field(default_factory=Network)
    weights: Mapping[str, Array] = field(default_factory=dict)
    data: DataChoice = field(default_factory=DataChoice)
    options: TrainOptions = field(default_factory=TrainOptions)
    history: tuple[EpochDone, ...] = ()
    notes: str = ""
    state: Mapping[str, Array] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    beginning: Beginning | None = None

    def with_network(self, network: Network, moved: Mapping[str, str] | None = None) -> "Project":
        """With another network; arrays of renamed layers are renamed with them.

        `moved` says which layers went into or out of a block (see `core.graph.blocks`).
        """
        renamed = renamed_layers(self.network, network, moved or {})
        if not renamed:
            return replace(self, network=network)
        return replace(self, network=network, weights=_renamed(self.weights, renamed),
                       state=_renamed(self.state, renamed),
                       beginning=self.beginning.renamed(renamed) if self.beginning is not None else None)


def _renamed(arrays: Mapping[str, Array], names: Mapping[str, str]) -> dict[str, Array]:
    """The arrays under their new names; one of an earlier drawing that has such a name already gives way."""
    found, kept = {}, {}
    for key, array in arrays.items():
        layer, dot, rest = key.partition(".")
        if layer in names:
            found[f"{names[layer]}{dot}{rest}"] = array
        else:
            kept[key] = array
    return {**kept, **found}


def complete_weights(project: Project, inference: Inference | None = None) -> dict[str, Array]:
    """An array for everything the network needs: the project's own where it fits, else drawn from its seed."""
    options = project.options
    return complete(inference or running(project.network), project.weights, options.seed, how_to_start(options))


def beginning_of(project: Project) -> Beginning:
    """What a training of this project that starts now begins with; one that was trained before began earlier."""
    if project.beginning is not None:
        return project.beginning
    options = project.options
    return Beginning(project.network, options.seed, how_to_start(options), fitting(project.network, project.weights))


def rewound(project: Project) -> dict[str, Any]:
    """The parts of a project that differ once it is back before its first epoch; empty where that is not known."""
    if project.beginning is None:
        return {}
    weights = fitting(project.network, project.beginning.weights())
    return {"weights": weights, "history": (), "state": {}, "progress": {}}


def fitting(network: Network, weights: Mapping[str, Array], inference: Inference | None = None) -> dict[str, Array]:
    """Those arrays that belong to a layer of the network and have the shape it needs now."""
    known = (inference if inference is not None else infer(network)).flat
    found = {}
    for key, gets in known.inputs.items():
        node = known.network.nodes[key]
        for parameter, spec in node.layer.arrays(*gets).items() if known.shapes.get(key) is not None else ():
            array = weights.get(f"{node.name}.{parameter}")
            if array is not None and tuple(array.shape) == spec.shape:
                found[f"{node.name}.{parameter}"] = array
    return found

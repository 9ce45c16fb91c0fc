"""Whether cost grows as the work: the same network with twice the batch, width, depth or picture size."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from core.benchmark.job import make_job
from core.benchmark.rounds import TRAIN, Effort, Spread, measure
from core.benchmark.side import Side, our_side
from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.network import Edge, Network, Node
from core.graph.shapes import infer, running
from core.layers import make_layer
from core.layers.base import Layer
from core.layers.conv2d import Conv2D
from core.layers.dense import Dense
from core.layers.input import Input

# Time may grow by so much more than the multiply-adds.
ALLOWED = 1.1
BATCH = "batch"


@dataclass(frozen=True)
class Growth:
    """Twice of something: how the multiply-adds of a training step grow, and how its time does, as factors.

    `excess` is the growth of the time over that of the multiply-adds; up to `ALLOWED` is as it should be.
    """

    network: str
    doubled: str
    macs: float
    time: Spread
    excess: Spread
    quiet: bool


def measure_growth(name: str, network: Network, batch: int, threads: int, effort: Effort,
                   report: Callable[[str, int, int], None]) -> list[Growth]:
    """All doublings that the network allows."""
    plain = flattened(network)
    changed = {BATCH: plain, **{what: double(plain) for what, double in DOUBLINGS.items()}}
    found = []
    for what, doubled in changed.items():
        if infer(doubled).errors:
            continue
        batches = (batch, 2 * batch if what == BATCH else batch)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guibuilder-benchmark-")))
            sides = [_opened(stack, each, count, threads, folder / f"{number}.npz")
                     for number, (each, count) in enumerate(zip((plain, doubled), batches, strict=True))]
            rounds = measure(sides, TRAIN, effort, progress=partial(report, f"Twice the {what}"))
        work = _macs(doubled) * batches[1] / (_macs(plain) * batches[0])
        times = [step.seconds[sides[1].name] / step.seconds[sides[0].name] for step in rounds.found]
        found.append(Growth(name, what, work, Spread.of(times), Spread.of([time / work for time in times]),
                            rounds.quiet))
    return found


def _opened(stack: ExitStack, network: Network, batch: int, threads: int, path: Path) -> Side:
    make_job(network, batch).save(path)
    side = stack.enter_context(our_side())
    side.name = f"guibuilder ({path.stem})"
    side.open(path, threads)
    return side


def _macs(network: Network) -> int:
    """Multiply-adds of a training step, for one picture."""
    costs = cost(running(network))
    return costs.macs + costs.macs_backward


def flattened(network: Network) -> Network:
    """The layers without their blocks, as a drawing that a file can hold: `block/layer` is called `block-layer`."""
    network = expanded(network)
    taken = {node.name for node in network.nodes.values() if "/" not in node.name}
    for node in [node for node in network.nodes.values() if "/" in node.name]:
        name = network.fresh_name(node.name.replace("/", "-"), taken)
        taken.add(name)
        network = network.put(replace(node, name=name))
    return network


def wider(network: Network) -> Network:
    """Twice the filters and units everywhere but in the last Dense layers, whose units are classes."""
    last = _last_dense(network)

    def widen(key: str, layer: Layer) -> Layer:
        if isinstance(layer, Conv2D):
            return replace(layer, filters=2 * layer.filters)
        return replace(layer, units=2 * layer.units) if isinstance(layer, Dense) and key not in last else layer

    return _changed(network, widen)


def deeper(network: Network) -> Network:
    """Behind each Conv2D a ReLU and another one that keeps the size."""
    for key in network.order:
        layer = network.nodes[key].layer
        if isinstance(layer, Conv2D):
            again = replace(layer, stride=(1, 1), dilation=(1, 1), padding="same", groups=1)
            network = _behind(network, key, make_layer("ReLU", {}), again)
    return network


def larger(network: Network) -> Network:
    """Pictures of twice the height and width."""
    return _changed(network, lambda key, layer: replace(
        layer, shape=(layer.shape[0], *(2 * size for size in layer.shape[1:]))) if isinstance(layer, Input) else layer)


DOUBLINGS: dict[str, Callable[[Network], Network]] = {"width": wider, "depth": deeper, "picture size": larger}


def _last_dense(network: Network) -> set[str]:
    """Ids of Dense layers from which no other one is reached."""
    found: set[str] = set()
    reached: set[str] = set()
    for key in reversed(network.order):
        dense = isinstance(network.nodes[key].layer, Dense)
        if dense and key not in reached:
            found.add(key)
        if dense or key in reached:
            reached.update(network.inputs_of(key).values())
    return found


def _changed(network: Network, change: Callable[[str, Layer], Layer]) -> Network:
    nodes = {key: replace(node, layer=change(key, node.layer)) for key, node in network.nodes.items()}
    return replace(network, nodes=nodes)


def _behind(network: Network, key: str, *layers: Layer) -> Network:
    """With layers put behind a node, so that all that read it now read the last of them."""
    ids = [f"{key}-{number}" for number in range(len(layers))]
    names: Sequence[str] = [f"{network.nodes[key].name}-{number}" for number in range(len(layers))]
    nodes = {each: Node(each, layer, name) for each, layer, name in zip(ids, layers, names, strict=True)}
    edges = [replace(edge, source=ids[-1]) if edge.source == key else edge for edge in network.edges]
    edges += [Edge(source, target) for source, target in zip([key, *ids], ids, strict=False)]
    return replace(network, nodes={**network.nodes, **nodes}, edges=tuple(edges))

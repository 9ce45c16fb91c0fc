"""`guibuilder run NET --input x.npy --output y.npy`: what a layer makes of arrays, as they are."""

import argparse
import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import NetworkError
from core.graph.expand import expanded
from core.graph.goals import ends, main_of
from core.graph.levels import layer_meant
from core.graph.network import Network
from core.graph.output import MAIN
from core.graph.rules import upstream
from core.layers.base import Array, describe
from guibuilder.command_line.arrays import read_pictures, write_npy
from guibuilder.command_line.bars import progress
from guibuilder.command_line.common import (
    add_network,
    add_precise,
    checked,
    count_of,
    load_network,
    need_folder,
    print_json,
)
from guibuilder.command_line.learned import all_weights

if TYPE_CHECKING:
    from core.engine.engine import Engine

NAME = "run"
SUMMARY = "push arrays through a network and keep what a layer puts out"
_AT_ONCE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET, the files, the layer and the mode."""
    add_network(parser)
    parser.add_argument("--input", type=Path, required=True, metavar="x.npy", help="pictures N×C×H×W, used as they are")
    parser.add_argument("--output", type=Path, required=True, metavar="y.npy", help="where the layer's output goes")
    parser.add_argument("--layer", metavar="NAME", help="which layer (the last one; of several the main output)")
    parser.add_argument("--mode", choices=["inference", "training"], default="inference",
                        help="training: batch statistics, dropout and noise on (inference)")
    add_precise(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compute and write the output."""
    from core.engine.engine import Engine
    from core.train.job import checked_network, input_shape

    need_folder(arguments.output)
    project = load_network(arguments)
    checked(project.network)
    drawn = project.network
    project = replace(project, network=expanded(drawn))
    layer = layer_meant(drawn, arguments.layer) if arguments.layer else _last(project.network)
    project = replace(project, network=_leading_to(project.network, layer))
    x = read_pictures(arguments.input, input_shape(checked_network(project.network)))
    engine = Engine(project.network, all_weights(project), 1, threads=arguments.threads, seed=project.options.seed,
                    training=False, precise=project.options.precise)
    with contextlib.closing(engine):
        engine.outputs(x[:1], [layer])  # Loads or compiles the kernels, which is no part of the time.
        start = time.perf_counter()
        y = _outputs(engine, x, layer, arguments.mode == "training")
        seconds = time.perf_counter() - start
    write_npy(arguments.output, y)
    if arguments.json:
        print_json({"output_shape": list(y.shape[1:]), "seconds": seconds})
    else:
        print(f"{layer}: {count_of(len(y), 'picture')}, {describe(y.shape[1:])} each, in {seconds:.3f} s, written to "
              f"{arguments.output}")
    return 0


def _outputs(engine: "Engine", x: Array, layer: str, training: bool) -> Array:
    """The layer's output; a batch in training mode is one piece, because its statistics are."""
    size, parts = len(x) if training else _AT_ONCE, []
    with progress("Running", len(x)) as report:
        for start in range(0, len(x), size):
            parts.append(engine.outputs(x[start:start + size], [layer], training)[layer])
            report(min(len(x), start + size), len(x))
    return np.concatenate(parts)


def _leading_to(network: Network, layer: str) -> Network:
    """The network; where it has several ends or inputs, that part of it which leads to the layer."""
    wanted = network.by_name(layer).id
    if len(network.finals()) == 1 and sum(node.layer.ports[1] == 0 for node in network.nodes.values()) == 1:
        return network
    before = upstream(network, wanted)
    return network.remove(*(key for key in network.nodes if key not in before))


def _last(network: Network) -> str:
    found = ends(network)
    marked = any((output := network.nodes[key].output) is not None and output.role == MAIN for key in found)
    if len(found) != 1 and not marked:
        names = ", ".join(network.nodes[key].name for key in found)
        raise NetworkError(f"Several layers lead nowhere ({names}); name the one you mean with --layer.")
    return network.nodes[main_of(network)].name

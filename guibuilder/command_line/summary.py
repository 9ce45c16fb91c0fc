"""`guibuilder summary NET`: the layers with their shapes and what they cost."""

import argparse
from typing import Any

from core.errors import UsageError
from core.graph.cost import Cost, LayerCost, ReceptiveField, cost
from core.graph.network import Network
from core.graph.shapes import Inference, infer
from core.layers.base import describe
from guibuilder.command_line import outputs
from guibuilder.command_line.common import (
    add_network,
    bytes_in_words,
    load_network,
    print_json,
    problems_of,
    shape_of,
    table,
)

NAME = "summary"
SUMMARY = "layers of a network with shapes, parameters, multiply-adds, receptive fields and memory"
_UNKNOWN = "?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET, another input, and the batch for the memory."""
    add_network(parser)
    parser.add_argument("--input", type=shape_of, metavar="C,H,W", help="another shape of the pictures")
    parser.add_argument("--batch", type=int, default=64, metavar="N", help="pictures in a batch, for the memory (64)")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; 1 where the network has errors."""
    if arguments.batch < 1:
        raise UsageError("A batch has at least 1 picture.")
    project = load_network(arguments)
    network = _with_input(project.network, arguments.input) if arguments.input else project.network
    inference = infer(network)
    costs = cost(inference)
    memory = costs.memory_bytes(arguments.batch, project.options.optimizer)
    if arguments.json:
        print_json({**_plain(inference.flat, costs, memory), "problems": problems_of(inference),
                    **outputs.plain(network, project.options.loss)})
    else:
        _print(inference.flat, costs, arguments.batch)
        print(f"\nTrainable {costs.trainable:,} · training with batch {arguments.batch} and "
              f"{project.options.optimizer} needs {bytes_in_words(memory)}")
        for said in filter(None, [outputs.sentence(network, project.options.loss)]):
            print(said)
        for problem in inference.problems:
            print(f"{problem.severity}: {problem.sentence()}")
    return 0 if inference.runs else 1


def _with_input(network: Network, shape: tuple[int, ...]) -> Network:
    inputs = _inputs(network)
    if len(inputs) != 1:
        raise UsageError(f"--input needs a network with one Input; this one has {len(inputs)}.")
    return network.change(inputs[0], shape=list(shape))


def _inputs(network: Network) -> list[str]:
    return [key for key in network.order if network.nodes[key].layer.ports[1] == 0]


def _plain(inference: Inference, costs: Cost, memory: int) -> dict[str, Any]:
    network = inference.network
    inputs = _inputs(network)
    shape = inference.shapes.get(inputs[0]) if inputs else None
    layers = [_layer(inference, costs.layers.get(key), key) for key in network.order]
    return {"name": network.name, "input_shape": None if shape is None else list(shape), "layers": layers,
            "parameters": costs.parameters, "trainable": costs.trainable, "macs": costs.macs, "memory_bytes": memory,
            "macs_backward": costs.macs_backward}


def _layer(inference: Inference, known: LayerCost | None, key: str) -> dict[str, Any]:
    node, shape = inference.network.nodes[key], inference.shapes.get(key)
    field = known.receptive_field if known else None
    sources = inference.network.inputs_of(key).values()
    return {"name": node.name, "type": node.type,
            "inputs": [inference.network.nodes[source].name for source in sources],
            "output_shape": None if shape is None else list(shape),
            "parameters": known.parameters if known else None, "trainable": known.trainable if known else None,
            "macs": known.macs if known else None,
            "macs_backward": known.macs_backward if known else None, "receptive_field": _seen(field),
            "receptive_field_smallest": _seen(known.receptive_field_smallest if known else None),
            "activation_bytes": known.activation_bytes if known else None}


def _seen(field: ReceptiveField | None) -> dict[str, Any] | None:
    return None if field is None else {"size": list(field.size), "jump": list(field.jump), "start": list(field.start)}


def _print(inference: Inference, costs: Cost, batch: int) -> None:
    network = inference.network
    chain = all(list(network.inputs_of(key).values()) == [before]
                for before, key in zip(network.order, network.order[1:], strict=False))
    rows = [["Layer", "Type", "From", "Output", "Parameters", "Multiply-adds", "Backward", "Memory", "Sees"]]
    rows += [_row(inference, costs.layers.get(key), key, batch) for key in network.order]
    rows.append(["Total", "", "", "", f"{costs.parameters:,}", f"{costs.macs:,}", f"{costs.macs_backward:,}",
                 bytes_in_words(costs.activation_bytes * batch), ""])
    keep = [column for column in range(len(rows[0])) if column != 2 or not chain]
    print(f"{network.name}\n")
    print(table([[row[column] for column in keep] for row in rows], "".join("<<<>>>>>>"[column] for column in keep),
                rule_before_last=True))


def _row(inference: Inference, known: LayerCost | None, key: str, batch: int) -> list[str]:
    node, network = inference.network.nodes[key], inference.network
    sources = ", ".join(network.nodes[source].name for source in network.inputs_of(key).values())
    field = known.receptive_field if known else None
    least = known.receptive_field_smallest if known else None
    sees = "" if field is None else describe(field.size)
    if least is not None and least != field:
        sees = f"{describe(least.size)} to {sees}"
    return [node.name, node.type, sources, describe(inference.shapes.get(key)),
            f"{known.parameters:,}" if known else _UNKNOWN, f"{known.macs:,}" if known else _UNKNOWN,
            f"{known.macs_backward:,}" if known else _UNKNOWN,
            bytes_in_words(known.activation_bytes * batch) if known else _UNKNOWN, sees]

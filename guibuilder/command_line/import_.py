"""`guibuilder import FILE --out FILE.gbnet`: an ONNX model, or weights for a network, as a project."""

import argparse
from pathlib import Path
from typing import Any

from core.errors import UsageError
from core.formats import open_file, save_file
from core.formats.weights_into import weights_into
from core.graph.cost import cost
from core.graph.shapes import infer
from core.project import Project
from guibuilder.command_line.common import NET_HELP, count_of, find_network, need_folder, print_json, problems_of, say

NAME = "import"
SUMMARY = "an ONNX model, or with --into the weights for a network, as a project"
EPILOG = """The project is written even where operators of the model are not supported: layers of an unknown type stand
for them, each is named with its node, and the exit status is 1."""
WEIGHTS = (".safetensors", ".npz")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, the network for weights, and where to write."""
    parser.add_argument("file", type=Path, metavar="FILE", help="an .onnx model, or weights: .safetensors or .npz")
    parser.add_argument("--into", metavar="NET", help=f"the network that weights are for: {NET_HELP}")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.gbnet", help="the project to write")


def run(arguments: argparse.Namespace) -> int:
    """Read, write, and tell what could not be taken over; 1 where the network does not run as it is."""
    out = need_folder(arguments.out if arguments.out.suffix else arguments.out.with_suffix(".gbnet"))
    if out.suffix.lower() != ".gbnet":
        raise UsageError(f"--out must end in .gbnet, not {out.suffix}.")
    project, notes, problems = _read(arguments)
    save_file(project, out)
    inference = infer(project.network)
    problems += problems_of(inference)
    figures = cost(inference)
    if arguments.json:
        print_json({"layers": len(inference.flat.network.nodes), "parameters": figures.parameters,
                    "problems": problems})
    else:
        print(f"{out} written: {count_of(len(inference.flat.network.nodes), 'layer')}, "
              f"{count_of(figures.parameters, 'parameter')}")
    say(*notes)
    if not arguments.json:
        say(*(problem["message"] for problem in problems))
    return 1 if inference.errors else 0


def _read(arguments: argparse.Namespace) -> tuple[Project, list[str], list[dict[str, Any]]]:
    """The project, what to say about it, and problems that the drawing itself does not show."""
    path: Path = arguments.file
    if arguments.into is None:
        if path.suffix.lower() in WEIGHTS:
            raise UsageError(f"{path.name} holds weights alone; name the network that they are for with --into.")
        project = open_file(path)
        # The first paragraph says where the project comes from.
        return project, [line for line in project.notes.split("\n\n")[1:] if line.strip()], []
    if path.suffix.lower() not in WEIGHTS:
        raise UsageError(f"--into takes weights (.safetensors or .npz), not {path.name}.")
    project, found = weights_into(find_network(arguments.into), path)
    return project, [], [{"severity": "warning", "layer": layer or None, "code": "weights", "message": sentence,
                          "fixes": []} for layer, sentence in found]

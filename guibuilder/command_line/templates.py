"""`guibuilder templates`: the built-in networks."""

import argparse

from core.graph.cost import cost
from core.graph.shapes import infer
from core.layers.base import describe
from core.templates import TEMPLATES, template
from core.train.job import input_shape
from guibuilder.command_line.common import print_json, table

NAME = "templates"
SUMMARY = "built-in networks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """List name, title, input and parameters."""
    inferences = {name: infer(template(name).network) for name in TEMPLATES}
    if arguments.json:
        found = [{"name": name, "title": each.title, "input_shape": list(input_shape(inferences[name])),
                  "parameters": cost(inferences[name]).parameters} for name, each in TEMPLATES.items()]
        print_json({"templates": found})
        return 0
    rows = [["Name", "Title", "Input", "Parameters", "About"]]
    rows += [[name, each.title, describe(input_shape(inferences[name])), f"{cost(inferences[name]).parameters:,}",
              each.about] for name, each in TEMPLATES.items()]
    print(table(rows, "<<<><"))
    return 0

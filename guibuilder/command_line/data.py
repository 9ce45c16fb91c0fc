"""`guibuilder data`: the data sets that come with a name, and fetching one."""

import argparse
from typing import Any

from core.errors import UsageError
from core.layers.base import describe
from guibuilder.command_line.bars import progress
from guibuilder.command_line.common import print_json, table

NAME = "data"
SUMMARY = "data sets with a name; \"data get NAME\" downloads one into the cache, checked"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing, or get NAME."""
    parser.add_argument("action", nargs="?", choices=["get"], help="get: download the data set NAME")
    parser.add_argument("name", nargs="?", metavar="NAME", help="which one")


def run(arguments: argparse.Namespace) -> int:
    """List the data sets, or fetch one and show it."""
    from core.data import load as data

    if arguments.action and not arguments.name:
        raise UsageError(f"Which data set? There are {', '.join(data.names())}.")
    if arguments.action:
        with progress(f"Fetching {arguments.name}", unit="bytes") as report:
            data.get(arguments.name, lambda _, done, total: report(done, total))
    found = [each for each in data.describe() if arguments.name in (None, each.name)]
    if arguments.json:
        print_json({"datasets": [_plain(each) for each in found]})
        return 0
    rows = [["Name", "Title", "Pictures", "Classes", "Training", "Test", "Available"]]
    rows += [[each.name, each.title, describe(each.shape), str(len(each.classes)), f"{each.train:,}", f"{each.test:,}",
              "yes" if each.available else "to download"] for each in found]
    print(table(rows, "<<<>>><"))
    return 0


def _plain(each: Any) -> dict[str, Any]:
    return {"name": each.name, "title": each.title, "shape": list(each.shape), "classes": list(each.classes),
            "train": each.train, "test": each.test, "available": each.available}

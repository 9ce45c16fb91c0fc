"""`guibuilder check NET`: what is wrong with a network, and what would help."""

import argparse
from typing import Any

from core.graph.shapes import CODES, infer
from guibuilder.command_line.common import add_network, count_of, load_network, print_json, problems_of

NAME = "check"
SUMMARY = "problems of a network, with what would help"
EPILOG = "\n".join(["codes:", *(f"  {code:<14} {severity}: {meaning}" for code, (severity, meaning) in CODES.items())])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET."""
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every problem; 1 where one is an error."""
    inference = infer(load_network(arguments).network)
    problems = problems_of(inference)
    if arguments.json:
        print_json({"problems": problems})
    elif not problems:
        print(f"No problems in {count_of(len(inference.network.nodes), 'layer')}.")
    else:
        _print(problems)
    return 0 if inference.runs else 1


def _print(problems: list[dict[str, Any]]) -> None:
    counts = [count_of(number, severity) for severity in ("error", "warning")
              if (number := sum(problem["severity"] == severity for problem in problems))]
    print(f"{' and '.join(counts)}\n")
    for problem in problems:
        print(f"{problem['severity']} [{problem['code']}] {problem['message']}")
        for fix in problem["fixes"]:
            print(f"    → {fix}")

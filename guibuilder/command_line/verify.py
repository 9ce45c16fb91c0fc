"""`guibuilder verify NET`: whether the gradients of this network are right."""

import argparse

from core.project import complete_weights
from guibuilder.command_line.bars import progress
from guibuilder.command_line.common import add_network, checked, load_network, print_json, say, table

NAME = "verify"
SUMMARY = "check the gradients of a network against central differences"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET."""
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print how well each array's gradient agrees; 1 where one does not."""
    from core.inspect.gradients import LIMIT, verify, worst

    project = load_network(arguments)
    checked(project.network)
    with progress("Verifying", unit="arrays") as report:
        checks = verify(project.network, complete_weights(project), project.options.seed, project.options.loss, report)
    largest = worst(checks)
    if arguments.json:
        print_json({"layers": [vars(check) for check in checks], "worst": largest})
    else:
        rows = [["Layer", "Array", "Relative error", "Checked", "Skipped"]]
        rows += [[check.layer, check.parameter, f"{check.relative_error:.1e}", f"{check.checked:,}",
                  f"{check.skipped:,}"] for check in checks]
        print(table(rows, "<<>>>"))
        print(f"\nLargest relative error {largest:.1e} (limit {LIMIT:g})")
    if largest > LIMIT:
        wrong = ", ".join(f"{check.layer}.{check.parameter}" for check in checks if check.relative_error > LIMIT)
        say(f"These gradients are wrong: {wrong}.")
        return 1
    return 0

"""`guibuilder evaluate NET --data DATA`: how good a network is on pictures it has not seen."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.project import DataChoice, Project
from guibuilder.command_line.bars import progress
from guibuilder.command_line.common import (
    add_network,
    add_precise,
    checked_single,
    count_of,
    load_network,
    percent,
    print_json,
    say,
    table,
)
from guibuilder.command_line.learned import all_weights

if TYPE_CHECKING:
    from core.data.dataset import Dataset
    from core.inspect.mistakes import Measurement

NAME = "evaluate"
SUMMARY = "loss, accuracy and confusion matrix on the test part of a data set"
# A wider table of classes fits no terminal.
_MOST_COLUMNS = 20
_MOST_MISTAKES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET and the data."""
    add_network(parser)
    parser.add_argument("--data", required=True, metavar="DATA", help="a data set by name, or a path")
    add_precise(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure on the test part."""
    project = load_network(arguments)
    checked_single(project.network)
    project = replace(project, data=DataChoice(arguments.data, normalise=project.data.normalise))
    found = _measure(project, _loaded(project), arguments.threads)
    if arguments.json:
        print_json({"loss": found.loss, "accuracy": found.accuracy, "confusion": found.confusion.tolist(),
                    "classes": list(found.classes)})
    else:
        _print(found, arguments.data)
    return 0


def _loaded(project: Project) -> "Dataset":
    """The data fitted to the network's input, cut into parts as the training of the project cuts it."""
    from core.data.load import load
    from core.data.pictures import fit_dataset
    from core.train.job import checked_outputs, input_shape

    source, inference = project.data.source, checked_single(project.network)
    with progress(f"Loading {source}", unit="bytes") as report:
        dataset = load(source, seed=project.options.seed, progress=lambda _, done, total: report(done, total))
    checked_outputs(inference, len(dataset.classes))
    dataset = fit_dataset(dataset, input_shape(inference))
    say(*dataset.notes)
    if project.classes and project.classes != dataset.classes:
        say(f"The network was trained on other classes ({', '.join(project.classes[:5])} …); they are compared by "
            f"their numbers.")
    return dataset


def _measure(project: Project, dataset: "Dataset", threads: int | None) -> "Measurement":
    from core.inspect.mistakes import How, measure
    from core.train.job import normalisation

    weights = all_weights(project)
    options = project.options
    how = How(options.loss, normalisation(project, dataset), threads, options.seed, options.precise)
    with progress("Measuring", len(dataset.test_y)) as report:
        return measure(project.network, weights, dataset, how, report)


def _print(found: "Measurement", data: str) -> None:
    counts: list[list[int]] = found.confusion.tolist()
    print(f"Test part of {data}: {count_of(sum(map(sum, counts)), 'picture')}\n"
          f"Accuracy {percent(found.accuracy)}, loss {found.loss:.4f}\n")
    if len(found.classes) <= _MOST_COLUMNS:
        print("True class (rows) taken for (columns):\n")
        print(_confusion(counts, found.classes))
    else:
        print(_mistakes(counts, found.classes))


def _confusion(counts: list[list[int]], classes: Sequence[str]) -> str:
    """Rows true, columns predicted; a dot for never."""
    rows: list[list[str]] = [["", *classes, "right"]]
    for number, (name, row) in enumerate(zip(classes, counts, strict=True)):
        share = percent(row[number] / sum(row)) if sum(row) else "–"
        rows.append([name, *[f"{count:,}" if count else "·" for count in row], share])
    return table(rows, "<" + ">" * (len(classes) + 1))


def _mistakes(counts: list[list[int]], classes: Sequence[str]) -> str:
    """What is confused most often, where there are too many classes for a table of all."""
    pairs = [(count, classes[truth], classes[answer]) for truth, row in enumerate(counts)
             for answer, count in enumerate(row) if count and answer != truth]
    pairs.sort(key=lambda pair: -pair[0])
    rows = [["True class", "Taken for", "Pictures"]]
    rows += [[truth, answer, f"{count:,}"] for count, truth, answer in pairs[:_MOST_MISTAKES]]
    return table(rows, "<<>")

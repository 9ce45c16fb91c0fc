"""`guibuilder benchmark`: how fast this computer trains and runs networks, alone or against PyTorch."""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.benchmark.networks import REFERENCES
from core.errors import UsageError
from core.project import Project, complete_weights
from guibuilder.command_line.bars import Bar
from guibuilder.command_line.benchmark_tables import print_growth, print_result, print_summary
from guibuilder.command_line.common import NET_HELP, checked, find_network, print_json

if TYPE_CHECKING:
    from core.benchmark.growth import Growth
    from core.benchmark.speed import Result, Wanted

NAME = "benchmark"
SUMMARY = "how fast this computer trains and runs networks, alone or against PyTorch"
EPILOG = f"""\
Without NET the reference networks are measured: {', '.join(REFERENCES)}.

  guibuilder benchmark                             all of them
  guibuilder benchmark lenet --against torch       one of them, in turn with PyTorch
  guibuilder benchmark small-vgg --layers          and how near each layer comes to the peak
  guibuilder benchmark direct --layers             the same for convolutions of every kind
  guibuilder benchmark resnet20 --growth           whether twice the work takes twice the time

Every figure is the median of some rounds, with the smallest and the largest. In a round all sides work in turn, each
in a process of its own, on the same batch and from the same weights. Rounds in which other programs used more than
0.15 of a core are left out and tried again; where that does not help, all of them count and that is said.

The peak is what the inner loop of all matrix products, a register tile, gives in the same round when it need not wait
for memory. Speeds count the multiply-adds of the layers' definitions; a kernel that saves some, such as Winograd's
for 3×3 filters, can reach more than 100 %. A ReLU or pool that runs together with a layer counts there;
two layers that read the same maps and are worked on by turns are one line, with a + between their names.

PyTorch runs as it comes, with channels_last, and compiled where there is a C++ compiler; the ratio is to the fastest
of the three in each round. No side gives memory back to the system while speeds are measured. Memory is the peak of
training above what the process held after its imports and a step of the smallest network, at which both sides load
more of themselves; in fresh processes with memory as usual."""

_MOST_ROUNDS, _MOST_SECONDS, _MOST_BATCH = 1000, 60.0, 65_536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET… and what to measure."""
    parser.add_argument("networks", metavar="NET", nargs="*",
                        help=f"{', '.join(REFERENCES)}, direct, or {NET_HELP} (all reference networks)")
    parser.add_argument("--against", choices=("torch",), metavar="torch", help="measure PyTorch in turn with it")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out, which takes a minute")
    parser.add_argument("--layers", action="store_true", help="a table of each layer: kernel, time, share of the peak")
    parser.add_argument("--growth", action="store_true",
                        help="only whether twice the batch, width, depth or picture size costs as much as the work")
    parser.add_argument("--precise", action="store_true", help="with the kernels of the precise switch")
    parser.add_argument("--batch", "--batch-size", type=int, default=64, metavar="N", help="pictures in a batch (64)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds that count (7)")
    parser.add_argument("--seconds", type=float, default=0.3, metavar="X",
                        help="how long each side works in a round (0.3)")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print each network as soon as it is done."""
    _check_limits(arguments)
    networks = {name: _find(name) for name in arguments.networks or REFERENCES}
    wanted = _wanted(arguments)
    for project in networks.values():
        _check(project, wanted, arguments)
    measured: Iterator[list[Any]] = _growths(networks, wanted) if arguments.growth else _speeds(networks, wanted)
    show: Callable[[list[Any]], None] = print_growth if arguments.growth else print_result
    found: list[Any] = []
    for results in measured:
        found += results
        if not arguments.json:
            show(results)
    if arguments.json:
        print_json({"results": [asdict(each) for each in found]})
    elif not arguments.growth and len(found) > 1:
        print_summary(found)
    return 0


def _check_limits(arguments: argparse.Namespace) -> None:
    for option, value, low, high in (("--batch", arguments.batch, 1, _MOST_BATCH),
                                     ("--rounds", arguments.rounds, 1, _MOST_ROUNDS),
                                     ("--seconds", arguments.seconds, 0.001, _MOST_SECONDS)):
        if not low <= value <= high:
            raise UsageError(f"{option} must be from {low:,} to {high:,}, not {value:,}.")


def _find(name: str) -> Project:
    """A reference network, or what every command takes."""
    from core.benchmark.networks import NAMED

    return Project(NAMED[name]()) if name in NAMED else find_network(name)


def _wanted(arguments: argparse.Namespace) -> "Wanted":
    from core.benchmark.rounds import Effort
    from core.benchmark.speed import Wanted

    return Wanted(arguments.threads or os.cpu_count() or 1, arguments.batch, arguments.seed,
                  Effort(arguments.rounds, arguments.seconds), arguments.against == "torch", not arguments.no_compile,
                  arguments.layers, arguments.precise)


def _check(project: Project, wanted: "Wanted", arguments: argparse.Namespace) -> None:
    """Refuse what cannot be measured before anything is."""
    from core.benchmark.speed import check

    if arguments.growth and (wanted.against or wanted.layers):
        raise UsageError("--growth goes alone, without --against and --layers.")
    checked(project.network)
    check(project.network, wanted)


def _speeds(networks: dict[str, Project], wanted: "Wanted") -> "Iterator[list[Result]]":
    from core.benchmark.speed import measure_network

    for name, project in networks.items():
        with _reporting(name) as report:
            result = measure_network(name, project.network, complete_weights(project), wanted, report)
        yield [result]


def _growths(networks: dict[str, Project], wanted: "Wanted") -> "Iterator[list[Growth]]":
    from core.benchmark.growth import measure_growth

    for name, project in networks.items():
        with _reporting(name) as report:
            found = measure_growth(name, project.network, wanted.batch, wanted.threads, wanted.effort, report)
        yield found


@contextmanager
def _reporting(name: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar of rounds for one network."""
    bar = Bar(name, 0, "rounds")
    try:
        yield lambda text, done, total: bar.at(done, total, f"{name}: {text}")
    finally:
        bar.close()

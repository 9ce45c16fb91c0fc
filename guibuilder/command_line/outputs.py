"""A network's outputs on the command line: what each counts, said and chosen."""

import argparse
from typing import Any

from core.errors import SettingError, UsageError
from core.graph.goals import Goal, ends, goals_of, with_main, with_output
from core.graph.network import Network
from core.graph.output import AUXILIARY, LOSSES, MAIN, SAME, Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--main-output and --output-loss."""
    parser.add_argument("--main-output", metavar="LAYER", help="of several last layers the one whose answers count "
                        "(the one that is marked so in the network, or else the deepest)")
    parser.add_argument("--output-loss", action="append", default=[], metavar="LAYER=WEIGHT[:LOSS]",
                        help="how much the loss of a last layer counts, and which loss that is (weight 1 for the main "
                        "output, whose loss is --loss; 0.3 and the same loss for others); can be given several times")


def with_outputs(network: Network, arguments: argparse.Namespace) -> Network:
    """The network with what the command says about its outputs; UsageError where that cannot be."""
    if arguments.main_output is not None:
        network = with_main(network, _named(network, arguments.main_output, "--main-output").id)
    for text in arguments.output_loss:
        network = _with_loss(network, text)
    return network


def _with_loss(network: Network, text: str) -> Network:
    """The network with one LAYER=WEIGHT[:LOSS]."""
    name, equals, rest = text.rpartition("=")
    weight, colon, loss = rest.partition(":")
    if not equals or (colon and loss not in (SAME, *LOSSES)):
        raise UsageError(f"--output-loss {text}: must be LAYER=WEIGHT or LAYER=WEIGHT:LOSS, with one of the losses "
                         f"{', '.join(LOSSES)}.")
    goal = _named(network, name, "--output-loss")
    if goal.main and colon:
        raise UsageError(f"--output-loss {text}: {name} is the main output; its loss is chosen by --loss.")
    try:
        number = Output(weight=float(weight)).weight
    except (ValueError, SettingError):
        raise UsageError(f"--output-loss {text}: the weight must be a number from 0, not {weight!r}.") from None
    return with_output(network, goal.id, weight=number, loss=loss if colon else None)


def _named(network: Network, name: str, option: str) -> Goal:
    goals = goals_of(network)
    for goal in goals:
        if goal.name == name:
            return goal
    raise UsageError(f"{option}: there is no last layer {name!r}; there are {', '.join(goal.name for goal in goals)}.")


def plain(network: Network, loss: str) -> dict[str, Any]:
    """The outputs as JSON has them, the main one first; nothing where there is only one."""
    return {"outputs": [{"name": goal.name, "role": MAIN if goal.main else AUXILIARY, "weight": goal.weight,
                         "loss": goal.loss} for goal in found]} if (found := _several(network, loss)) else {}


def sentence(network: Network, loss: str) -> str:
    """All outputs with their losses and weights in words; nothing where there is only one."""
    words = [f"{MAIN if goal.main else AUXILIARY} output {goal.name} ({goal.loss}, weight {goal.weight:g})"
             for goal in _several(network, loss)]
    return f"{words[0][0].upper()}{words[0][1:]}; {'; '.join(words[1:])}" if words else ""


def _several(network: Network, loss: str) -> tuple[Goal, ...]:
    return goals_of(network, loss) if len(ends(network)) > 1 else ()

"""`guibuilder train NET --data DATA`: trains a network and saves it."""

import argparse
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.data.augmentation import NAMES, Augmentation, switched
from core.errors import FileError, SettingError, TrainingError, UsageError
from core.formats import open_file, save_file
from core.graph.cost import cost
from core.graph.expand import expanded
from core.graph.network import Network
from core.project import Project
from core.settings import Setting, settings_of
from core.train.events import Failed, Finished
from core.train.options import TrainOptions, why_idle
from core.train.progress import GO_ON
from guibuilder.command_line import outputs
from guibuilder.command_line.common import add_network, checked, find_network, need_folder, percent, print_json, say
from guibuilder.command_line.torch_engine import TorchRun
from guibuilder.command_line.training import Run

NAME = "train"
SUMMARY = "train a network on a data set and save it"
EPILOG = """Options that are not given are the network's own: those of its template or of its project.
Ctrl+C ends the training after this batch and keeps what was learned. With --out a long training also saves about
once a minute, at the end of an epoch: after a power cut, --resume goes on from there."""
_ENDING = ".gbnet"
_KINDS: dict[str, Callable[[str], Any]] = {"int": int, "float": float}
_METAVARS = {"int": "N", "float": "X", "choice": "NAME"}
_OWN_METAVARS = {"validation": "F", "mode": "MODE"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET, the data, every option of a training, and where to save."""
    add_network(parser)
    parser.add_argument("--data", required=True, metavar="DATA", help="a data set by name (see: guibuilder data), or a "
                        "path: a folder of IDX files or of pictures, .npz, .csv, CIFAR's .tar.gz")
    for name, declared in settings_of(TrainOptions).items():
        if declared.kind == "bool":
            parser.add_argument(f"--{name.replace('_', '-')}", action=argparse.BooleanOptionalAction, default=None,
                                help=_help(declared))
        elif name != "seed":
            metavar = _OWN_METAVARS.get(name, _METAVARS[declared.kind])
            parser.add_argument(f"--{name.replace('_', '-')}", type=_reader(declared), metavar=metavar,
                                help=_help(declared))
    outputs.add_arguments(parser)
    parser.add_argument("--augment", type=_augment, metavar="A,B", help="change each training picture anew in every "
                        f"epoch: any of {', '.join(NAMES)}, parted by commas, or none")
    for name, declared in _strengths().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=_reader(declared), metavar=_METAVARS[declared.kind],
                            help=_help(declared))
    parser.add_argument("--normalise", action=argparse.BooleanOptionalAction, default=None,
                        help="shift and scale the pictures to mean 0 and spread 1, or leave them as they are")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"save the trained project here ({_ENDING})")
    parser.add_argument("--log", type=Path, metavar="FILE.csv", help="write one row for each epoch here")
    parser.add_argument("--engine", choices=("numba", "torch"), default="numba", help="what computes: the "
                        "program's own engine (numba), or PyTorch where it is installed, on a GPU where there is one")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on exactly where the training in FILE stopped")


def run(arguments: argparse.Namespace) -> int:
    """Train, save, and say how good it is on the test part; 130 where it was interrupted."""
    project = _project(arguments)
    inference = checked(project.network)
    _check_places(arguments)
    place = None if arguments.out is None else _Place(arguments.out)
    common = {"log": arguments.log, "resume": arguments.resume is not None, "quiet": arguments.json}
    training = (TorchRun(project, arguments.threads, **common) if arguments.engine == "torch" else
                Run(project, arguments.threads, **common, keep=place.keep if place else None))
    try:
        end = training.run()
    except TrainingError as error:
        raise TrainingError(_with_way_on(error.message, arguments)) from error
    if place is not None:
        place.save(training.result(end))
    if arguments.json:
        print_json({**_plain(training, end), "parameters": cost(inference).parameters, "seed": project.options.seed,
                    "out": None if arguments.out is None else str(arguments.out),
                    "best_epoch": end.best_epoch or None if isinstance(end, Finished) else None})
    if isinstance(end, Failed):
        saved = f" Saved as {arguments.out}." if arguments.out else ""
        raise TrainingError(end.message + saved)
    if not arguments.json:
        _print(end, arguments.out)
    if end.reason == "stopped":
        say(_interrupted(end, arguments))
        return 130
    return 0


# before ---------------------------------------------------------------------------------------------------------------


def _project(arguments: argparse.Namespace) -> Project:
    """The project to train, with the command's options over its own."""
    project = find_network(arguments.network)
    if arguments.resume is not None:
        project = _resumed(arguments, project.network)
    given = {name: value for name in settings_of(TrainOptions) if (value := getattr(arguments, name)) is not None}
    options = TrainOptions(**{**project.options.values(), **given})
    say(*(f"--{name.replace('_', '-')} {why}." for name in given if (why := why_idle(options, name))))
    if arguments.init and project.weights:
        raise UsageError(f"{arguments.network} has weights already and goes on from them. To begin anew, export its "
                         f"drawing alone (guibuilder export {arguments.network} --to json) and train that.")
    names = (*_strengths(), "normalise")
    data = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    data |= arguments.augment or {}
    project = replace(project, network=outputs.with_outputs(project.network, arguments))
    return replace(project, options=options, data=replace(project.data, source=_source(arguments.data), **data))


def _resumed(arguments: argparse.Namespace, network: Network) -> Project:
    """The training that goes on; UsageError where it is one of another network or from another seed."""
    resumed = open_file(arguments.resume)
    if _drawn(resumed.network) != _drawn(network):
        raise UsageError(f"{arguments.resume} holds another network than {arguments.network}, so it cannot go on.")
    if arguments.seed not in (None, resumed.options.seed):
        raise UsageError(f"The training in {arguments.resume} began with seed {resumed.options.seed} and can only go "
                         f"on with it. Leave out --seed.")
    return resumed


def _drawn(network: Network) -> tuple[dict[str, Any], set[tuple[str, str, int]]]:
    """Layers and wires by name; places and ids do not matter."""
    network = expanded(network)
    nodes = network.nodes
    return ({node.name: node.layer for node in nodes.values()},
            {(nodes[edge.source].name, nodes[edge.target].name, edge.port) for edge in network.edges})


def _source(text: str) -> str:
    """A path is kept whole, so that the project finds its pictures from every folder."""
    from core.data.load import names

    path = Path(text).expanduser()
    return text if text in names() or not path.exists() else str(path.absolute())


def _check_places(arguments: argparse.Namespace) -> None:
    """Before any work: whether the results will find their places."""
    if arguments.out is not None and arguments.out.suffix.lower() != _ENDING:
        raise UsageError(f"{arguments.out} needs the ending {_ENDING}: what was trained is saved as a project. Other "
                         f"formats come from it by guibuilder export.")
    for path in (arguments.out, arguments.log):
        if path is not None:
            need_folder(path)


# after ----------------------------------------------------------------------------------------------------------------


class _Place:
    """Where a training saves: now and then, and at the end. The file from before the training stays beside it."""

    def __init__(self, path: Path) -> None:
        self._path, self._saved, self._warned = path, False, False

    def keep(self, project: Project) -> None:
        """Save what there is so far; a training does not end because that fails, but it is said once."""
        try:
            save_file(project, self._path, keep_previous=not self._saved)
            self._saved = True
        except FileError as error:
            if not self._warned:
                say(f"{error.message} The training goes on; it saves again later.")
            self._warned = True

    def save(self, project: Project) -> None:
        """Save the end; where that fails after all, hours of work go to another place rather than nowhere."""
        try:
            save_file(project, self._path, keep_previous=not self._saved)
        except FileError as error:
            rescue = Path(tempfile.mkdtemp(prefix="guibuilder-")) / self._path.name
            save_file(project, rescue)
            raise FileError(f"{error.message} What was trained is in {rescue} instead.") from error


def _interrupted(end: Finished, arguments: argparse.Namespace) -> str:
    if arguments.engine == "torch":
        return f"Interrupted in epoch {end.epoch + 1}. What was learned before it began is kept."
    return (f"Interrupted in epoch {end.epoch + 1}, after batch {end.progress['batch']:,} of "
            f"{end.progress['batches']:,}. {_way_on(arguments)}")


def _way_on(arguments: argparse.Namespace) -> str:
    """How to go on after Ctrl+C; all options are in the file."""
    if arguments.out is None:
        return "Nothing was saved (no --out)."
    words = ("guibuilder", "train", str(arguments.network), "--data", str(arguments.data), "--resume",
             str(arguments.out), "--out", str(arguments.out))
    return f"Go on with: {shlex.join(words)}"


def _with_way_on(message: str, arguments: argparse.Namespace) -> str:
    """With the command that goes on from the weights, where a training does not go on exactly."""
    if arguments.resume is None or GO_ON not in message:
        return message
    words = ("guibuilder", "train", str(arguments.resume), "--data", str(arguments.data))
    return f"{message} From its weights, without --resume: {shlex.join(words)}"


def _plain(training: Run | TorchRun, end: Finished | Failed) -> dict[str, Any]:
    epochs = [vars(epoch) for epoch in training.history()]
    if isinstance(end, Failed):
        return {"epochs": epochs, "test_loss": None, "test_accuracy": None, "images_per_second": None,
                "error": end.message, "layer": end.layer}
    return {"epochs": epochs, "test_loss": end.test_loss, "test_accuracy": end.test_accuracy,
            "images_per_second": end.images_per_second}


def _print(end: Finished, out: Path | None) -> None:
    print()
    if end.reason == "patience":
        print("Stopped early: the validation loss no longer falls.")
    if end.best_epoch:
        print(f"The weights are those of epoch {end.best_epoch:,}, which has the lowest validation loss.")
    if end.test_loss is not None:
        print(f"Test part: accuracy {percent(end.test_accuracy)}, loss {end.test_loss:.4f}")
    print(f"{end.images_per_second:,.0f} pictures/s · " + (f"saved as {out}" if out else "not saved (no --out)"))


# options --------------------------------------------------------------------------------------------------------------


def _reader(declared: Setting) -> Callable[[str], Any]:
    """Reads an option by the limits of its setting, for argparse, which puts the option's name in front."""

    def read(text: str) -> Any:
        try:
            value = _KINDS.get(declared.kind, str)(text)
        except ValueError:
            value = text
        try:
            return declared.check(value)
        except SettingError as error:
            raise argparse.ArgumentTypeError(error.message.removeprefix(f"{declared.label} ")) from error

    return read


def _strengths() -> dict[str, Setting]:
    """The settings that say how far each augmentation goes, by name."""
    return {name: declared for name, declared in settings_of(Augmentation).items() if declared.kind != "bool"}


def _augment(text: str) -> dict[str, bool]:
    """"translate,reflect" as the switches of all augmentations; "none" switches all off."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    try:
        return switched([] if names == ["none"] else names)
    except SettingError as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _help(declared: Setting) -> str:
    """The setting's words, as the window has them; argparse takes % for a format."""
    text = declared.help[:1].lower() + declared.help[1:].rstrip(".")
    choices = f" ({', '.join(declared.choices)})" if declared.choices else ""
    return (text + choices).replace("%", "%%")

"""What the commands share: networks by name or file, notes, tables, and one JSON object."""

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import CoreError, FileError, NetworkError, UsageError
from core.formats import open_file
from core.graph.fixes import fixes_for
from core.graph.network import Network
from core.graph.shapes import Inference, infer
from core.project import Project
from core.templates import TEMPLATES, template

NET_HELP = "a built-in network (see: guibuilder templates), a project .gbnet, a network .json, or an ONNX model .onnx"
_FILES = (".gbnet", ".json", ".onnx")


def add_network(parser: argparse.ArgumentParser) -> None:
    """The argument NET; a project brings a seed along, so there is none where the command line names none."""
    parser.add_argument("network", metavar="NET", help=NET_HELP)
    parser.set_defaults(seed=None)


def add_precise(parser: argparse.ArgumentParser) -> None:
    """The switch --precise of commands that let the engine compute; where it is not given the project's own counts."""
    parser.add_argument("--precise", action=argparse.BooleanOptionalAction, default=None, help="keep one more digit in "
                        "3×3 convolutions, which takes longer (as the project says, else off)")


def load_network(arguments: argparse.Namespace) -> Project:
    """The project that NET names, with the seed of the command or else its own, which is 0 for everything but projects.

    What it lacks in weights is drawn from that seed. So it is with --precise, where the command has it.
    """
    project = find_network(arguments.network)
    given = {name: value for name in ("seed", "precise") if (value := getattr(arguments, name, None)) is not None}
    return replace(project, options=replace(project.options, **given)) if given else project


def find_network(text: str) -> Project:
    """A template by name, else a file."""
    if text in TEMPLATES:
        return template(text)
    path = Path(text)
    if path.suffix.lower() in _FILES or path.exists() or len(path.parts) > 1:
        return open_file(path)
    try:
        return template(text)
    except UsageError as error:
        raise UsageError(f"{error.message} A file needs its ending: .gbnet, .json or .onnx.") from error


def checked(network: Network) -> Inference:
    """The shapes of a network that runs; NetworkError lists all that keeps it from running, with what would help."""
    inference = infer(network)
    if inference.errors:
        lines = [problem.sentence() for problem in inference.errors]
        raise NetworkError("\n".join(lines) + "\nguibuilder check names what would help.")
    return inference


def checked_single(network: Network) -> Inference:
    """The shapes of a network that runs and has one Input and one last layer; NetworkError says what it lacks."""
    from core.train.job import checked_network

    checked(network)
    return checked_network(network)


def problems_of(inference: Inference) -> list[dict[str, Any]]:
    """The problems as the contract's JSON has them, with fixes that were tried."""
    return [{"severity": problem.severity, "layer": problem.layer or None, "code": problem.code,
             "message": problem.sentence(), "fixes": [fix.text for fix in fixes_for(inference, problem)]}
            for problem in inference.problems]


def shape_of(text: str) -> tuple[int, ...]:
    """A shape from "C,H,W" or "N", for argparse."""
    try:
        shape = tuple(int(part) for part in text.replace("×", ",").replace("x", ",").split(","))
    except ValueError:
        shape = ()
    if len(shape) not in (1, 3) or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"must be channels,height,width such as 1,28,28, not {text!r}")
    return shape


def print_json(value: dict[str, Any]) -> None:
    """The one object of --json: null for what is no finite number, and plain ASCII where the stream knows no more."""
    readable = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(_finite(value), ensure_ascii=not readable, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def say(*notes: str) -> None:
    """Notes for the person, beside the result."""
    for note in notes:
        print(note, file=sys.stderr)


def need_folder(path: Path) -> Path:
    """Refuse a place that cannot be written before hours of work go there; nothing is left behind."""
    if path.is_dir():
        raise FileError(f"{path} is a folder. Give the name of a file.")
    if not path.parent.is_dir():
        raise FileError(f"There is no folder {path.parent}. Make it first, or save elsewhere.")
    if path.exists() and not os.access(path, os.W_OK):
        raise FileError(f"{path} is write-protected. Save under another name, or change its permissions.")
    if not path.exists() or path.is_file():
        _try_writing(path)
    return path


def _try_writing(path: Path) -> None:
    """Files are written beside the old one first, so the folder is what has to take them."""
    try:
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise FileError(f"{path} cannot be written ({reason}). Save in a folder of your own.") from error


def table(rows: Sequence[Sequence[str]], align: str, *, rule_before_last: bool = False) -> str:
    """Rows as aligned columns, the first row the headings; `align` is one of < and > for each column."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(align))]
    lines = ["  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, align, widths, strict=True)).rstrip()
             for row in rows]
    rule = "  ".join("─" * width for width in widths)
    lines.insert(1, rule)
    if rule_before_last:
        lines.insert(-1, rule)
    return "\n".join(lines)


def count_of(number: int, what: str) -> str:
    """A number with its thing: "1 layer", "2 layers"."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def bytes_in_words(count: int) -> str:
    """Bytes in kB, MB or GB (powers of ten)."""
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def percent(share: float | None) -> str:
    """A share from 0 to 1 in per cent."""
    return "–" if share is None else f"{share:.2%}".replace("%", " %")


def refuse_missing(error: ImportError, what: str, package: str) -> CoreError:
    """What to say where an optional library is not there."""
    return FileError(f"{what} needs {package} ({error}). Install it with: python -m pip install {package}")

"""`guibuilder predict NET PICTURE…`: the classes of pictures."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DataError
from core.layers.base import Array, Shape
from core.project import Project
from guibuilder.command_line.bars import progress
from guibuilder.command_line.common import (
    add_network,
    add_precise,
    checked_single,
    load_network,
    percent,
    print_json,
    say,
    table,
)
from guibuilder.command_line.learned import all_weights, own_normalisation

NAME = "predict"
SUMMARY = "classes of pictures (PNG, JPEG and others)"
_AT_ONCE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NET and the pictures."""
    add_network(parser)
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="picture files")
    add_precise(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say what each picture shows."""
    found = _predictions(load_network(arguments), arguments.pictures, arguments.threads)
    if arguments.json:
        print_json({"predictions": found})
        return 0
    rows = [["Picture", "Class", "Probability", "Then"]]
    rows += [[each["file"], each["class"], percent(each["probability"]),
              ", ".join(f"{name} {percent(share)}" for name, share in each["top"][1:3])] for each in found]
    print(table(rows, "<<><"))
    return 0


def _predictions(project: Project, files: list[str], threads: int | None) -> list[dict[str, Any]]:
    """What the network says of each file; some at a time, so that any number of pictures fits in memory."""
    from core.inspect.predict import answers, top
    from core.inspect.running import engine_for
    from core.train.job import input_shape

    shape = input_shape(checked_single(project.network))
    normal, pictures, found = own_normalisation(project), _Pictures(shape), []
    with engine_for(project.network, all_weights(project), batch=_AT_ONCE, threads=threads,
                    precise=project.options.precise) as engine, \
            progress("Predicting", len(files)) as report:
        for start in range(0, len(files), _AT_ONCE):
            some = files[start:start + _AT_ONCE]
            shares = answers(engine, project.network, normal.apply(np.stack(list(pictures.read(some)))))
            found += [_plain(file, top(row, project.classes)) for file, row in zip(some, shares, strict=True)]
            report(len(found), len(files))
    say(*pictures.notes)
    return found


class _Pictures:
    """Reads pictures as a network takes them; `notes` keeps once each what was done to them."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.notes: dict[str, None] = {}

    def read(self, files: list[str]) -> Iterator[Array]:
        """Each file as float32 C×H×W from 0 to 1, fitted to the input."""
        from core.data.pictures import fit_to, read_picture

        for file in files:
            pixels, notes = read_picture(Path(file))
            try:
                fitted, more = fit_to(pixels, self._shape)
            except DataError as error:
                raise DataError(f"{file}: {error.message}") from error
            self.notes |= dict.fromkeys((*notes, *more))
            yield np.asarray(fitted, np.float32)


def _plain(file: str, top: tuple[tuple[str, float], ...]) -> dict[str, Any]:
    return {"file": file, "class": top[0][0], "probability": top[0][1], "top": [[name, share] for name, share in top]}

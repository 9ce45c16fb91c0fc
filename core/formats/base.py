"""What a file format declares, so that the dialogs and the command line can list it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from core.project import Project

HEAD = 64

Write = Callable[[BinaryIO], object]
Files = Mapping[str, Write]


@dataclass(frozen=True)
class Format:
    """One kind of file. A file of this folder that has `FORMAT` (or `FORMATS_HERE`) is found by itself.

    `write` fills an open binary file from a project; `read` gives the project of an open, seekable one, whose first
    bytes `match` recognised; `about` is one short sentence for the dialog.

    A format of several files has `files`: what fills each of them, by its name. They go into a folder; beside a path
    that ends in `suffix` they are named after its stem, which is handed over (else it is empty). Where the path ends in
    .zip, `write` puts them into one zip.
    """

    name: str
    title: str
    suffix: str
    about: str
    write: Callable[[Project, BinaryIO], None]
    read: Callable[[BinaryIO, str], Project] | None = None
    match: Callable[[bytes], bool] | None = None
    keeps_previous: bool = False
    files: Callable[[Project, str], Files] | None = None

"""What a file format declares, so that the dialogs and the command line can list it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from core.project import Project

HEAD = 64


@dataclass(frozen=True)
class Format:
    """One kind of file. A file of this folder that has `FORMAT` (or `FORMATS_HERE`) is found by itself.

    `write` fills an open binary file from a project; `read` gives the project of an open, seekable one, whose first
    bytes `match` recognised; `about` is one short sentence for the dialog.
    """

    name: str
    title: str
    suffix: str
    about: str
    write: Callable[[Project, BinaryIO], None]
    read: Callable[[BinaryIO, str], Project] | None = None
    match: Callable[[bytes], bool] | None = None
    keeps_previous: bool = False

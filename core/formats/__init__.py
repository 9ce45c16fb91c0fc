"""All file formats, found by walking this folder, and the two ways through them: `open_file` and `save_file`."""

import errno
import importlib
import pkgutil
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from core.errors import FileError, FormatError
from core.formats.atomic import write_atomically
from core.formats.base import HEAD, Format
from core.formats.folder import ZIP, write_folder
from core.formats.reported import Report, Reported
from core.project import Project

FORMATS: dict[str, Format] = {}
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    _found = vars(importlib.import_module(f"{__name__}.{_module}"))
    for _format in (*_found.get("FORMATS_HERE", ()), *((_found["FORMAT"],) if "FORMAT" in _found else ())):
        FORMATS[_format.name] = _format

# Formats of others that people will try; first bytes or ending, and what to say.
_PROGRAMS = (".pt", ".pth", ".ckpt", ".h5", ".hdf5", ".keras", ".pkl", ".pickle", ".joblib")


def open_file(path: str | Path, report: Report | None = None) -> Project:
    """The project in a file, whatever its format, told by its content; FileError in one sentence.

    `report(done, total)` is told how many bytes are read of files that take long; what it raises ends the reading.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise FileError(f"{path} is a folder. Give the name of a file." if path.is_dir()
                            else f"There is no file {path}." if not path.exists() else f"{path} is not a file.")
        with path.open("rb") as file:
            return _read(file if report is None else cast("BinaryIO", Reported(file, report)), path)
    except OSError as error:
        reason = "you may not read it" if error.errno == errno.EACCES else (error.strerror or str(error))
        raise FileError(f"{path} cannot be read: {reason}.") from error
    except MemoryError as error:
        raise FileError(f"{path.name} needs more memory than there is.") from error


def save_file(project: Project, path: str | Path, format: str = "", *, thumbnail: bytes = b"",  # noqa: A002
              keep_previous: bool = True) -> None:
    """Write a project in a format by name, or the one the ending asks for; the old file or the new one is there.

    A format of several files makes a folder, or one zip where the path ends in .zip.
    A project file (`.gbnet`) takes a `thumbnail` (PNG) along and keeps its previous version as `name.bak.gbnet`.
    """
    path = Path(path)
    chosen = FORMATS.get(format) if format else format_of(path)
    if chosen is None:
        raise FileError(f"There is no format for {format or path.name}; there are {', '.join(FORMATS)}.")
    if chosen.files is not None and path.suffix.lower() != ZIP:
        beside = bool(chosen.suffix) and path.suffix.lower() == chosen.suffix
        write_folder(chosen.files(project, path.stem if beside else ""), path.parent if beside else path)
        return
    write = partial(chosen.write, project)
    if thumbnail and chosen.name == "gbnet":
        write = partial(chosen.write, project, thumbnail=thumbnail)  # type: ignore[call-arg]
    write_atomically(path, write, keep_previous=chosen.keeps_previous and keep_previous)


def format_of(path: Path) -> Format | None:
    """The format that a name's ending asks for."""
    return next((each for each in FORMATS.values() if each.suffix and path.suffix.lower() == each.suffix), None)


def _read(file: BinaryIO, path: Path) -> Project:
    head = file.read(HEAD)
    file.seek(0)
    for each in FORMATS.values():
        if each.read is not None and each.match is not None and each.match(head):
            return each.read(file, path.name)
    ending = path.suffix.lower()
    if not head:
        raise FormatError(f"{path.name} is empty.")
    named = format_of(path)
    if named is not None and named.name == "onnx" and named.read is not None:
        # Others may write the parts of a message in any order, so the first bytes need not tell.
        return named.read(file, path.name)
    if ending in _PROGRAMS:
        raise FormatError(f"{path.name} is of a kind that can carry programs, so it is not opened. Open a .gbnet "
                          f"project, a .json network or an .onnx model.")
    raise FormatError(f"{path.name} is neither a guibuilder project (.gbnet), a network (.json) nor an ONNX model "
                      f"(.onnx), or it is damaged.")

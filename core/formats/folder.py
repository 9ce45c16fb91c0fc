"""What is exported as several files: into a folder, or into one zip."""

import io
from pathlib import Path
from typing import BinaryIO

from core.errors import FileError
from core.formats.atomic import write_atomically
from core.formats.base import Files, Write
from core.formats.container import write_container

ZIP = ".zip"


def text(content: str) -> Write:
    """A file of text."""
    return lambda file: file.write(content.encode("utf-8"))


def write_folder(files: Files, folder: Path) -> None:
    """Write each file into a folder, which is made where it is not there; files of other names stay as they are."""
    if folder.exists() and not folder.is_dir():
        raise FileError(f"{folder} is a file. Give the name of a folder, or one that ends in {ZIP}.")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(f"The folder {folder} cannot be made ({error.strerror or error}). Choose another place.") \
            from error
    for name, write in files.items():
        write_atomically(folder / name, write)


def write_zip(files: Files, file: BinaryIO) -> None:
    """Write all files into one zip; the same files give the same bytes."""
    write_container(file, {name: _bytes(write) for name, write in files.items()})


def _bytes(write: Write) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()

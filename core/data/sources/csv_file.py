"""A table of pictures as text: one line per picture, its label and its pixels."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.dataset import Array
from core.data.raw import Part, Raw, check_bytes, compact, labels_of, named_labels
from core.errors import DataError, FileError

LARGEST_FILE = 2_000_000_000
LABEL_COLUMNS = ("label", "labels", "class", "target", "digit", "y")
SEPARATORS = (",", ";", "\t")
SIZE_IN_HEADER = re.compile(r"(?<!\d)(\d{1,5})\s*[x×]\s*(\d{1,5})\s*[x×]\s*(\d{1,5})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class _Table:
    """The lines with pictures, the number of the first in the file, and what the header said."""

    name: str
    lines: list[str]
    first_line: int
    separator: str
    label: int
    shape: tuple[int, ...]


def load_csv(path: Path) -> Raw:
    """The pictures N×C×H×W of a table `label, pixel …`, with or without a header line.

    Without more words the pictures are square and grey, row by row; a header with a size such as 3x32x32 names
    channels × height × width. A header may put the label elsewhere than first; labels may be words.
    """
    table = _table(path)
    labels, rows = _columns(table)
    shape = table.shape or _square(table, rows)
    if math.prod(shape) != rows:
        raise DataError(f"{table.name}: the header says {shape[0]}×{shape[1]}×{shape[2]} = {math.prod(shape):,} "
                        f"pixels, but the lines have {rows:,}.")
    check_bytes(len(table.lines) * rows, f"{table.name} with {len(table.lines):,} pictures")
    pixels, scale, notes = compact(_numbers(table, rows))
    numbers, classes = _labels(labels, table.name)
    return Raw(f"Pictures in {path.name}", Part(pixels[0].reshape(-1, *shape), numbers), None, scale, classes,
               notes=notes)


def _table(path: Path) -> _Table:
    text = _text(path)
    lines = text.splitlines()
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if not filled:
        raise FileError(f"{path.name} is empty.")
    head = lines[filled[0]]
    separator = max(SEPARATORS, key=head.count)
    cells = [cell.strip().strip('"') for cell in head.split(separator)]
    if len(cells) < 2:
        raise FileError(f"{path.name} has one column; each line needs a label and its pixels, separated by commas.")
    named = not all(_is_number(cell) for cell in cells[1:])
    size = SIZE_IN_HEADER.search(head) if named else None
    label = next((n for n, cell in enumerate(cells) if cell.lower() in LABEL_COLUMNS), 0) if named else 0
    used = [lines[number] for number in filled[named:]]
    if not used:
        raise FileError(f"{path.name} has a header but no pictures.")
    shape = tuple(int(n) for n in size.groups()) if size else ()
    return _Table(path.name, used, filled[named] + 1, separator, label, shape)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise FileError(f"{path.name} has {path.stat().st_size / 1e6:,.0f} MB; tables of at most "
                            f"{LARGEST_FILE / 1e6:,.0f} MB are read. Save it as .npz.")
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path.name} is not a text file in UTF-8.") from None
    except OSError as error:
        raise FileError(f"{path.name} cannot be opened: {error.strerror or error}.") from None
    if "\0" in text:
        raise FileError(f"{path.name} is not a text file.")
    return text


def _columns(table: _Table) -> tuple[list[str], int]:
    """The labels as text and the number of pixels, which has to be the same in every line."""
    columns = table.lines[0].count(table.separator)
    if columns < max(1, table.label):
        raise DataError(f"{table.name}: line {table.first_line} has no pixels behind its label.")
    for number, line in enumerate(table.lines):
        if line.count(table.separator) != columns:
            raise DataError(f"{table.name}: line {table.first_line + number} has {line.count(table.separator)} pixels "
                            f"where {columns} were expected.")
    if table.label == 0:
        return [line.split(table.separator, 1)[0].strip().strip('"') for line in table.lines], columns
    return [line.split(table.separator)[table.label].strip().strip('"') for line in table.lines], columns


def _numbers(table: _Table, pixels: int) -> Array:
    columns = [number for number in range(pixels + 1) if number != table.label]
    # Text as labels would stop the reader: the first column is cut off, another one is not asked for.
    lines = [line.split(table.separator, 1)[1] for line in table.lines] if table.label == 0 else table.lines
    row: int | str = next((number for number, line in enumerate(lines) if not line.strip()), "")
    try:
        values = np.zeros(0) if row != "" else np.loadtxt(
            lines, np.float32, delimiter=table.separator, comments=None, quotechar='"', ndmin=2,
            usecols=None if table.label == 0 else columns)
    except ValueError as error:
        found = re.search(r"at row (\d+)", str(error))
        values, row = np.zeros(0), int(found[1]) if found else ""
    if values.shape != (len(lines), pixels):
        line = "a line" if row == "" else f"line {table.first_line + int(row)}"
        raise DataError(f"{table.name}: {line} holds a pixel that is not a number.")
    return values


def _labels(labels: list[str], name: str) -> tuple[Array, tuple[str, ...]]:
    if not all(labels):
        raise DataError(f"{name}: a line has no label.")
    if all(_is_number(label) for label in labels):
        return labels_of(np.array([float(label) for label in labels]), name), ()
    return named_labels([label[:200] for label in labels], name)


def _square(table: _Table, pixels: int) -> tuple[int, ...]:
    side = math.isqrt(pixels)
    if side * side != pixels:
        raise DataError(f"{table.name}: {pixels:,} pixels per line are no square picture. Name the size in a header "
                        "line as channels×height×width, such as 3x32x32.")
    return 1, side, side


def _is_number(cell: str) -> bool:
    """Whether a cell holds a number or the gap of one, so that its line is no header."""
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True

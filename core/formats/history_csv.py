"""`history.csv`: one row for each epoch, the keys of `train`."""

import csv
import dataclasses
import io
import math
from collections.abc import Sequence
from typing import BinaryIO

from core.errors import FormatError
from core.formats.base import Format
from core.project import Project
from core.train.events import EpochDone

FIELDS = tuple(field.name for field in dataclasses.fields(EpochDone))
_MAY_BE_EMPTY = ("train_accuracy", "validation_loss", "validation_accuracy")
MOST_ROWS = 100_000
_LARGEST = 1e300


def history_to_text(history: Sequence[EpochDone]) -> str:
    """Rows as CSV; None is an empty cell. Epochs without a finite loss are left out: no file holds NaN."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(FIELDS)
    for epoch in history:
        if math.isfinite(epoch.train_loss) and math.isfinite(epoch.seconds):
            writer.writerow([_cell(getattr(epoch, name)) for name in FIELDS])
    return buffer.getvalue()


def history_from_text(text: str, what: str) -> tuple[EpochDone, ...]:
    """The rows; FormatError where a cell is not the number it should be. Further columns are passed over."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise FormatError(f"The history in {what} is not a table; the file is damaged.") from error
    if len(rows) > MOST_ROWS:
        raise FormatError(f"The history in {what} has {len(rows):,} epochs; at most {MOST_ROWS:,} are read.")
    return tuple(_epoch(row, number, what) for number, row in enumerate(rows, 1))


def _cell(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(value)


def _epoch(row: dict[str, str | None], number: int, what: str) -> EpochDone:
    found: dict[str, float | None] = {}
    for name in FIELDS:
        cell = row.get(name) or ""
        if not cell and name in _MAY_BE_EMPTY:
            found[name] = None
            continue
        try:
            found[name] = int(cell) if name == "epoch" else float(cell)
        except ValueError as error:
            raise FormatError(f"Epoch {number} of the history in {what} has {cell[:20]!r} as {name}.") from error
        if not abs(found[name] or 0.0) < _LARGEST:
            raise FormatError(f"Epoch {number} of the history in {what} has a {name} that is not finite.")
    return EpochDone(**found)  # type: ignore[arg-type]


def _write(project: Project, file: BinaryIO) -> None:
    file.write(history_to_text(project.history).encode("ascii"))


FORMAT = Format("csv", "Training log (CSV)", ".csv", "A table with loss, accuracy and seconds of each epoch.", _write)

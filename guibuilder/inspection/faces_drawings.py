"""The three drawings: a window over a picture, a sparse matrix, a fully connected graph with tied weights."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from core.graph.faces import NONE, Faces
from core.layers.base import Array
from guibuilder.inspection.faces_base import Drawing, shape_of
from guibuilder.pictures.colour_maps import input_image
from guibuilder.theme import mix

_GAP = 34.0
_LARGEST_CELL = 26.0
_GRID_FROM = 5.0
_SMALLEST_ENTRY, _LARGEST_ENTRY = 3.0, 20.0
_DOT = 11.0
_MANY = 2000


class SlidingWindow(Drawing):
    """The input with its padding and the window on it, and the output it makes."""

    title, title_without_window = "Sliding window", "Inputs and outputs"
    picture: Array | None = None

    def _measures(self, faces: Faces) -> tuple[QRectF, QRectF, float, tuple[int, int, int, int]]:
        """(input with padding, output, cell, padding) in pixels."""
        _, height, width = grid(faces.inputs)
        _, rows, columns = grid(faces.outputs)
        pads = faces.window.padded(height, width) if faces.window is not None else (0, 0, 0, 0)
        tall, wide = height + pads[0] + pads[2], width + pads[1] + pads[3]
        room = self.height() - self.foot - 10
        cell = min((self.width() - _GAP - 12) / (wide + columns), room / max(tall, rows), _LARGEST_CELL)
        cell = float(int(cell)) if cell >= _GRID_FROM else cell
        left = (self.width() - (wide + columns) * cell - _GAP) / 2
        middle = 4 + room / 2
        return (QRectF(left, middle - tall * cell / 2, wide * cell, tall * cell),
                QRectF(left + wide * cell + _GAP, middle - rows * cell / 2, columns * cell, rows * cell), cell, pads)

    def draw(self, painter: QPainter, faces: Faces) -> None:
        """Padding dashed, pixels, the window's weights in their colours, and the output that lights up."""
        outer, made, cell, pads = self._measures(faces)
        _, height, width = grid(faces.inputs)
        inner = QRectF(outer.x() + pads[1] * cell, outer.y() + pads[0] * cell, width * cell, height * cell)
        hairline = QPen(mix(QColor(self.theme.colours.panel), QColor(self.theme.colours.text), 0.28), 1)
        if outer != inner:
            painter.setPen(QPen(hairline.color(), 1, Qt.PenStyle.DashLine))
            painter.drawRect(outer)
        painter.fillRect(inner, QColor(self.theme.colours.field))
        if self.picture is not None and self.picture.shape == faces.inputs:
            painter.drawImage(inner, input_image(self.picture))
        painter.setPen(hairline)
        _cells(painter, inner, cell)
        self._window(painter, faces, inner, cell)
        painter.fillRect(made, QColor(self.theme.colours.field))
        painter.setPen(hairline)
        _cells(painter, made, cell)
        self._arrow(painter, outer, made)
        row, column = self._output(faces)
        lit = QRectF(made.x() + column * cell, made.y() + row * cell, cell, cell)
        grown = max(0.0, 5 - cell) / 2
        painter.fillRect(lit.adjusted(-grown, -grown, grown, grown), QColor(self.theme.colours.accent))
        self._sizes(painter, faces)

    def _output(self, faces: Faces) -> tuple[int, int]:
        _, row, column = faces.place(self.pointer.row)
        return (row, column) if len(faces.outputs) == 3 else divmod(column, grid(faces.outputs)[2])

    def _window(self, painter: QPainter, faces: Faces, inner: QRectF, cell: float) -> None:
        links = faces.links(self.pointer.row)
        _, height, width = grid(faces.inputs)
        area, seen = height * width, set()
        if faces.window is None and area > _MANY:
            painter.fillRect(inner, mix(QColor(self.theme.colours.panel), self.weight_colour(0), 0.5))
            return
        for column, weight in zip(links.columns.tolist(), links.weights.tolist(), strict=True):
            place = column % area if faces.window is not None else column
            if place in seen:
                continue  # the window's other channels lie behind this one
            seen.add(place)
            y, x = divmod(place, width)
            pixel = QRectF(inner.x() + x * cell, inner.y() + y * cell, cell, cell)
            painter.fillRect(pixel.adjusted(0.5, 0.5, -0.5, -0.5), self.weight_colour(weight))
        if faces.window is not None:
            top, left = faces.corner(self.pointer.row)
            painter.setPen(QPen(QColor(self.theme.colours.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(inner.x() + left * cell, inner.y() + top * cell, faces.window.reach(1) * cell,
                                    faces.window.reach(0) * cell))

    def _arrow(self, painter: QPainter, outer: QRectF, made: QRectF) -> None:
        painter.setPen(QPen(QColor(self.theme.colours.wire), 2))
        y, start, end = outer.center().y(), outer.right() + 8, made.left() - 8
        painter.drawLine(QPointF(start, y), QPointF(end, y))
        for side in (-4, 4):
            painter.drawLine(QPointF(end, y), QPointF(end - 5, y + side))

    def _sizes(self, painter: QPainter, faces: Faces) -> None:
        count, channel = shape_of(faces.outputs)[0], faces.place(self.pointer.row)[0]
        several = f", map {channel + 1:,} of {count:,}" if count > 1 else ""
        behind = faces.inputs[0] // faces.groups if faces.window is not None else 1
        deep = f" × {behind:,} channels" if behind > 1 and len(faces.inputs) == 3 else ""
        ends = [f"{shape[-2]}×{shape[-1]}" if len(shape) == 3 else f"{shape[0]:,}"
                for shape in (faces.inputs, faces.outputs)]
        self.say(painter, f"{ends[0]}{deep} → {ends[1]}{several}")

    def row_at(self, point: QPointF) -> int | None:
        """The output under a point, or whose window is nearest around a pixel."""
        faces = self.pointer.faces
        assert faces is not None
        outer, made, cell, _ = self._measures(faces)
        _, rows, columns = grid(faces.outputs)
        channel = faces.place(self.pointer.row)[0]
        if made.contains(point):
            row, column = int((point.y() - made.y()) / cell), int((point.x() - made.x()) / cell)
        elif outer.contains(point) and faces.window is not None:
            window = faces.window
            row = round(((point.y() - outer.y()) / cell - window.reach(0) / 2) / window.stride[0])
            column = round(((point.x() - outer.x()) / cell - window.reach(1) / 2) / window.stride[1])
        else:
            return None
        place = min(max(row, 0), rows - 1) * columns + min(max(column, 0), columns - 1)
        return min(channel * rows * columns + place, faces.rows - 1)


class SparseMatrix(Drawing):
    """One row for each output, one column for each input; equal colours are one weight, the rest is 0."""

    title, title_without_window = "Sparse matrix", "Full matrix"
    _first, _column = 0, 0

    def _cut(self, faces: Faces) -> tuple[int, int, int, int, float]:
        """(first row, rows, first column, columns, cell) of what is shown."""
        wide, high = self.width() - 12.0, self.height() - self.foot - 10
        cell = min(max(_SMALLEST_ENTRY, min(wide / faces.columns, high / faces.rows)), _LARGEST_ENTRY)
        cell = float(int(cell))
        rows, columns = min(faces.rows, int(high / cell)), min(faces.columns, int(wide / cell))
        if not self._first <= self.pointer.row < self._first + rows:
            self._first = self.pointer.row - rows // 3
        links = faces.links(self.pointer.row).columns
        if len(links) and not self._column <= links[0] <= self._column + columns - 1:
            self._column = int(links[0]) - columns // 3
        self._first = min(max(0, self._first), faces.rows - rows)
        self._column = min(max(0, self._column), faces.columns - columns)
        return self._first, max(1, rows), self._column, max(1, columns), cell

    def _area(self, rows: int, columns: int, cell: float) -> QRectF:
        high = self.height() - self.foot - 10
        return QRectF((self.width() - columns * cell) / 2, 4 + (high - rows * cell) / 2, columns * cell, rows * cell)

    def draw(self, painter: QPainter, faces: Faces) -> None:
        """The cut-out, the row that is looked at framed, the others paler."""
        first, rows, column, columns, cell = self._cut(faces)
        area = self._area(rows, columns, cell)
        entries = faces.entries(first, rows, column, columns)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(area, QColor(self.theme.colours.field))
        painter.drawImage(area, self._image(entries, self.pointer.row - first))
        if cell >= _GRID_FROM + 1:
            painter.setPen(QPen(QColor(self.theme.colours.panel), 1))
            _cells(painter, area, cell)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.theme.colours.text), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(area.x(), area.y() + (self.pointer.row - first) * cell, area.width(), cell)
                         .adjusted(-1, -1, 1, 1))
        self.say(painter, f"{_range('rows', first, rows, faces.rows)}, "
                          f"{_range('columns', column, columns, faces.columns)}")

    def _image(self, entries: Array, lit: int) -> QImage:
        """One pixel for each entry."""
        found, places = np.unique(entries, return_inverse=True)
        ground = QColor(self.theme.colours.field)
        colours = [ground if weight == NONE else self.weight_colour(int(weight)) for weight in found]
        full = np.array([colour.rgba() for colour in colours], np.uint32)
        pale = np.array([mix(ground, colour, 0.6).rgba() for colour in colours], np.uint32)
        places = places.reshape(entries.shape)
        pixels = np.ascontiguousarray(pale[places])
        if 0 <= lit < len(pixels):
            pixels[lit] = full[places[lit]]
        height, width = pixels.shape
        return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()

    def row_at(self, point: QPointF) -> int | None:
        """The row under a point."""
        assert self.pointer.faces is not None
        first, rows, _, columns, cell = self._cut(self.pointer.faces)
        area = self._area(rows, columns, cell)
        return first + int((point.y() - area.y()) / cell) if area.contains(point) else None


class Connected(Drawing):
    """Inputs on the left, outputs on the right, a line for each weight that is not held at 0."""

    title, title_without_window = "Fully connected, tied", "Fully connected"
    _first = 0

    def _shown(self, faces: Faces) -> tuple[list[int], list[int]]:
        """The inputs and the outputs that find room."""
        room = max(2, int((self.height() - self.foot - 14) / _DOT))
        rows = min(faces.rows, room)
        if not self._first <= self.pointer.row < self._first + rows:
            self._first = self.pointer.row - rows // 3
        self._first = min(max(0, self._first), faces.rows - rows)
        dense = max(25, int((self.height() - self.foot - 14) / 1.6))
        read = faces.links(self.pointer.row).columns.tolist()
        inputs = list(range(faces.columns)) if faces.columns <= dense else read[:dense]
        return inputs, list(range(self._first, self._first + rows))

    def _place(self, number: int, count: int, left: bool) -> QPointF:
        high = self.height() - self.foot - 14
        step = min(high / count, 24.0)
        x = self.width() * (0.16 if left else 0.84)
        return QPointF(x, 7 + high / 2 + (number - (count - 1) / 2) * step)

    def draw(self, painter: QPainter, faces: Faces) -> None:
        """Lines of all outputs pale, those of the one that is looked at strong; grey where the weight is held at 0."""
        inputs, rows = self._shown(faces)
        at = {column: self._place(place, len(inputs), True) for place, column in enumerate(inputs)}
        ends = {row: self._place(place, len(rows), False) for place, row in enumerate(rows)}
        for row in rows:
            if row != self.pointer.row:
                self._lines(painter, faces, row, at, ends[row])
        grey = QPen(mix(QColor(self.theme.colours.panel), QColor(self.theme.colours.text), 0.3), 1, Qt.PenStyle.DotLine)
        painter.setPen(grey)
        linked = set(faces.links(self.pointer.row).columns.tolist())
        for column, start in at.items():
            if column not in linked:
                painter.drawLine(start, ends[self.pointer.row])
        self._lines(painter, faces, self.pointer.row, at, ends[self.pointer.row])
        self._dots(painter, at, ends, linked)
        cut = f"{faces.columns:,} inputs"
        if len(inputs) < faces.columns:
            several = f"{len(inputs):,} of the {len(linked):,}" if len(inputs) < len(linked) else f"the {len(linked):,}"
            cut = f"{several} inputs it reads, of {faces.columns:,}"
        self.say(painter, f"{cut} → {_range('outputs', rows[0], len(rows), faces.rows)}")

    def _lines(self, painter: QPainter, faces: Faces, row: int, at: dict[int, QPointF], end: QPointF) -> None:
        links, lit = faces.links(row), row == self.pointer.row
        shown = np.isin(links.columns, list(at))
        for column, weight in zip(links.columns[shown].tolist(), links.weights[shown].tolist(), strict=True):
            colour = self.weight_colour(weight)
            if not lit:
                colour = mix(QColor(self.theme.colours.panel), colour, 0.35)
            painter.setPen(QPen(colour, 2.4 if lit else 1))
            painter.drawLine(at[column], end)

    def _dots(self, painter: QPainter, at: dict[int, QPointF], ends: dict[int, QPointF], linked: set[int]) -> None:
        colours = self.theme.colours
        painter.setPen(Qt.PenStyle.NoPen)
        size = max(1.2, min(4.0, 0.42 * (self.height() - self.foot - 14) / len(at)))
        for column, place in at.items():
            painter.setBrush(QColor(colours.text if column in linked else colours.wire))
            painter.drawEllipse(place, size, size)
        for row, place in ends.items():
            lit = row == self.pointer.row
            painter.setBrush(QColor(colours.accent if lit else colours.wire))
            painter.drawEllipse(place, 6.0 if lit else 4.0, 6.0 if lit else 4.0)

    def row_at(self, point: QPointF) -> int | None:
        """The output nearest to a point in the right half."""
        assert self.pointer.faces is not None
        if point.x() < self.width() / 2 or point.y() > self.height() - self.foot:
            return None
        _, rows = self._shown(self.pointer.faces)
        return min(rows, key=lambda row: abs(self._place(row - rows[0], len(rows), False).y() - point.y()))


def grid(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, rows, columns) to draw: a vector is wrapped into a square."""
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    wide = max(1, round(shape[0] ** 0.5 + 0.49))
    return 1, -(-shape[0] // wide), wide


def _cells(painter: QPainter, area: QRectF, cell: float) -> None:
    """The lines between cells, where they find room, and the frame."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area)
    if cell < _GRID_FROM:
        return
    for place in range(1, round(area.width() / cell)):
        painter.drawLine(QPointF(area.x() + place * cell, area.y()), QPointF(area.x() + place * cell, area.bottom()))
    for place in range(1, round(area.height() / cell)):
        painter.drawLine(QPointF(area.x(), area.y() + place * cell), QPointF(area.right(), area.y() + place * cell))


def _range(what: str, first: int, count: int, whole: int) -> str:
    """"rows 1–200 of 4,704", or "25 rows" where all are shown."""
    return f"{whole:,} {what}" if count >= whole else f"{what} {first + 1:,}–{first + count:,} of {whole:,}"

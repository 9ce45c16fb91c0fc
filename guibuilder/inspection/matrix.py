"""A square of counts: rows are true classes, columns what the network says; for mouse and keyboard."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.layers.base import Array
from guibuilder.theme import Theme, mix

_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_LARGEST, _SMALLEST_TEXT = 44.0, 17.0
_SHARE = 44.0


class Matrix(QWidget):
    """Right answers on the diagonal in blue, mistakes in orange; the deeper, the larger their share of the row."""

    hovered = Signal(str)
    chosen = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: Array = np.zeros((0, 0), np.int64)
        self._classes: tuple[str, ...] = ()
        self.current = (-1, -1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Confusion matrix")
        theme.changed.connect(self.update)

    def set_counts(self, counts: Array, classes: tuple[str, ...]) -> None:
        """Show counts [true, predicted]."""
        self._counts, self._classes = counts, classes
        self.current = (-1, -1)
        self.setAccessibleDescription(self.summary())
        self.update()

    def summary(self) -> str:
        """The most frequent mistakes in a sentence."""
        wrong = self._counts.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(wrong, axis=None)[::-1][:3]
        found = [(int(place) // len(wrong), int(place) % len(wrong)) for place in order] if wrong.size else []
        said = [f"{self._classes[row]} taken for {self._classes[column]}, {wrong[row, column]:,} times"
                for row, column in found if wrong[row, column]]
        return f"Most frequent mistakes: {'; '.join(said)}." if said else "No mistakes."

    def words(self, row: int, column: int) -> str:
        """One cell in words."""
        count, whole = int(self._counts[row, column]), int(self._counts[row].sum())
        share = f"{count / whole * 100:.1f} %" if whole else "–"
        verb = "recognised" if row == column else f"taken for {self._classes[column]}"
        return f"{self._classes[row]}: {count:,} of {whole:,} ({share}) {verb}"

    def sizeHint(self) -> QSize:
        """Room for ten classes."""
        return QSize(360, 320)

    def minimumSizeHint(self) -> QSize:
        """Small, but still something to see."""
        return QSize(160, 110)

    # where things are -------------------------------------------------------------------------------------------

    def _measures(self) -> tuple[float, float, float]:
        """(left edge, top edge, cell) of the square."""
        metrics, count = self.fontMetrics(), max(1, len(self._counts))
        longest = max((metrics.horizontalAdvance(name) for name in self._classes), default=0)
        left, top = min(float(longest), 90.0 * self._theme.scale) + 10, metrics.height() + 4.0
        cell = min((self.width() - left - self._share()) / count, (self.height() - top - 2) / count, _LARGEST)
        return left, top, max(2.0, float(int(cell)))

    def _share(self) -> float:
        return _SHARE * self._theme.scale

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """(row, column) under a point."""
        left, top, cell = self._measures()
        row, column = int((point.y() - top) // cell), int((point.x() - left) // cell)
        inside = 0 <= row < len(self._counts) and 0 <= column < len(self._counts)
        return (row, column) if inside else None

    # painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cells with counts, names of classes, the share recognised at the end of each row."""
        if not len(self._counts):
            return
        painter = QPainter(self)
        left, top, cell = self._measures()
        painter.setFont(self._theme.number_font(max(9.0, min(12.0, cell * 0.42))))
        for row in range(len(self._counts)):
            whole = max(1, int(self._counts[row].sum()))
            for column in range(len(self._counts)):
                area = QRectF(left + column * cell, top + row * cell, cell - 1, cell - 1)
                self._paint_cell(painter, area, int(self._counts[row, column]), whole, row == column)
        self._paint_names(painter, left, top, cell)
        if self.current != (-1, -1):
            row, column = self.current
            painter.setPen(QPen(QColor(self._theme.colours.text), 2))
            painter.drawRect(QRectF(left + column * cell, top + row * cell, cell - 1, cell - 1))

    def _paint_cell(self, painter: QPainter, area: QRectF, count: int, whole: int, right: bool) -> None:
        colours = self._theme.colours
        share = count / whole
        strength = 0.12 + 0.68 * share if right else (0.2 + 0.8 * min(1.0, 3 * share) if count else 0.0)
        base = mix(QColor(colours.panel), QColor(colours.text), 0.03)
        fill = mix(base, QColor(colours.data_low if right else colours.data_high), strength)
        painter.fillRect(area, fill)
        fits = max(_SMALLEST_TEXT, painter.fontMetrics().horizontalAdvance(f"{count}") + 1) <= area.width()
        if count and fits:
            painter.setPen(QColor("#FFFFFF" if fill.lightnessF() < 0.55 else "#10151C"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, f"{count}")

    def _paint_names(self, painter: QPainter, left: float, top: float, cell: float) -> None:
        """True classes at the left, what was said on top, the share recognised at the right."""
        metrics, flag = painter.fontMetrics(), Qt.AlignmentFlag
        painter.setPen(QColor(self._theme.colours.soft))
        end = left + len(self._counts) * cell
        for place in range(0, len(self._classes), max(1, round(metrics.height() / cell + 0.3))):
            name, whole = self._classes[place], int(self._counts[place].sum())
            row, column = top + place * cell, left + place * cell
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(left - 8))
            painter.drawText(QRectF(0, row, left - 8, cell), flag.AlignVCenter | flag.AlignRight, shown)
            if metrics.horizontalAdvance(name) <= cell:
                painter.drawText(QRectF(column, 0, cell, top - 3), flag.AlignHCenter | flag.AlignBottom, name)
            if whole:
                share = f"{self._counts[place, place] / whole * 100:.0f} %"
                painter.drawText(QRectF(end + 6, row, self._share() - 6, cell), flag.AlignVCenter, share)

    # mouse and keys ---------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the cell under the mouse."""
        found = self.cell_at(event.position())
        self.hovered.emit(self.words(*found) if found is not None else "")

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the mouse."""
        self.hovered.emit("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses a cell."""
        found = self.cell_at(event.position())
        if found is not None:
            self.choose(*found)

    def choose(self, row: int, column: int) -> None:
        """Choose a cell; its mistakes can be shown."""
        self.current = (row, column)
        self.hovered.emit(self.words(row, column))
        self.chosen.emit(row, column)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move from cell to cell."""
        count = len(self._counts)
        if count and event.key() in _STEPS:
            down, across = _STEPS[Qt.Key(event.key())]
            row, column = max(0, self.current[0]), max(0, self.current[1])
            self.choose(min(max(row + down, 0), count - 1), min(max(column + across, 0), count - 1))
        else:
            super().keyPressEvent(event)

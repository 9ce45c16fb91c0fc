"""Sizes layer by layer as bars on a logarithmic scale: outputs on the left, gradients on the right."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.worker.messages import Size
from guibuilder.theme import Theme
from guibuilder.words import small

COLUMNS = ("Outputs", "Gradient of the weights")
_ROW, _HEAD, _NAME, _NUMBER, _GAP = 20, 36, 96, 76, 12
# The smallest bar is at least this part of a decade long, so that it can be seen.
_LEAST = 0.2
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class SizeBars(QWidget):
    """One row a layer. ↑ and ↓ go through the rows; hovering or the keys tell the numbers."""

    hovered = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._now: Sequence[Size] = ()
        self._usual: Sequence[Size] = ()
        self._current: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Sizes of outputs and gradients")
        theme.changed.connect(self.updateGeometry)
        theme.changed.connect(self.update)

    def show_sizes(self, now: Sequence[Size], usual: Sequence[Size] = ()) -> None:
        """Show these layers; `usual` has the same ones with usual weights, or nothing."""
        self._now, self._usual, self._current = now, usual if len(usual) == len(now) else (), None
        self.setAccessibleDescription("; ".join(self.words(row) for row in range(len(now))))
        self.updateGeometry()
        self.update()

    def words(self, row: int) -> str:
        """"C1: mean output 0.54 (usually 0.5), mean gradient 0.0031 (usually 0.0029)"."""
        now = self._now[row]
        usual = self._usual[row] if self._usual else None
        text = f"{now.layer}: mean output {small(now.activation)}"
        text += f" (usually {small(usual.activation)})" if usual else ""
        if now.gradient is not None:
            text += f", mean gradient {small(now.gradient)}"
            text += f" (usually {small(usual.gradient)})" if usual and usual.gradient is not None else ""
        return text

    # layout -----------------------------------------------------------------------------------------------------

    def _scaled(self, length: float) -> float:
        return length * self._theme.scale

    def sizeHint(self) -> QSize:
        """As high as there are layers."""
        return QSize(420, round(self._scaled(_HEAD + _ROW * len(self._now)) + 4))

    def minimumSizeHint(self) -> QSize:
        """Narrower the bars say nothing any more."""
        return QSize(round(self._scaled(380)), self.sizeHint().height())

    def _columns(self) -> list[QRectF]:
        """The room of the bars of each column, numbers left out, over the whole height of the rows."""
        left, high = self._scaled(_NAME), self._scaled(_ROW * len(self._now))
        wide = (self.width() - left - 2 * self._scaled(_GAP)) / 2
        return [QRectF(left + place * (wide + self._scaled(_GAP)), self._scaled(_HEAD),
                       max(10.0, wide - self._scaled(_NUMBER)), high) for place in range(2)]

    def _values(self, sizes: Sequence[Size], column: int) -> list[float | None]:
        return [each.activation if column == 0 else each.gradient for each in sizes]

    def _decades(self, column: int) -> tuple[int, int]:
        """The powers of ten at both ends of a column."""
        found = [value for sizes in (self._now, self._usual) for value in self._values(sizes, column) if value]
        if not found:
            return -1, 0
        low, high = math.floor(math.log10(min(found)) - _LEAST), math.ceil(math.log10(max(found)))
        return (low - 1 if low == high else low), high

    def length(self, value: float, column: int) -> float:
        """How long a bar is, as a share of its column; 0 has none."""
        low, high = self._decades(column)
        return max(0.0, (math.log10(value) - low) / (high - low)) if value > 0 else 0.0

    # drawing ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names, then both columns."""
        if not self._now:
            return
        painter, colours = QPainter(self), self._theme.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        columns = self._columns()
        for column, area in enumerate(columns):
            self._paint_head(painter, column, area)
        for row, size in enumerate(self._now):
            top = self._scaled(_HEAD + row * _ROW)
            if row == self._current:
                painter.fillRect(QRectF(0, top, self.width(), self._scaled(_ROW)), QColor(colours.field))
            painter.setFont(self._theme.font(12))
            painter.setPen(QColor(colours.text))
            name = painter.fontMetrics().elidedText(size.layer, Qt.TextElideMode.ElideMiddle,
                                                    round(self._scaled(_NAME - 8)))
            painter.drawText(QRectF(0, top, self._scaled(_NAME), self._scaled(_ROW)), Qt.AlignmentFlag.AlignVCenter,
                             name)
            for column, area in enumerate(columns):
                self._paint_value(painter, row, column, QRectF(area.left(), top, area.width(), self._scaled(_ROW)))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _paint_head(self, painter: QPainter, column: int, area: QRectF) -> None:
        colours, high = self._theme.colours, self._scaled(_HEAD)
        low, most = self._decades(column)
        painter.setFont(self._theme.font(12, bold=True))
        painter.setPen(QColor(colours.text))
        title = QRectF(area.left(), 0, area.width() + self._scaled(_NUMBER), high / 2)
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter,
                         painter.fontMetrics().elidedText(COLUMNS[column], Qt.TextElideMode.ElideRight,
                                                          round(title.width())))
        painter.setFont(self._theme.number_font(11))
        painter.setPen(QColor(colours.soft))
        ends = QRectF(area.left(), high / 2, area.width(), high / 2)
        painter.drawText(ends, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, power(low))
        painter.drawText(ends, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, power(most))
        painter.setPen(QPen(QColor(colours.hairline), 1))
        for decade in range(low, most + 1):
            x = round(area.left() + (decade - low) / (most - low) * area.width()) + 0.5
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_value(self, painter: QPainter, row: int, column: int, area: QRectF) -> None:
        value = self._values(self._now, column)[row]
        if value is None:
            return
        colours = self._theme.colours
        usual = self._values(self._usual, column)[row] if self._usual else None
        colour = QColor(colours.convolution if column == 0 else colours.activation)
        thick = area.height() * (0.34 if self._usual else 0.5)
        top = area.top() + area.height() * (0.14 if self._usual else 0.25)
        painter.fillRect(QRectF(area.left(), top, self.length(value, column) * area.width(), thick), colour)
        if usual is not None:
            painter.setPen(QPen(QColor(colours.soft), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            long = self.length(usual, column) * area.width()
            painter.drawRect(QRectF(area.left() + 0.5, round(top + thick) + 1.5, max(0.0, long - 1), thick - 2))
        painter.setFont(self._theme.number_font(11))
        painter.setPen(QColor(colours.error if value == 0 else colours.soft))
        painter.drawText(QRectF(area.right() + 6, area.top(), self._scaled(_NUMBER) - 6, area.height()),
                         Qt.AlignmentFlag.AlignVCenter, small(value))

    # asking for numbers -----------------------------------------------------------------------------------------

    def _choose(self, row: int | None) -> None:
        if row != self._current:
            self._current = row
            self.hovered.emit("" if row is None else self.words(row))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the layer under the mouse."""
        row = int((event.position().y() - self._scaled(_HEAD)) // self._scaled(_ROW))
        self._choose(row if 0 <= row < len(self._now) else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the mouse."""
        self._choose(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """↑ and ↓ go through the layers."""
        last, now = len(self._now) - 1, self._current
        moves = {Qt.Key.Key_Down: 0 if now is None else min(last, now + 1),
                 Qt.Key.Key_Up: last if now is None else max(0, now - 1), Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        row = moves.get(Qt.Key(event.key()))
        if row is None or last < 0:
            super().keyPressEvent(event)
            return
        self._choose(row)
        self.setAccessibleDescription(self.words(row))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys are."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keys went elsewhere."""
        super().focusOutEvent(event)
        self.update()


def power(exponent: int) -> str:
    """A power of ten in short: "10⁻⁴", "0.1", "1"."""
    return {-2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100"}.get(exponent, f"10{str(exponent).translate(_RAISED)}")

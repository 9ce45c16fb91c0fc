"""Pictures that were not recognised, worst first; a click looks at one of them."""

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.worker.messages import Measured
from guibuilder.pictures.colour_maps import input_image
from guibuilder.theme import Theme

_CELL, _GAP, _LABEL = 44, 8, 16


class Mistakes(QWidget):
    """A caption over pictures, each with what it was taken for and what it is."""

    picked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._measured: Measured | None = None
        self.caption = QLabel()
        self.caption.setProperty("caption", True)
        self.caption.setWordWrap(True)
        self.pictures = _Pictures(theme)
        self.pictures.picked.connect(self.picked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.caption)
        column.addWidget(self.pictures, 1)

    def show_measured(self, measured: Measured) -> None:
        """All of the worst mistakes."""
        self._measured = measured
        self._show(range(len(measured.mistakes)), "Worst mistakes" if measured.mistakes else "No mistakes at all.")

    def show_cell(self, true: str, said: str) -> None:
        """Only those where one class was taken for another; on the diagonal all again."""
        if self._measured is None:
            return
        if true == said:
            self.show_measured(self._measured)
            return
        chosen = [place for place, mistake in enumerate(self._measured.mistakes) if mistake[1:3] == (true, said)]
        self._show(chosen, f"{true} taken for {said}" if chosen else f"{true} taken for {said}: none among the worst")

    def _show(self, places: Iterable[int], caption: str) -> None:
        self.caption.setText(caption)
        measured = self._measured
        pictures = measured.pictures if measured is not None else None
        mistakes = measured.mistakes if measured is not None else ()
        shown = [(mistakes[place][0], f"{mistakes[place][2]}, is {mistakes[place][1]}",
                  input_image(pictures[place]) if pictures is not None and place < len(pictures) else QImage())
                 for place in places]
        self.pictures.show_pictures(shown)


class _Pictures(QWidget):
    """The pictures in rows."""

    picked = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: list[tuple[int, str, QImage]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Mistakes")
        theme.changed.connect(self.update)

    def show_pictures(self, shown: list[tuple[int, str, QImage]]) -> None:
        """(number in the test part, words, picture) each."""
        self._shown = shown
        self.setAccessibleDescription("; ".join(words for _, words, _ in shown[:10]))
        self.update()

    def sizeHint(self) -> QSize:
        """Two rows of three."""
        return QSize(3 * (_CELL + _GAP) + 24, 2 * (_CELL + self._label() + _GAP))

    def minimumSizeHint(self) -> QSize:
        """One picture."""
        return QSize(_CELL + 24, _CELL + self._label())

    def _label(self) -> int:
        return round(_LABEL * self._theme.scale)

    def _columns(self) -> int:
        return int(max(1, (self.width() + _GAP) // (self._width() + _GAP)))

    def _width(self) -> int:
        metrics = self.fontMetrics()
        return max([_CELL, *(min(metrics.horizontalAdvance(words), 160) for _, words, _ in self._shown)])

    def _area(self, place: int) -> QRectF:
        row, column = divmod(place, self._columns())
        high = _CELL + self._label()
        return QRectF(column * (self._width() + _GAP), row * (high + _GAP), self._width(), high)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As many as there is room for."""
        painter = QPainter(self)
        painter.setFont(self._theme.font(11))
        painter.setPen(QColor(self._theme.colours.soft))
        for place, (_, words, image) in enumerate(self._shown):
            area = self._area(place)
            if area.bottom() > self.height():
                break
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > _CELL)
            painter.drawImage(QRectF(area.x(), area.y(), _CELL, _CELL), image, QRectF(image.rect()))
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(area.width()))
            below = QRectF(area.x(), area.y() + _CELL, area.width(), self._label())
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, shown)

    def place_at(self, point: QPointF) -> int | None:
        """Which picture lies under a point."""
        return next((place for place in range(len(self._shown)) if self._area(place).contains(point)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click looks at the picture."""
        place = self.place_at(event.position())
        if place is not None:
            self.picked.emit(self._shown[place][0])



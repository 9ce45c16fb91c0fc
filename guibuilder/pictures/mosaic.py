"""Many small pictures side by side, feature maps or filters, with the number under the mouse."""

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.layers.base import Array
from guibuilder.pictures.colour_maps import Scale, as_bytes, diverging, glowing, image, sequential
from guibuilder.theme import Theme

GAP = 6
LARGEST_CELL = 112
CORNER = 3
_CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Z)
_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


def fit(count: int, aspect: float, width: float, height: float, largest: float = LARGEST_CELL) -> tuple[int, float]:
    """(columns, cell width) so that `count` cells of height = width · aspect fill the room and all can be seen.

    Full rows are worth a tenth of the size; then larger cells are better, then long rows.
    """
    found: list[tuple[bool, float, int]] = []
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        wide = (width - (columns - 1) * GAP) / columns
        high = (height - (rows - 1) * GAP) / rows / aspect
        found.append((count % columns == 0, max(0.0, min(wide, high, largest)), columns))
    enough = 0.9 * max((cell for _, cell, _ in found), default=0.0)
    best = max((each for each in found if each[1] >= enough), default=(True, 0.0, 1))
    return best[2], best[1]


class Mosaic(QWidget):
    """Shows values [count, height, width]. `hovered` says what lies under the mouse, `picked` which map was chosen.

    Zero is dark, and values below it are blue; with `surface` zero is the panel's surface, as suits weights.
    """

    hovered = Signal(str)
    picked = Signal(int)

    def __init__(self, theme: Theme, *, surface: bool = False, what: str = "map",
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._surface, self._what = theme, surface, what
        self.signed, self.table = surface, sequential()
        self._values: Array = np.zeros((0, 1, 1), np.float32)
        self._places = self._values.astype(np.uint8)
        self._image = QImage()
        self._columns, self._cell, self._laid_out = 1, 0.0, (0, 0, 0, 0.0)
        self._frames = QPainterPath()
        self.scale = Scale(0.0, 1.0)
        self.own_scale, self.largest = False, float(LARGEST_CELL)
        self.current = -1
        self.alone = -1
        self._pressed = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self._recolour)

    def set_values(self, values: Array, description: str = "") -> None:
        """Show other values, float [count, height, width]."""
        if values.shape != self._values.shape:
            self.current, self.alone = min(self.current, len(values) - 1), -1
        self._values = values
        self._convert()
        self.setAccessibleDescription(description)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(maps, rows, columns)."""
        count, height, width = self._values.shape
        return count, height, width

    def set_own_scale(self, own: bool) -> None:
        """Stretch each map over the whole colour map, or use one scale for all."""
        self.own_scale = own
        self._convert()

    def sizeHint(self) -> QSize:
        """A comfortable size; the layout may give more or less."""
        return QSize(200, 140)

    def minimumSizeHint(self) -> QSize:
        """Small, but still something to see."""
        return QSize(48, 40)

    # from values to an image ------------------------------------------------------------------------------------

    def _convert(self) -> None:
        self.signed = self._surface or bool((self._values < 0).any())
        self.scale = Scale.of(self._values, signed=self.signed)
        if self.own_scale and len(self._values):
            self._places = np.stack([as_bytes(each, Scale.of(each, signed=self.signed)) for each in self._values])
        else:
            self._places = as_bytes(self._values, self.scale)
        self._recolour()

    def _recolour(self) -> None:
        """One tall image of all maps, in the theme's colours."""
        count, height, width = self._places.shape
        table = diverging(self._theme.colours) if self._surface else (glowing() if self.signed else sequential())
        self.table = table
        self._image = image(self._places.reshape(count * height, width), table) if count else QImage()
        self.update()

    # where things are -------------------------------------------------------------------------------------------

    def _shown(self) -> range:
        return range(self.alone, self.alone + 1) if self.alone >= 0 else range(len(self._values))

    def _lay_out(self) -> None:
        shown, (_, height, width) = self._shown(), self._values.shape
        key = (len(shown), self.width(), self.height(), height / width)
        if key == self._laid_out:
            return
        self._laid_out = key
        room = 1e9 if self.alone >= 0 else self.largest
        self._columns, cell = fit(len(shown), height / width, self.width(), self.height(), room)
        self._cell = math.floor(cell)
        self._frames = QPainterPath()
        for place in range(len(shown)):
            rect, rounded = self._rect(place), QPainterPath()
            rounded.addRoundedRect(rect, CORNER, CORNER)
            outer = QPainterPath()
            outer.addRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))
            self._frames.addPath(outer.subtracted(rounded))

    def _rect(self, place: int) -> QRectF:
        height = round(self._cell * self._values.shape[1] / self._values.shape[2])
        row, column = divmod(place, self._columns)
        return QRectF(column * (self._cell + GAP), row * (height + GAP), self._cell, height)

    def place_at(self, point: QPointF) -> tuple[int, int, int] | None:
        """(map, row, column) under a point, or None."""
        if not len(self._values):
            return None
        self._lay_out()
        for place, number in enumerate(self._shown()):
            rect = self._rect(place)
            if rect.contains(point):
                _, height, width = self._values.shape
                row = min(height - 1, int((point.y() - rect.y()) / rect.height() * height))
                column = min(width - 1, int((point.x() - rect.x()) / rect.width() * width))
                return number, row, column
        return None

    # painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The maps, rounded corners over them, a frame round the current one."""
        if not len(self._values):
            return
        self._lay_out()
        painter = QPainter(self)
        _, height, width = self._values.shape
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._cell < width)
        for place, number in enumerate(self._shown()):
            painter.drawImage(self._rect(place), self._image, QRectF(0, number * height, width, height))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(self._frames, QColor(self._theme.colours.panel))
        if self.current in self._shown() and (self.hasFocus() or self.alone < 0):
            rect = self._rect(self.current - self._shown().start)
            painter.setPen(QPen(QColor(self._theme.colours.accent), 2))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), CORNER, CORNER)

    # mouse and keys ---------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the number under the mouse."""
        found = self.place_at(event.position())
        self.hovered.emit("" if found is None else self.words(*found))

    def words(self, number: int, row: int, column: int) -> str:
        """One value in words."""
        value = float(self._values[number, row, column])
        return f"{self._what} {number + 1} · row {row + 1}, column {column + 1} · {signed_number(value)}"

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the mouse."""
        self.hovered.emit("")

    def enterEvent(self, event: QEnterEvent) -> None:
        """Begin to say numbers."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where the click began."""
        found = self.place_at(event.position())
        self._pressed = found[0] if found is not None else -1

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a map chooses it; on the chosen one it shows that map alone, and again all of them."""
        found = self.place_at(event.position())
        if found is not None and found[0] == self._pressed and event.button() == Qt.MouseButton.LeftButton:
            self.choose(found[0])

    def choose(self, number: int) -> None:
        """Choose a map; the chosen one is shown alone, or with the others again."""
        if number == self.current:
            self.alone = -1 if self.alone >= 0 else number
        self.current = number
        self.picked.emit(number)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move between maps, Enter or Z shows the current one alone, Escape all."""
        count, key = len(self._values), Qt.Key(event.key())
        if not count:
            super().keyPressEvent(event)
        elif key in _STEPS:
            across, down = _STEPS[key]
            self._move(max(0, min(count - 1, max(self.current, 0) + across + down * self._columns)))
        elif (key in _CHOOSE and self.current >= 0) or (key == Qt.Key.Key_Escape and self.alone >= 0):
            self.choose(self.current)
        else:
            super().keyPressEvent(event)

    def _move(self, number: int) -> None:
        self.current = number
        if self.alone >= 0:
            self.alone = number
        each = self._values[number]
        self.hovered.emit(f"{self._what} {number + 1} · from {signed_number(float(each.min()))} to "
                          f"{signed_number(float(each.max()))}")
        self.picked.emit(number)
        self.update()


def signed_number(value: float) -> str:
    """A value with three significant digits and a true minus."""
    text = f"{value:.3g}" if abs(value) < 1e5 else f"{value:.2e}"
    return text.replace("-", "−")

"""What the three drawings of a layer share: which output is looked at, keys, and one colour for each weight."""

from functools import lru_cache

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.graph.faces import Faces
from guibuilder.theme import Theme

_STEPS = {Qt.Key.Key_Left: (0, 0, -1), Qt.Key.Key_Right: (0, 0, 1), Qt.Key.Key_Up: (0, -1, 0),
          Qt.Key.Key_Down: (0, 1, 0), Qt.Key.Key_PageUp: (-1, 0, 0), Qt.Key.Key_PageDown: (1, 0, 0)}
_FEW = 12
_NARROW, _LOW = 300, 110
HINT = "Point at an output, or use the arrow keys; Page Up and Page Down change the map."
_GOLDEN = 0.618034
_LEAST_CONTRAST = 3.0


class Pointer(QObject):
    """The output that is looked at, by its row in the matrix; `changed` after every step."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.faces: Faces | None = None
        self.row = 0

    def show(self, faces: Faces | None) -> None:
        """Look at another layer, from its first output."""
        if faces != self.faces:
            self.faces, self.row = faces, 0
            self.changed.emit()

    def go(self, row: int) -> None:
        """Look at another output."""
        if self.faces is not None and row != self.row and 0 <= row < self.faces.rows:
            self.row = row
            self.changed.emit()

    def step(self, channels: int, rows: int, columns: int) -> None:
        """Move the window by so many places; at the edges it stays."""
        if self.faces is None:
            return
        count, height, width = shape_of(self.faces.outputs)
        channel, row, column = self.faces.place(self.row)
        place = (channel + channels, row + rows, column + columns)
        if all(0 <= at < most for at, most in zip(place, (count, height, width), strict=True)):
            self.go((place[0] * height + place[1]) * width + place[2])

    def advance(self) -> None:
        """The next output; after the last one the first."""
        if self.faces is not None:
            self.go((self.row + 1) % self.faces.rows)

    def words(self) -> str:
        """What is looked at, in a sentence."""
        if self.faces is None:
            return ""
        links = self.faces.links(self.row)
        channel, row, column = self.faces.place(self.row)
        count = len(links.columns)
        if self.faces.window is None:
            return f"Output {column + 1:,} reads all {count:,} inputs, with weights of its own."
        top, left = self.faces.corner(self.row)
        window = self.faces.window
        outside = "" if count == self.faces.read else f"; {self.faces.read - count} lie in the padding and count as 0"
        return (f"Map {channel + 1}, row {row + 1}, column {column + 1} reads rows {top + 1} to "
                f"{top + window.reach(0)} and columns {left + 1} to {left + window.reach(1)}: {count:,} "
                f"number{'' if count == 1 else 's'}{outside}.").replace("-", "−")


class Drawing(QWidget):
    """One face: the mouse or the arrow keys choose an output, Page Up and Page Down another map."""

    title = title_without_window = ""

    def __init__(self, theme: Theme, pointer: Pointer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.pointer = theme, pointer
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.title)
        pointer.changed.connect(self._point)
        theme.changed.connect(self.update)

    def _point(self) -> None:
        self.setAccessibleDescription(self.pointer.words())
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a small picture."""
        return QSize(280, 150)

    def minimumSizeHint(self) -> QSize:
        """Small, but still something to see."""
        return QSize(120, 70)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The drawing, and a frame where it has the focus."""
        if self.pointer.faces is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter, self.pointer.faces)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self.theme.colours.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def draw(self, painter: QPainter, faces: Faces) -> None:
        """Paint the face."""
        raise NotImplementedError

    def row_at(self, point: QPointF) -> int | None:
        """The output under a point."""
        raise NotImplementedError

    def weight_colour(self, weight: int) -> QColor:
        """The colour of a weight: the same in all three drawings."""
        assert self.pointer.faces is not None
        window = self.pointer.faces.window
        across = window.kernel[1] if window is not None else 1
        colours = self.theme.colours
        return colour_of(weight, self.pointer.faces.read, across, colours.panel, colours.dark)

    def say(self, painter: QPainter, text: str) -> None:
        """Words at the lower edge, for what is cut out; a tool tip where there is no room for them."""
        self.setToolTip(f"{text}. {HINT}")
        if not self.foot:
            return
        painter.setFont(self.theme.font(11))
        painter.setPen(QColor(self.theme.colours.soft))
        flags = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(2, 0, self.width() - 4, self.height() - 3), int(flags), text)

    @property
    def foot(self) -> float:
        """Height of the words at the lower edge: two lines where the drawing is narrow, none where it is low."""
        if self.height() < _LOW * self.theme.scale:
            return 0.0
        return (20.0 if self.width() >= _NARROW * self.theme.scale else 34.0) * self.theme.scale

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Look at the output under the mouse."""
        row = self.row_at(event.position()) if self.pointer.faces is not None else None
        if row is not None:
            self.pointer.go(row)

    def focusInEvent(self, event: QEvent) -> None:  # type: ignore[override]
        """Show the frame."""
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:  # type: ignore[override]
        """Hide the frame."""
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows slide the window."""
        if event.key() in _STEPS:
            self.pointer.step(*_STEPS[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.pointer.faces is not None:
            self.pointer.go(0 if event.key() == Qt.Key.Key_Home else self.pointer.faces.rows - 1)
        else:
            super().keyPressEvent(event)


def shape_of(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, rows, columns) of maps; a vector is one row."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, shape[0])


@lru_cache(maxsize=8192)
def colour_of(weight: int, read: int, across: int, panel: str, dark: bool) -> QColor:
    """A colour for a weight by its place in its filter; where filters are large, rows differ in lightness too."""
    each, place = divmod(weight, max(1, read))
    row, column = divmod(place, max(1, across))
    if read <= _FEW:
        hue, lightness = place / max(1, read), 0.46
    else:
        hue, lightness = column / max(1, across) + row * 0.03, (0.36, 0.5, 0.43, 0.56)[row % 4]
    colour = QColor.fromHslF((hue + each * _GOLDEN + 0.58) % 1.0, 0.78, lightness + (0.16 if dark else 0.0))
    ground, step = QColor(panel), 0.03 if dark else -0.03
    for _ in range(12):
        if _contrast(colour, ground) >= _LEAST_CONTRAST:
            break
        colour = QColor.fromHslF(colour.hslHueF() % 1.0, 0.78, min(1.0, max(0.0, colour.lightnessF() + step)))
    return colour


def _contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
             for part in (colour.redF(), colour.greenF(), colour.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

"""One recent file: a small picture of its network, its name, and where and when; greyed where it is missing."""

from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QImage, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from core.errors import CoreError
from guibuilder.background import run_in_thread
from guibuilder.recovery import age_text
from guibuilder.theme import FIELD_RADIUS, Theme

PICTURE = QSize(72, 44)
LARGEST_FILE = 50_000_000


class FileButton(QAbstractButton):
    """Opens a file when it is pressed; its picture comes later, from a thread."""

    def __init__(self, theme: Theme, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._picture = theme, QImage()
        there = path.is_file()
        self.setText(path.name)
        self.about = f"{age_text(path.stat().st_mtime)} · {path.parent.name}" if there else "missing"
        self.setEnabled(there)
        self.setToolTip(str(path))
        self.setAccessibleName(f"Open {path.name}" if there else f"{path.name} is missing")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if there and path.suffix.lower() == ".gbnet" and path.stat().st_size <= LARGEST_FILE:
            run_in_thread(lambda: _thumbnail(path), self._show, lambda sentence: None)

    def _show(self, picture: QImage) -> None:
        self._picture = picture
        try:
            self.update()
        except RuntimeError:
            return  # the list was built anew meanwhile

    def sizeHint(self) -> QSize:
        return QSize(200, round((PICTURE.height() + 12) * self._theme.scale))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, scale = self._theme.colours, self._theme.scale
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.hasFocus() or (self.underMouse() and self.isEnabled()):
            painter.setPen(QPen(QColor(colours.accent), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.panel))
            painter.drawRoundedRect(area, FIELD_RADIUS, FIELD_RADIUS)
        size = PICTURE * scale
        frame = QRectF(area.left() + 5, area.center().y() - size.height() / 2, size.width(), size.height())
        self._paint_picture(painter, frame)
        words = area.adjusted(size.width() + 16, 0, -6, 0)
        painter.setPen(QColor(colours.text if self.isEnabled() else colours.faint))
        painter.setFont(self._theme.font(13))
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, int(words.width()))
        painter.drawText(words.adjusted(0, 0, 0, -words.height() / 2), Qt.AlignmentFlag.AlignBottom, name)
        painter.setPen(QColor(colours.faint))
        painter.setFont(self._theme.font(11))
        about = painter.fontMetrics().elidedText(self.about, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words.adjusted(0, words.height() / 2 + 2, 0, 0), Qt.AlignmentFlag.AlignTop, about)

    def _paint_picture(self, painter: QPainter, frame: QRectF) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(frame, 4, 4)
        painter.fillPath(shape, QColor(self._theme.colours.canvas))
        if not self._picture.isNull():
            painter.save()
            painter.setClipPath(shape)
            painter.drawImage(frame, self._picture)
            painter.restore()
        painter.setPen(QPen(QColor(self._theme.colours.hairline), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shape)


def _thumbnail(path: Path) -> QImage:
    """The picture that a project file carries; an empty one where it has none. Runs in a thread."""
    from core.formats.native import read_thumbnail

    try:
        with path.open("rb") as file:
            return QImage.fromData(read_thumbnail(file, path.name))
    except OSError as error:
        raise CoreError(str(error)) from error

"""A large button with a picture, a title and a few words; pressed by click, Enter or Space."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from guibuilder.theme import Theme

RADIUS = 10
WORDS = 112
PICTURE = 0.52
LINE = 16
NARROW = 232


class Card(QAbstractButton):
    """What can be started: its picture on top, where it has one; title, words and figures below."""

    def __init__(self, theme: Theme, title: str, about: str, pictured: bool = True,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._pictured = theme, pictured
        self._about, self._figures = about, ""
        self._picture: QPixmap | None = None
        self.setText(title)
        self.setAccessibleName(f"{title}: {about}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(about)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_picture(self, picture: QPixmap, figures: str) -> None:
        """Show the picture and one line of figures."""
        self._picture, self._figures = picture, figures
        self.update()

    @property
    def figures(self) -> str:
        """The line of figures."""
        return self._figures

    def show_figures(self, figures: str) -> None:
        """Show one line of figures."""
        self._figures = figures
        self.update()

    def lacks_picture(self) -> bool:
        """Whether it has a picture to come, or one that was made for another size."""
        drawn = None if self._picture is None else self._picture.deviceIndependentSize().toSize()
        return self._pictured and drawn != self.picture_size()

    def picture_size(self) -> QSize:
        """How large a picture fits."""
        return QSize(self.width() - 2, max(0, round(self.height() - self._words_height(self.width()))))

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round((width * PICTURE if self._pictured else 0) + self._words_height(width))

    def _words_height(self, width: int) -> float:
        """Three lines of words, four where the card is narrow."""
        scale = self._theme.scale
        return (WORDS + (LINE if width < NARROW * scale else 0)) * scale

    def minimumSizeHint(self) -> QSize:
        width = round(170 * self._theme.scale)
        return QSize(width, self.heightForWidth(width))

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
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        strong = self.hasFocus() or self.underMouse()
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        shape = QPainterPath()
        shape.addRoundedRect(area, RADIUS, RADIUS)
        painter.fillPath(shape, QColor(colours.panel))
        painter.save()
        painter.setClipPath(shape)
        size = self.picture_size()
        if self._picture is not None:
            painter.drawPixmap(1, 1, self._picture)
        else:
            painter.fillRect(QRectF(1, 1, size.width(), size.height()), QColor(colours.canvas))
        if self._pictured:
            painter.setPen(QColor(colours.hairline))
            painter.drawLine(0, size.height(), self.width(), size.height())
        painter.restore()
        painter.setPen(QPen(QColor(colours.accent if strong else colours.hairline), 2 if self.hasFocus() else 1))
        painter.drawPath(shape)
        self._paint_words(painter, QRectF(14, size.height() + 9 * scale, self.width() - 28, 100 * scale))

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        colours, theme, scale = self._theme.colours, self._theme, self._theme.scale
        painter.setPen(QColor(colours.text))
        painter.setFont(theme.font(14, bold=True))
        painter.drawText(QRectF(area.left(), area.top(), area.width(), 20 * scale), 0, self.text())
        painter.setPen(QColor(colours.soft))
        painter.setFont(theme.font(12))
        foot = self._words_height(self.width()) - 35 * scale
        words = QRectF(area.left(), area.top() + 22 * scale, area.width(), foot - 24 * scale)
        painter.drawText(words, int(Qt.TextFlag.TextWordWrap), self._about)
        painter.setPen(QColor(colours.faint))
        painter.setFont(theme.font(11))
        room = area.width()
        figures = self._figures
        if painter.fontMetrics().horizontalAdvance(figures) > room:
            figures = figures.rpartition(" · ")[2]
        painter.drawText(QRectF(area.left(), area.top() + foot, room, 18 * scale), 0, figures)

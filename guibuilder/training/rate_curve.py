"""The learning rate over the epochs, drawn before the training; while it runs the present rate is marked."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.train.options import TrainOptions
from core.train.schedule import rate_factor
from guibuilder.theme import Theme
from guibuilder.training.words import number_words, schedule_words

_TOP, _DOT, _LINE = 5.0, 4.0, 2.0
# The last moment of an epoch, since steps come at its end.
_JUST_BEFORE = 1e-6

Seen = Sequence[tuple[float, float]]


class RateCurve(QWidget):
    """A small curve. Hover or ← and → tell the rate of an epoch; `show_rate` marks where the training is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._options = theme, TrainOptions()
        self._seen: Seen = ()
        self._at: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Learning rate per epoch")
        theme.changed.connect(self.update)
        self._describe()

    def show_options(self, options: TrainOptions) -> None:
        """Draw the course that these options give."""
        if options != self._options:
            self._options = options
            self._describe()
            self.update()

    def show_rates(self, seen: Seen) -> None:
        """Mark the rates of a running training so far, as (epochs done, rate), the present one last; () for none."""
        self._seen = seen
        self._describe()
        self.update()

    @property
    def epochs(self) -> int:
        """How many epochs the curve spans."""
        return self._options.epochs

    # numbers ----------------------------------------------------------------------------------------------------

    def rate_at(self, epochs: float) -> float:
        """The rate when so many epochs are done; with plateau what was seen, then the last."""
        if self._options.schedule == "plateau" and self._seen:
            return next((rate for done, rate in reversed(self._seen) if done <= epochs + _JUST_BEFORE),
                        self._seen[0][1])
        return self._options.learning_rate * rate_factor(self._options, epochs)

    def words(self, epoch: int) -> str:
        """"Epoch 7 of 10: learning rate 0.0035"; where it changes within the epoch, from and to."""
        first, last = self.rate_at(epoch - 1), self.rate_at(epoch - _JUST_BEFORE)
        first_words, last_words = number_words(first), number_words(max(0.0, last))
        # What falls to 0 is not there a moment before.
        last_words = "0" if last < 1e-4 * self._options.learning_rate and first > 2 * last else last_words
        course = first_words if first_words == last_words else f"{first_words} to {last_words}"
        return f"Epoch {epoch:,} of {self._options.epochs:,}: learning rate {course}"

    def _describe(self) -> None:
        text = schedule_words(self._options)
        if self._seen:
            text += f" Now {number_words(self._seen[-1][1])}."
        self.setAccessibleDescription(text)

    # drawing ----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """A curve and two lines of numbers."""
        return QSize(200, round(48 + 36 * self._theme.scale))

    def minimumSizeHint(self) -> QSize:
        """Narrow, but as high as it is."""
        return QSize(80, self.sizeHint().height())

    def _text_height(self) -> float:
        return 16.0 * self._theme.scale

    def _area(self) -> QRectF:
        """Where the curve lies: below the rate it starts with, above the epochs."""
        high = self._text_height()
        return QRectF(_DOT, high + _TOP, self.width() - 2 * _DOT, self.height() - 2 * high - _TOP - 2)

    def _place(self, area: QRectF, epochs: float, rate: float) -> QPointF:
        most = max([self._options.learning_rate, *(rate for _, rate in self._seen)])
        return QPointF(area.left() + epochs / self._options.epochs * area.width(),
                       area.bottom() - rate / most * area.height())

    def _points(self, area: QRectF) -> QPolygonF:
        count = max(2, round(area.width()))
        last = self._options.epochs
        steps = [min(number / count * last, last - _JUST_BEFORE) for number in range(count + 1)]
        return QPolygonF([self._place(area, epochs, self.rate_at(epochs)) for epochs in steps])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axis, curve, the mark of the training, the mark of the chosen epoch, and the numbers at the ends."""
        painter, colours, area = QPainter(self), self._theme.colours, self._area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.hairline), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        dashed = self._options.schedule == "plateau"
        painter.setPen(QPen(QColor(colours.accent), _LINE, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
        painter.drawPolyline(self._points(area))
        self._paint_numbers(painter, area)
        if self._seen:
            self._dot(painter, self._place(area, *self._seen[-1]), QColor(colours.activation))
        if self._at is not None:
            middle = self._at - 0.5
            self._dot(painter, self._place(area, middle, self.rate_at(middle)), QColor(colours.text))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _dot(self, painter: QPainter, place: QPointF, colour: QColor) -> None:
        painter.setPen(QPen(QColor(self._theme.colours.panel), 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(place, _DOT, _DOT)

    def _paint_numbers(self, painter: QPainter, area: QRectF) -> None:
        high, wide = self._text_height(), area.width()
        painter.setFont(self._theme.font(11))
        painter.setPen(QColor(self._theme.colours.soft))
        above, below = QRectF(area.left(), 1, wide, high), QRectF(area.left(), self.height() - high - 1, wide, high)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        now = f"now {number_words(self._seen[-1][1])}" if self._seen else ""
        starts = number_words(self._options.learning_rate)
        painter.drawText(above, left, starts if self._at is None else "")
        if self._at is not None:
            painter.setPen(QColor(self._theme.colours.text))
            painter.drawText(above, left, painter.fontMetrics().elidedText(
                self.words(self._at).replace("Epoch", "epoch").replace("learning rate ", ""),
                Qt.TextElideMode.ElideRight, round(wide)))
        elif now:
            painter.setPen(QColor(self._theme.colours.activation))
            painter.drawText(above, right, now)
        painter.setPen(QColor(self._theme.colours.soft))
        painter.drawText(below, left, "epoch 1")
        if self._options.epochs > 1:
            painter.drawText(below, right, f"{self._options.epochs:,}")

    # asking for values ------------------------------------------------------------------------------------------

    def _choose(self, epoch: int | None) -> None:
        if epoch != self._at:
            self._at = epoch
            self.setToolTip("" if epoch is None else self.words(epoch))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the epoch under the mouse."""
        area = self._area()
        share = (event.position().x() - area.left()) / max(1.0, area.width())
        self._choose(min(self._options.epochs, max(1, int(share * self._options.epochs) + 1)))
        QToolTip.showText(event.globalPosition().toPoint(), self.toolTip(), self)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the mouse."""
        self._choose(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """← and → go from epoch to epoch, Home and End to the ends, Esc away."""
        last, now = self._options.epochs, self._at or 0
        found = {Qt.Key.Key_Left: max(1, now - 1), Qt.Key.Key_Right: min(last, now + 1), Qt.Key.Key_Home: 1,
                 Qt.Key.Key_End: last}.get(Qt.Key(event.key()))
        if found is not None:
            self._choose(found)
            self.setAccessibleDescription(self.words(found))
        elif event.key() == Qt.Key.Key_Escape and self._at is not None:
            self._choose(None)
            self._describe()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys are."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keys went elsewhere."""
        super().focusOutEvent(event)
        self._choose(None)
        self._describe()
        self.update()

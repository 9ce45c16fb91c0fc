"""The editor for everything that is typed: numbers, sizes, padding, shapes, words.

What cannot be understood is said in words through `said(text)`, after a short pause and never while it is unfinished.
"""

from typing import Any

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QLineEdit, QWidget

from core.errors import SettingError
from core.settings import Setting
from guibuilder.fields import STEPPED, help_text, read, shown, step, unfinished
from guibuilder.theme import Theme

SETTLE = 150
SEVERAL = "several values"
BATCH_WIDTH = 124  # pixels for a batch size with its unit, at the usual text size
_ARROWS = 18


class TextField(QLineEdit):
    """A value as text: arrows and wheel step numbers, Esc brings the old value back."""

    edited = Signal(object)
    said = Signal(str)
    entered = Signal()

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self._value: Any = setting.default
        self._mixed = False
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._settle)
        self.textEdited.connect(self._typed)
        describe(self, setting)
        self.setProperty("field", True)
        if setting.kind in STEPPED:
            self.setTextMargins(0, 0, _ARROWS, 0)
        self.show_value(setting.default)

    def keep_width(self, theme: Theme, width: int) -> None:
        """Be so wide (pixels at the usual text size), also when the text size changes."""
        self._theme, self._width = theme, width
        theme.changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(round(self._width * self._theme.scale))

    def show_value(self, value: Any) -> None:
        """Show a value, unless the person is just typing it."""
        self._value, self._mixed = value, False
        self.setPlaceholderText("")
        if not (self.hasFocus() and self._means(value)):
            self.setText(shown(self.setting, value))
            self.setCursorPosition(0)
        self._timer.stop()
        self._say("")

    def show_several(self) -> None:
        """Say that the selected layers differ here."""
        self._mixed = True
        self.clear()
        self.setPlaceholderText(SEVERAL)
        self._say("")

    def _means(self, value: Any) -> bool:
        try:
            return bool(read(self.setting, self.text()) == value)
        except SettingError:
            return False

    def _typed(self) -> None:
        self._timer.start()

    def _settle(self) -> None:
        if not unfinished(self.setting, self.text()):
            self.take()

    def take(self) -> None:
        """Take the text as it is: emit the value, or say what is wrong with it."""
        self._timer.stop()
        if self._mixed and not self.text():
            return
        try:
            value = read(self.setting, self.text())
        except SettingError as error:
            still = "" if self._mixed else f" It is still {shown(self.setting, self._value)}."
            self._say(error.message + still)
            return
        self._say("")
        if self._mixed or value != self._value:
            self._value, self._mixed = value, False
            self.edited.emit(value)

    def finish(self) -> None:
        """Take what is typed, if it is a value, without waiting any longer."""
        if self.isModified() and not unfinished(self.setting, self.text()):
            self.setModified(False)
            self.take()

    def _say(self, text: str) -> None:
        if self.property("wrong") != bool(text):
            self.setProperty("wrong", bool(text))
            self.style().unpolish(self)
            self.style().polish(self)
        self.said.emit(text)

    def revert(self) -> None:
        """Show the value in force again."""
        self.setText(shown(self.setting, self._value))
        self._timer.stop()
        self._say("")
        self.selectAll()

    def step_by(self, by: int) -> None:
        """Go some steps up or down."""
        if self.setting.kind not in STEPPED or self._mixed:
            return
        try:
            start = read(self.setting, self.text())
        except SettingError:
            start = self._value
        self.setText(shown(self.setting, step(self.setting, start, by)))
        self.take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        large = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.setting.kind in STEPPED:
            self.step_by(large if key == Qt.Key.Key_Up else -large)
        elif key == Qt.Key.Key_Escape and (self.text() != shown(self.setting, self._value)):
            self.revert()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take()
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and self.setting.kind in STEPPED and event.angleDelta().y():
            self.step_by(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.finish()
        if not self._mixed and unfinished(self.setting, self.text()):
            self.revert()
            self.deselect()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._over_arrows(event.position()) and event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.step_by(1 if event.position().y() < self.height() / 2 else -1)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._over_arrows(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if over else Qt.CursorShape.IBeamCursor)
        super().mouseMoveEvent(event)

    def _over_arrows(self, position: QPointF) -> bool:
        return self.setting.kind in STEPPED and position.x() > self.width() - _ARROWS - 2

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
        if self.setting.kind in STEPPED and (self.underMouse() or self.hasFocus()) and self.isEnabled():
            paint_arrow(painter, QPointF(self.width() - 11, self.height() / 2 - 4.5), -2.5, faint)
            paint_arrow(painter, QPointF(self.width() - 11, self.height() / 2 + 4.5), 2.5, faint)
        elif self.setting.unit:
            painter.setPen(faint)
            painter.drawText(self.rect().adjusted(0, 0, -10, 0),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.setting.unit)


def describe(widget: QWidget, setting: Setting) -> None:
    """Give a widget the setting's words: name and description for screen readers, help one hover away."""
    text = help_text(setting)
    widget.setAccessibleName(setting.label)
    widget.setAccessibleDescription(text)
    widget.setToolTip(text)


def paint_arrow(painter: QPainter, tip: QPointF, height: float, colour: QColor) -> None:
    """A chevron of the given height (negative: upwards) around a point."""
    painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    half = abs(height)
    rise = height / 2
    painter.drawPolyline([tip + QPointF(-half, -rise), tip + QPointF(0, rise), tip + QPointF(half, -rise)])

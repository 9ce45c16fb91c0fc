"""One small widget per kind of setting. Each shows a value, and says `edited(value)` with checked values only."""

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from core.settings import Setting
from guibuilder.fields import choice_words
from guibuilder.text_field import SEVERAL, TextField, describe, paint_arrow


class SwitchField(QCheckBox):
    """On or off, as a switch with its word."""

    edited = Signal(object)
    said = Signal(str)
    entered = Signal()

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        describe(self, setting)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._clicked)
        self.show_value(setting.default)

    def show_value(self, value: Any) -> None:
        """Show on or off."""
        self.setTristate(False)
        self.setChecked(bool(value))
        self.update()

    def show_several(self) -> None:
        """Say that the selected layers differ here."""
        self.setTristate(True)
        self.setCheckState(Qt.CheckState.PartiallyChecked)
        self.update()

    def _clicked(self) -> None:
        self.setTristate(False)
        self.edited.emit(self.isChecked())

    def _word(self) -> str:
        partly = self.checkState() == Qt.CheckState.PartiallyChecked
        return SEVERAL if partly else ("on" if self.isChecked() else "off")

    def sizeHint(self) -> QSize:
        height = max(24, self.fontMetrics().height() + 8)
        return QSize(44 + self.fontMetrics().horizontalAdvance(self._word()), height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, position: Any) -> bool:
        return self.rect().contains(position)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role = QPalette.ColorRole
        colours = self.palette()
        on = self.isChecked() and self.isEnabled()
        track = QRectF(1.5, self.height() / 2 - 8.5, 31, 17)
        painter.setPen(QPen(colours.color(role.Highlight), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(colours.color(role.Highlight) if on else colours.color(role.PlaceholderText))
        painter.drawRoundedRect(track, 8.5, 8.5)
        partly = self.checkState() == Qt.CheckState.PartiallyChecked
        knob = track.center().x() if partly else (track.right() - 8.5 if self.isChecked() else track.left() + 8.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color(role.Base))
        painter.drawEllipse(QPointF(knob, track.center().y()), 6, 6)
        painter.setPen(colours.color(role.WindowText))
        painter.drawText(self.rect().adjusted(41, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._word())


class ChoiceField(QComboBox):
    """One of a few words; the wheel changes it only while it has the focus."""

    edited = Signal(object)
    said = Signal(str)
    entered = Signal()

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        for choice in setting.choices:
            self.addItem(choice_words(choice), choice)
        describe(self, setting)
        self.setProperty("field", True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(5)
        self.activated.connect(lambda index: self.edited.emit(self.itemData(index)))
        self.show_value(setting.default)

    def show_value(self, value: Any) -> None:
        """Show one of the choices."""
        self.setPlaceholderText("")
        self.setCurrentIndex(self.findData(value))

    def show_several(self) -> None:
        """Say that the selected layers differ here."""
        self.setPlaceholderText(SEVERAL)
        self.setCurrentIndex(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option,
                                           QStyle.SubControl.SC_ComboBoxEditField, self).width() - 2
        option.currentText = painter.fontMetrics().elidedText(
            option.currentText or self.placeholderText(), Qt.TextElideMode.ElideRight, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
        paint_arrow(painter, QPointF(self.width() - 13, self.height() / 2), 4, faint)


Editor = TextField | SwitchField | ChoiceField


def make_editor(setting: Setting, parent: QWidget | None = None) -> Editor:
    """The editor for a setting of any kind."""
    if setting.kind == "bool":
        return SwitchField(setting, parent)
    if setting.kind == "choice":
        return ChoiceField(setting, parent)
    return TextField(setting, parent)

"""A search field with a list below it, over the canvas: type, arrow, Enter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QGuiApplication, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from guibuilder.canvas.style import Style
from guibuilder.icons import layer_icon_name, paint_icon
from guibuilder.theme import FIELD_RADIUS, NODE_RADIUS

_WIDTH, _ROW, _MOST_ROWS, _FOOT = 336, 30, 8, 46
_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """One line of the list: an icon of a layer type, a title, quiet detail, a result on the right; `about` explains."""

    kind: str
    family: str
    title: str
    detail: str = ""
    result: str = ""
    enabled: bool = True
    value: Any = None
    about: str = ""


@dataclass(frozen=True)
class Question:
    """What the list is for: the rows for a text, what happens with the chosen one's value, and the words around it."""

    prompt: str
    rows: Callable[[str], list[Row]]
    choose: Callable[[Any], None]
    foot: str = ""
    nothing: str = "Nothing answers to this."


class _Painter(QStyledItemDelegate):
    """Paints a row in the theme's colours."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.ink = style

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(_WIDTH - 20, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem,
              index: QModelIndex | QPersistentModelIndex) -> None:
        row: Row = index.data(_ROLE)
        area: QRect = option.rect  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink.field)
            painter.drawRoundedRect(QRectF(area), FIELD_RADIUS, FIELD_RADIUS)
            painter.setBrush(self.ink.accent)
            painter.drawRoundedRect(QRectF(area.left(), area.top() + 6, 3, area.height() - 12), 1.5, 1.5)
        colour = self.ink.ink(row.family).colour if row.enabled else self.ink.faint
        paint_icon(painter, layer_icon_name(row.kind, row.family), colour,
                   QRectF(area.left() + 10, area.center().y() - 7, 16, 16))
        self._write(painter, row, area.adjusted(36, 0, -10, 0))

    def _write(self, painter: QPainter, row: Row, area: QRect) -> None:
        ink, middle = self.ink, Qt.AlignmentFlag.AlignVCenter
        right = QFontMetrics(ink.shape).horizontalAdvance(row.result)
        painter.setFont(ink.shape)
        painter.setPen(ink.text if row.enabled else ink.faint)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, row.result)
        painter.setFont(ink.name)
        painter.setPen(ink.text if row.enabled else ink.soft)
        painter.drawText(area, middle, row.title)
        rest = area.adjusted(QFontMetrics(ink.name).horizontalAdvance(row.title) + 10, 0, -right - 8, 0)
        painter.setFont(ink.settings)
        painter.setPen(ink.soft)
        metrics = QFontMetrics(ink.settings)
        painter.drawText(rest, middle, metrics.elidedText(row.detail, Qt.TextElideMode.ElideRight, rest.width()))


class Picker(QFrame):
    """Opens over its parent, and closes on Esc, on a choice, or when another widget gets the focus."""

    closed = Signal()

    def __init__(self, parent: QWidget, style: Style) -> None:
        super().__init__(parent)
        self._room = parent
        self.setObjectName("picker")
        self._question = Question("", lambda text: [], lambda value: None)
        self.field, self.list, self.foot = QLineEdit(self), QListWidget(self), QLabel(self)
        self._painter = _Painter(style)
        self._build()
        self.restyle(style)
        self.hide()

    def _build(self) -> None:
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.setItemDelegate(self._painter)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.itemClicked.connect(self._clicked)
        self.list.currentRowChanged.connect(self._explain)
        self.foot.setWordWrap(True)
        self.foot.setMinimumHeight(_FOOT)
        self.foot.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(6)
        for part in (self.field, self.list, self.foot):
            column.addWidget(part)
        self.setFixedWidth(_WIDTH)

    def restyle(self, style: Style) -> None:
        """Take another theme."""
        self._painter.ink = style
        colours = style.colours
        self.setStyleSheet(
            f"#picker {{ background: {colours.panel}; border: 1px solid {colours.hairline};"
            f" border-radius: {NODE_RADIUS}px; }}"
            f"QLineEdit {{ background: {colours.field}; color: {colours.text}; border: 1px solid {colours.accent};"
            f" border-radius: {FIELD_RADIUS}px; padding: 5px 8px; }}"
            f"QListWidget {{ background: {colours.panel}; }} QLabel {{ color: {colours.soft}; }}")
        self.field.setFont(style.name_plain)
        self.foot.setFont(style.caption)

    # opening ----------------------------------------------------------------------------------------------------

    def open(self, at: QPoint, question: Question) -> None:
        """Show the rows of a question; its `choose` gets the value of the row that was taken."""
        self._question, prompt = question, question.prompt
        self.field.setPlaceholderText(prompt)
        self.field.setAccessibleName(prompt)
        self.field.clear()
        self._fill("")
        self._place(at)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Close without a choice."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def _place(self, at: QPoint) -> None:
        self.adjustSize()
        room = self._room.rect().adjusted(8, 8, -8, -8)
        left = max(room.left(), min(at.x(), room.right() - self.width()))
        top = max(room.top(), min(at.y(), room.bottom() - self.height()))
        self.move(left, top)

    def _fill(self, text: str) -> None:
        rows = self._question.rows(text)
        self.list.clear()
        for row in rows:
            item = QListWidgetItem(f"{row.title} {row.detail} {row.result}".strip())
            item.setData(_ROLE, row)
            self.list.addItem(item)
        self.list.setCurrentRow(0 if rows else -1)
        self.list.setFixedHeight(_ROW * max(1, min(_MOST_ROWS, len(rows))) + 2)
        self._explain(self.list.currentRow())
        self.adjustSize()

    def _explain(self, number: int) -> None:
        """Below the list: what the current row is, or why it cannot be taken."""
        item = self.list.item(number)
        if item is None:
            self.foot.setText(self._question.nothing)
            return
        row: Row = item.data(_ROLE)
        words = [row.about, self._question.foot] if row.enabled else [f"{row.title} {row.detail}"]
        self.foot.setText("\n".join(each for each in words if each))

    def shown(self) -> list[Row]:
        """The rows that are listed now."""
        return [self.list.item(number).data(_ROLE) for number in range(self.list.count())]

    # choosing ---------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            self.dismiss()
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self.list.count():
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentItem(), keep=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            return step is not None
        return True

    def _clicked(self, item: QListWidgetItem) -> None:
        keep = QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier
        self._take(item, keep=bool(keep))

    def _take(self, item: QListWidgetItem | None, *, keep: bool) -> None:
        row: Row | None = None if item is None else item.data(_ROLE)
        if row is None or not row.enabled:
            return
        if not keep:
            self.hide()
        self._question.choose(row.value)
        if keep:
            self.field.clear()
            self._fill("")
        else:
            self.closed.emit()

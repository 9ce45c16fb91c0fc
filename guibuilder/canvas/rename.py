"""Renaming a layer where its name stands."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from core.errors import NetworkError
from guibuilder.canvas.style import Style
from guibuilder.document import Document

_LEAST_HEIGHT = 24


class Rename(QLineEdit):
    """A field over the node's header. Enter takes the name, Esc leaves it; `refused` says why a name cannot be."""

    refused = Signal(str)
    finished = Signal()

    def __init__(self, parent: QWidget, document: Document) -> None:
        super().__init__(parent)
        self._document = document
        self.node = ""
        self.setAccessibleName("Name of the layer")
        self.returnPressed.connect(self._take)
        self.installEventFilter(self)
        self.hide()

    def open(self, node: str, header: QRectF, zoom: float, style: Style) -> None:
        """Edit the name of a node, over `header` (pixels of the parent)."""
        self.node = node
        font = QFont(style.name)
        font.setPixelSize(max(11, round(13 * zoom)))
        self.setFont(font)
        colours = style.colours
        self.setStyleSheet(f"background: {colours.panel}; color: {colours.text}; border: 2px solid {colours.accent};"
                           " border-radius: 4px; padding: 0 4px;")
        area = header.toAlignedRect()
        area.setHeight(max(_LEAST_HEIGHT, area.height()))
        area.setWidth(max(110, area.width()))
        self.setGeometry(area)
        self.setText(self._document.network.nodes[node].name)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self) -> None:
        if not self.isVisible() or self.node not in self._document.network.nodes:
            self._close()
            return
        try:
            network = self._document.network.rename(self.node, self.text())
        except NetworkError as error:
            self.refused.emit(error.message)
            return
        old = self._document.network.nodes[self.node].name
        self._close()
        self._document.edit(f"Rename {old}", network=network)

    def _close(self) -> None:
        if self.isVisible():
            self.hide()
            self.finished.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress \
                and event.key() == Qt.Key.Key_Escape:
            self._close()
            return True
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self._take_if_good()
        return super().eventFilter(watched, event)

    def _take_if_good(self) -> None:
        """Leaving the field takes a good name and drops a bad one."""
        self._take()
        self._close()

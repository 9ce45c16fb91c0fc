"""What an empty canvas says."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from core.graph.network import Network
from guibuilder.canvas.style import Style

_WIDTH, _HEIGHT = 380, 96


class Hint(QLabel):
    """Tells how to begin; its link asks for the templates."""

    templates_requested = Signal()

    def __init__(self, parent: QWidget, style: Style) -> None:
        super().__init__(parent)
        self._room = parent
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.linkActivated.connect(lambda _: self.templates_requested.emit())
        self.restyle(style)

    def restyle(self, style: Style) -> None:
        """Take another theme."""
        self.setFont(style.hint)
        colours = style.colours
        self.setStyleSheet(f"color: {colours.soft};")
        self.setText("Drag a layer here,<br>press <b>Space</b> to search,<br>or <a href='templates' style='color: "
                     f"{colours.accent}; text-decoration: none'>open a template</a>.")

    def show_for(self, network: Network) -> None:
        """Show it in the middle of an empty canvas only."""
        self.setVisible(not network.nodes)
        if not network.nodes:
            area = QRect(0, 0, min(_WIDTH, self._room.width()), _HEIGHT)
            area.moveCenter(self._room.rect().center())
            self.setGeometry(area)

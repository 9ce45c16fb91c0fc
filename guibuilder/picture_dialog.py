"""Asks how the network is to be drawn, shows it, and where it goes."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.drawing.style import LIGHT
from core.drawing.styles import STYLES
from core.graph.network import Network
from guibuilder.picture import with_one_font

KINDS = "SVG (*.svg);;PNG (*.png);;PDF (*.pdf);;TikZ for LaTeX (*.tex)"
_ROOM = QSize(720, 320)


class Preview(QWidget):
    """A picture as large as it fits, on the light ground that it is drawn on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.renderer = QSvgRenderer(self)
        self.setMinimumSize(_ROOM / 2)

    def sizeHint(self) -> QSize:
        return _ROOM

    def show_svg(self, svg: str, said: str) -> None:
        """Show SVG text; `said` is read out for it."""
        self.renderer.load(QByteArray(with_one_font(svg).encode("utf-8")))
        self.setAccessibleName(said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(LIGHT.canvas))
        size = self.renderer.viewBoxF().size()
        if size.isEmpty():
            return
        size.scale(self.width(), self.height(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(),
                       size.height())
        self.renderer.render(painter, place)


class PictureDialog(QDialog):
    """The choice of a style, with a look at the picture; accepted with `path` and `style` set."""

    def __init__(self, network: Network, name: str, style: str = "canvas",
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export picture")
        self._network, self._name = network, name
        self.path: Path | None = None
        self.preview, self.about = Preview(), QLabel()
        self.about.setProperty("soft", True)
        self.about.setWordWrap(True)
        self.about.setMinimumHeight(2 * self.about.fontMetrics().lineSpacing())
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.choices = QButtonGroup(self)
        self._lay_out()
        self.resize(self.sizeHint())
        self.choices.idToggled.connect(self._show)
        self.choices.button(list(STYLES).index(style)).setChecked(True)

    @property
    def style_name(self) -> str:
        """The chosen style: a key of `STYLES`."""
        return list(STYLES)[self.choices.checkedId()]

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(10)
        title = QLabel(f"Picture of {self._name}")
        title.setProperty("title", True)
        column.addWidget(title)
        column.addLayout(self._styles())
        column.addWidget(self.about)
        column.addWidget(self.preview, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = buttons.addButton("Export …", QDialogButtonBox.ButtonRole.ActionRole)
        self.export_button.setToolTip("Choose where the picture goes: SVG, PNG, PDF or TikZ for LaTeX.")
        self.export_button.setProperty("primary", True)
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self.export)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _styles(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(QLabel("Style:"))
        for number, style in enumerate(STYLES.values()):
            button = QRadioButton(style.title)
            button.setToolTip(style.about)
            button.setAccessibleName(f"Style: {style.title}")
            button.setAccessibleDescription(style.about)
            self.choices.addButton(button, number)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _show(self, number: int, checked: bool) -> None:
        if checked:
            style = STYLES[self.style_name]
            self.about.setText(style.about)
            self.preview.show_svg(style.draw(self._network).svg, f"Preview: {style.words}")

    def choose_target(self) -> Path | None:
        """Ask where the picture goes."""
        text, _ = QFileDialog.getSaveFileName(self, "Export picture", f"{self._name}.svg", KINDS)
        return Path(text) if text else None

    def export(self) -> None:
        """Ask for the file; without one the dialog stays."""
        self.path = self.choose_target()
        if self.path is not None:
            self.accept()

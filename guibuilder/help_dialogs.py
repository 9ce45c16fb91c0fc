"""Help: first steps, the list of shortcuts, and what the program is made of."""

import sys
from collections.abc import Iterable
from html import escape
from importlib import metadata

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from core.resources import resource
from core.version import VERSION
from guibuilder.theme import Theme

PARTS = (
    ("PySide6-Essentials", "the window (Qt)", "LGPL 3.0"), ("numpy", "arrays", "BSD 3-Clause"),
    ("numba", "fast kernels", "BSD 2-Clause"), ("pyqtgraph", "curves", "MIT"), ("pillow", "pictures", "MIT-CMU"),
    ("msgspec", "checking of files", "BSD 3-Clause"), ("safetensors", "weights", "Apache 2.0"),
    ("onnx", "ONNX files", "Apache 2.0"), ("onnxruntime", "comparison of exports", "MIT"),
    ("pooch", "downloads", "BSD 3-Clause"), ("platformdirs", "folders", "MIT"), ("tqdm", "progress", "MIT and MPL 2.0"),
)


class Page(QDialog):
    """A page of text with a button to close it; it does not stand in the way of the window."""

    def __init__(self, title: str, html: str, theme: Theme, parent: QWidget | None = None, *,
                 markdown: bool = False) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme = theme
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.setAccessibleName(title)
        self.text.document().setDocumentMargin(4)
        colours = theme.colours
        self.text.document().setDefaultStyleSheet(
            f"h1 {{ font-size: {round(19 * theme.scale)}px }} td {{ padding: 3px 14px 3px 0 }} "
            f"code, .keys {{ color: {colours.text}; background: {colours.field} }} a {{ color: {colours.accent} }}")
        if markdown:
            self.text.setMarkdown(html)
            self._space_paragraphs()
        else:
            self.text.setHtml(html)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 18, 14)
        column.addWidget(self.text)
        column.addWidget(buttons)

    def _space_paragraphs(self) -> None:
        """Markdown comes without room between its paragraphs."""
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        spaced = QTextBlockFormat()
        spaced.setBottomMargin(round(10 * self._theme.scale))
        spaced.setLineHeight(118, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(spaced)

    def sizeHint(self) -> QSize:
        room = self.screen().availableSize()
        wanted = QSize(620, 640) * self._theme.scale
        return wanted.boundedTo(QSize(room.width() - 80, room.height() - 120))


def help_page(name: str, theme: Theme, parent: QWidget) -> Page:
    """One page of the folder `resources/help`."""
    text = resource("help", f"{name}.md").read_text(encoding="utf-8")
    return Page("First steps", text, theme, parent, markdown=True)


def shortcuts_page(groups: Iterable[tuple[str, list[tuple[str, str]]]], theme: Theme, parent: QWidget) -> Page:
    """All shortcuts in groups: (title, [(what, keys) …])."""
    rows = []
    for title, lines in groups:
        rows.append(f"<tr><td colspan=2><br><b>{escape(title)}</b></td></tr>")
        rows += [f"<tr><td>{escape(what)}</td><td class=keys>&nbsp;{escape(keys)}&nbsp;</td></tr>"
                 for what, keys in lines]
    return Page("Keyboard shortcuts", f"<table cellspacing=2>{''.join(rows)}</table>", theme, parent)


def about_page(theme: Theme, parent: QWidget) -> Page:
    """What the program is, its version, and the licences of its parts."""
    rows = "".join(f"<tr><td>{escape(name)} {escape(_version(name))}</td><td>{escape(use)}</td>"
                   f"<td>{escape(licence)}</td></tr>" for name, use, licence in PARTS)
    html = (f"<h1>guibuilder {VERSION}</h1>"
            "<p>Draw a convolutional network, watch it learn on your laptop, look inside, take it away.</p>"
            f"<p>Free software under the MIT licence. Python {sys.version.split()[0]} on {escape(sys.platform)}.</p>"
            f"<p><b>Made with</b></p><table>{rows}</table>"
            "<p><b>Built-in pictures</b><br>Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI "
            "Machine Learning Repository, CC BY 4.0.</p>")
    return Page("About guibuilder", html, theme, parent)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"

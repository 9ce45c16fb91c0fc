"""The page of the whole network: name, notes, totals, and a table of its layers that is an outline as well."""

from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from guibuilder.document import Document
from guibuilder.layer_table import LayerTable
from guibuilder.node_facts import Line
from guibuilder.properties_parts import Block, NameRow, caption
from guibuilder.theme import Theme
from guibuilder.words import bytes_text, plural

SETTLE = 400


class NetworkPage(QWidget):
    """What is shown where nothing is selected."""

    revealed = Signal(str)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._theme = document, theme
        self._session = 0
        self.name = NameRow(theme)
        self.name.renamed.connect(self._rename)
        self.about = QLabel("Nothing is selected: this is the whole network. Click a layer to see its settings.")
        self.about.setProperty("soft", True)
        self.about.setWordWrap(True)
        self.totals = Block(theme)
        self.notes = QPlainTextEdit()
        self.notes.setProperty("field", True)
        self.notes.setPlaceholderText("What this network is for, what to try …")
        self.notes.setAccessibleName("Notes")
        self.notes.setTabChangesFocus(True)
        self.notes.setFixedHeight(84)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._take_notes)
        self.notes.textChanged.connect(self._timer.start)
        self.table = LayerTable(document, theme)
        self.table.revealed.connect(self.revealed)
        self.layers_caption = caption("Layers")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        for widget in (self.name, self.about, caption("Cost"), self.totals, caption("Notes"), self.notes,
                       self.layers_caption, self.table):
            column.addWidget(widget)
        column.addStretch(1)
        theme.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the network as it is."""
        network = self._document.project.network
        self.name.show_name(network.name, "", "merge", editable=True)
        self.totals.show_lines(self._totals())
        if self._document.project.notes != self.notes.toPlainText() and not self.notes.hasFocus():
            self.notes.blockSignals(True)
            self.notes.setPlainText(self._document.project.notes)
            self.notes.blockSignals(False)
        self.table.refresh()
        for widget in (self.layers_caption, self.table):
            widget.setVisible(bool(network.nodes))

    def _totals(self) -> list[Line]:
        cost, options = self._document.cost, self._document.project.options
        layers = plural(len(self._document.whole.flat.network.nodes), "layer")
        if not self._document.whole.runs:
            return [Line(layers), Line("cost unknown until it can run", "soft")]
        trainable = "" if cost.trainable == cost.parameters else f", {cost.trainable:,} trainable"
        memory = bytes_text(cost.memory_bytes(options.batch_size, options.optimizer))
        return [Line(layers), Line(plural(cost.parameters, "parameter") + trainable),
                Line(plural(cost.macs, "multiply-add")), Line(f"{memory} for a batch of {options.batch_size:,}")]

    def _rename(self, text: str) -> None:
        name = text.strip()
        if not name or not name.isprintable():
            self.name.say("A network's name needs at least one printable character.")
            return
        self.name.say("")
        self._document.edit(f"Rename the network to {name}", whole=replace(self._document.project.network, name=name))

    def _take_notes(self) -> None:
        if not self.notes.hasFocus():
            self._session += 1
        self._document.edit("Write notes", notes=self.notes.toPlainText(), merge=f"notes.{self._session}")

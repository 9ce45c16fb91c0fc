"""The page of the whole network: name, notes, totals, and a table of its layers that is an outline as well."""

from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from core.settings import settings_of
from core.train.options import TrainOptions
from guibuilder.document import Document
from guibuilder.layer_table import LayerTable
from guibuilder.node_facts import Line
from guibuilder.properties_parts import Block, NameRow, caption
from guibuilder.text_field import BATCH_WIDTH, TextField
from guibuilder.theme import Theme
from guibuilder.words import bytes_text, plural

SETTLE = 400
_BACK = ("For one picture: the gradient of the weights and the gradient of the input cost as much as forward each. The "
         "first layer's input needs none, and frozen layers none for their weights.")
_MEMORY = ("What training takes: weights, gradients and the optimizer's numbers; outputs and gradients of a batch, "
           "less than all activations where layers share them; and the working room of the convolutions.")


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
        self.totals_why = self.totals.make_button()
        self.batch, batch = self._batch_row(theme)
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
        for widget in (self.name, self.about, caption("Cost"), self.totals, self.totals_why, caption("Notes"),
                       self.notes, self.layers_caption, self.table):
            column.addWidget(widget)
        column.insertLayout(column.indexOf(self.totals_why), batch)
        column.addStretch(1)
        theme.changed.connect(self.refresh)
        self.refresh()

    def _batch_row(self, theme: Theme) -> tuple[TextField, QHBoxLayout]:
        """The batch size that memory is shown for, which is that of the training."""
        setting = settings_of(TrainOptions)["batch_size"]
        field, words, row = TextField(setting), QLabel("Batch size"), QHBoxLayout()
        field.setToolTip(f"{setting.help} It is the batch size of the training, and can be changed there too.")
        field.keep_width(theme, BATCH_WIDTH)
        field.edited.connect(self._set_batch)
        words.setBuddy(field)
        row.addWidget(words)
        row.addWidget(field)
        row.addStretch(1)
        return field, row

    def refresh(self) -> None:
        """Show the network as it is."""
        network = self._document.project.network
        self.name.show_name(network.name, "", "merge", editable=True)
        self.totals.show_lines(self._totals())
        self.totals_why.setVisible(self.totals.explains)
        self.batch.show_value(self._document.project.options.batch_size)
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
        kept = bytes_text(cost.activation_bytes * options.batch_size)
        return [Line(layers), Line(plural(cost.parameters, "parameter") + trainable),
                Line(plural(cost.macs, "multiply-add"), why="For one picture, forward: the sum over all layers."),
                Line(f"{cost.macs_backward:,} on the way back", why=_BACK),
                Line(f"{kept} of activations in all",
                     why="Every number that any layer puts out for a batch, 4 bytes each."),
                Line(f"{memory} to train, for a batch of {options.batch_size:,}", why=_MEMORY)]

    def _set_batch(self, size: int) -> None:
        options = replace(self._document.project.options, batch_size=size)
        self._document.edit(f"Set batch size {size:,}", options=options, merge="batch size")

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

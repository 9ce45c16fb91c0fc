"""The cost of every layer in one table: what it keeps, multiplies and sees, with the totals and the batch it is for."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QLabel, QTableView, QVBoxLayout

from core.graph.cost import Cost, LayerCost, cost
from core.graph.shapes import Inference
from core.layers.base import describe
from core.settings import settings_of
from core.train.options import TrainOptions
from core.worker.messages import Seen
from guibuilder.cost_facts import backward_why, field_words, macs_formula
from guibuilder.document import Document
from guibuilder.fields import choice_words
from guibuilder.inspection.base import InspectionView, Needs
from guibuilder.text_field import BATCH_WIDTH, TextField
from guibuilder.theme import Theme
from guibuilder.words import bytes_text

COLUMNS = ("Layer", "Output", "Parameters", "Forward", "Backward", "Memory", "Sees")
_HELP = ("Name of the layer", "Shape that comes out: channels × height × width", "Trained numbers",
         "Multiply-adds for one picture, forward", "Multiply-adds for one picture: gradients of weights and input",
         "What comes out for a batch, 4 bytes a number",
         "Part of the input that one unit sees; from the least to the most where branches meet, all behind Flatten")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_NOWHERE = QModelIndex()
_SCALED = 5


class CostModel(QAbstractTableModel):
    """A row for each layer, those in blocks too, and one for the total."""

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self._document, self._theme = document, theme
        self._whole = self._inference = Inference()
        self.cost = Cost()
        self.ids: tuple[str, ...] = ()

    def refresh(self) -> None:
        """The network, the batch or the colours are new."""
        self.beginResetModel()
        if self._whole is not self._document.whole:
            self._whole = self._document.whole
            self._inference, self.cost = self._whole.flat, cost(self._whole)
        self.ids = self._inference.network.order
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return len(self.ids) + 1 if self.ids else 0

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole:
            return _HELP[section]
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        total = row >= len(self.ids)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._total(column) if total else self._text(self.ids[row], column)
        if role == Qt.ItemDataRole.FontRole:
            return self._theme.number_font(11, bold=total) if column else self._theme.font(12, bold=True)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole:
            return _HELP[column] if total else self._why(self.ids[row], column)
        if role == Qt.ItemDataRole.ForegroundRole and not column and not total:
            return self._theme.colours.family(self._inference.network.nodes[self.ids[row]].layer.family)
        return QColor(self._theme.colours.text) if role == Qt.ItemDataRole.ForegroundRole else None

    @property
    def _batch(self) -> int:
        return self._document.project.options.batch_size

    def _text(self, key: str, column: int) -> str:
        node, known = self._inference.network.nodes[key], self.cost.layers.get(key)
        if column == 0:
            return node.name
        if column == 1:
            return describe(self._inference.shapes.get(key))
        return "?" if known is None else self._numbers(known)[column - 2]

    def _numbers(self, known: LayerCost) -> tuple[str, ...]:
        return (f"{known.parameters:,}", f"{known.macs:,}", f"{known.macs_backward:,}",
                bytes_text(known.activation_bytes * self._batch),
                field_words(known) if known.receptive_field else "all")

    def _total(self, column: int) -> str:
        whole = self.cost
        return ("Total", "", f"{whole.parameters:,}", f"{whole.macs:,}", f"{whole.macs_backward:,}",
                bytes_text(whole.activation_bytes * self._batch), "")[column]

    def _why(self, key: str, column: int) -> str:
        """Where the number in a cell comes from."""
        node, known = self._inference.network.nodes[key], self.cost.layers.get(key)
        gets, shape = self._inference.inputs.get(key), self._inference.shapes.get(key)
        if column == 0 or known is None or gets is None or node.layer.bypassed:
            return f"{node.name}: {node.type}, {node.layer.short()}".rstrip(", ")
        found = {1: node.layer.shape_formula(*gets) if gets else "",
                 2: node.layer.parameter_formula(*gets) if gets else "",
                 3: macs_formula(node, gets, shape, known.macs), 4: backward_why(known),
                 _SCALED: f"{describe(shape)} · 4 bytes · {self._batch:,} pictures"}.get(column, "")
        return found or _HELP[column]


class Costs(InspectionView):
    """Totals, a batch size, and the table."""

    title = "Cost"
    alone = True

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs)
        self.caption = QLabel()
        self.caption.setProperty("soft", True)
        self.caption.setWordWrap(True)
        self.batch = TextField(settings_of(TrainOptions)["batch_size"])
        self.batch.keep_width(needs.theme, BATCH_WIDTH)
        self.batch.edited.connect(self._set_batch)
        self.rows = CostModel(needs.document, needs.theme)
        self.table = QTableView()
        self.table.setModel(self.rows)
        self._set_up_table()
        words = QLabel("Batch size")
        words.setBuddy(self.batch)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.caption, 1)
        head.addWidget(words)
        head.addWidget(self.batch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        needs.document.changed.connect(self.refresh)
        needs.theme.changed.connect(self.refresh)

    def _set_up_table(self) -> None:
        table = self.table
        table.setAccessibleName("Cost of every layer")
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setMinimumSectionSize(48)
        table.setTabKeyNavigation(False)

    @property
    def note(self) -> str:
        """How to find out more."""
        return "Point at a number to see where it comes from."

    def show_seen(self, seen: Seen) -> None:
        """Costs follow from the drawing alone."""

    def say(self, sentence: str) -> None:
        """Costs follow from the drawing alone."""

    def refresh(self, *_: object) -> None:
        """Show the network as it is."""
        if not self.isVisible():
            return
        document = self.needs.document
        options = document.project.options
        self.rows.refresh()
        found = self.rows.cost
        self.table.verticalHeader().setDefaultSectionSize(round(25 * self.needs.theme.scale))
        self.batch.show_value(options.batch_size)
        if not document.project.network.nodes:
            self.caption.setText("Drag a layer from the left, or start from a template.")
            return
        memory = bytes_text(found.memory_bytes(options.batch_size, options.optimizer))
        kept = bytes_text(found.activation_bytes * options.batch_size)
        frozen = "" if found.trainable == found.parameters else f", {found.trainable:,} of them trainable"
        self.caption.setText(f"{found.parameters:,} parameters{frozen} · training with "
                             f"{choice_words(options.optimizer)} needs {memory}; "
                             f"the activations, {kept} in all, share memory")

    def _set_batch(self, size: int) -> None:
        options = replace(self.needs.document.project.options, batch_size=size)
        self.needs.document.edit(f"Set batch size {size:,}", options=options, merge="batch size")

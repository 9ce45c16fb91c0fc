"""The layers of a network as a table: an outline for eyes, keys and screen readers, quick for a thousand layers."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from core.graph.block import is_port
from core.graph.cost import LayerCost
from core.graph.levels import network_at
from core.graph.network import Network
from core.graph.shapes import Inference
from core.layers.base import describe
from guibuilder.document import Document, Path
from guibuilder.theme import Theme

COLUMNS = ("Layer", "Output", "Parameters")
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_NOWHERE = QModelIndex()


class LayerModel(QAbstractTableModel):
    """Name, output shape and parameters of each layer in order; asks the document, keeps only the order."""

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self._document, self._theme = document, theme
        self._block: str | None = None
        self.ids: tuple[str, ...] = ()

    def show_inside(self, block: str | None) -> None:
        """List what lies inside a block of the shown drawing rather than the drawing."""
        self._block = block

    @property
    def _path(self) -> Path:
        return self._document.path if self._block is None else (*self._document.path, self._block)

    @property
    def _network(self) -> Network:
        return network_at(self._document.project.network, self._path)

    @property
    def _inference(self) -> Inference:
        return self._document.whole.at(self._path)

    def _known(self, key: str) -> LayerCost | None:
        return self._document.cost_inside(self._path).layers.get(key)

    def refresh(self) -> None:
        """The network, its shapes or its colours are new."""
        network = self._network
        order = tuple(key for key in network.order if not is_port(network.nodes[key]))
        if order == self.ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(order) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self.ids = order
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return len(self.ids)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section else _LEFT
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def text(self, row: int, column: int) -> str:
        """What stands in a cell."""
        key = self.ids[row]
        if column == 0:
            return self._network.nodes[key].name
        if column == 1:
            return describe(self._inference.shapes.get(key))
        known = self._known(key)
        return "?" if known is None else f"{known.parameters:,}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self._network.nodes.get(self.ids[index.row()])
        if node is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(node.id, index.column())
        if role == Qt.ItemDataRole.FontRole:
            return self._theme.number_font(11) if index.column() else self._theme.font(12, bold=True)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{node.name}: {node.type}, {node.layer.short()}".rstrip(", ")
        return None

    def _colour(self, key: str, column: int) -> QColor:
        severities = {problem.severity for problem in self._inference.problems_of(key)}
        if column and severities:
            return QColor(getattr(self._theme.colours, "error" if "error" in severities else "warning"))
        if column:
            return QColor(self._theme.colours.text)
        return self._theme.colours.family(self._network.nodes[key].layer.family)


class LayerTable(QTableView):
    """Shows all rows at once; whoever holds it scrolls. `revealed(id)` when a row is clicked or Enter is pressed."""

    revealed = Signal(str)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows = LayerModel(document, theme)
        self.setModel(self.rows)
        self.setAccessibleName("Layers of the network")
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.clicked.connect(self._reveal)
        self.activated.connect(self._reveal)

    def refresh(self) -> None:
        """Show the network as it is, with room for every row."""
        height = round(25 * self._theme.scale)
        self.verticalHeader().setDefaultSectionSize(height)
        self.rows.refresh()
        count = self.rows.rowCount()
        metrics = QFontMetrics(self._theme.number_font(11))
        title = QFontMetrics(self._theme.font(12, bold=True))
        for column in (1, 2):
            longest = max((len(self.rows.text(row, column)) for row in range(count)), default=0)
            width = max(longest * metrics.horizontalAdvance("0") + 10, title.horizontalAdvance(COLUMNS[column]) + 18)
            self.setColumnWidth(column, width)
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + 6 + count * height)

    def _reveal(self, index: QModelIndex) -> None:
        self.revealed.emit(self.rows.ids[index.row()])

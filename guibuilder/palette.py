"""The palette: a tile for every layer type, by family; search, then drag, double-click or press Enter."""

import inspect
from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDrag, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.graph.block import Block
from core.layers import LAYERS
from core.layers.base import Layer
from core.templates.blocks import BLOCKS
from guibuilder.icons import layer_icon_name, paint_icon
from guibuilder.mime import layer_data
from guibuilder.theme import FIELD_RADIUS, Theme

GROUPS = (("Input and output", ("input", "output")), ("Convolution", ("convolution",)), ("Pooling", ("pooling",)),
          ("Activation", ("activation",)), ("Fully connected", ("dense",)),
          ("Normalisation", ("normalisation", "noise")), ("Merge", ("merge",)))
BLOCKS_TITLE = "Blocks"
DRAGGED = 30
KIND, FAMILY, WORDS = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
Index = QModelIndex | QPersistentModelIndex


def about(kind: type[Layer]) -> list[str]:
    """What a layer does, from its docstring: paragraphs without line breaks."""
    text = inspect.getdoc(kind) or kind.__name__
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def tip(kind: type[Layer]) -> str:
    """The tool tip of a layer type."""
    first, *more = about(kind)
    rest = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in more)
    return f"<p><b>{kind.__name__}</b></p><p>{escape(first)}</p>{rest}"


def _icon(kind: str, family: str) -> str:
    return layer_icon_name(Block.__name__ if kind in BLOCKS else kind, family)


class TileDelegate(QStyledItemDelegate):
    """Paints captions, and tiles with the family's stripe and the layer's icon."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        scale = self._theme.scale
        if index.data(KIND):
            return QSize(100, round(30 * scale))
        return QSize(100, round((28 if index.row() else 22) * scale))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect)
        if index.data(KIND):
            self._paint_tile(painter, area.adjusted(1.5, 1.5, -1.5, -1.5), option, index)
        else:
            painter.setPen(QColor(self._theme.colours.soft))
            painter.setFont(self._theme.font(12, bold=True))
            painter.drawText(area.adjusted(2, 0, 0, -4), Qt.AlignmentFlag.AlignBottom, index.data())
        painter.restore()

    def _paint_tile(self, painter: QPainter, area: QRectF, option: QStyleOptionViewItem, index: Index) -> None:
        colours, scale = self._theme.colours, self._theme.scale
        family = colours.family(index.data(FAMILY))
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected) and bool(state & QStyle.StateFlag.State_HasFocus)
        under = bool(state & QStyle.StateFlag.State_MouseOver)
        edge = QColor(colours.accent) if chosen else (family if under else QColor(colours.hairline))
        painter.setPen(QPen(edge, 2 if chosen else 1))
        painter.setBrush(colours.tint(index.data(FAMILY), 0.10) if under else QColor(colours.panel))
        painter.drawRoundedRect(area, FIELD_RADIUS, FIELD_RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(family)
        painter.drawRoundedRect(QRectF(area.left() - 0.5, area.top() - 0.5, 5, area.height() + 1), 2, 2)
        painter.setPen(QColor(colours.text))
        painter.setFont(self._theme.font(13))
        size = 16 * scale
        words = area.adjusted(15, 0, -size - 10, 0)
        name = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)
        place = QRectF(area.right() - size - 8, area.center().y() - size / 2, size, size)
        paint_icon(painter, _icon(index.data(KIND), index.data(FAMILY)), family, place)


class TileList(QListWidget):
    """The tiles. Enter or a double-click chooses one; a drag carries its type name."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setItemDelegate(TileDelegate(theme, self))
        self.setAccessibleName("Layers to add")
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemDoubleClicked.connect(self._choose)
        for title, families in GROUPS:
            kinds = [kind for kind in LAYERS.values() if kind.family in families]
            if kinds:
                self._add_group(title, sorted(kinds, key=lambda kind: families.index(kind.family)))
        self._add_blocks()

    def _add_group(self, title: str, kinds: Sequence[type[Layer]]) -> None:
        caption = QListWidgetItem(title, self)
        caption.setFlags(Qt.ItemFlag.NoItemFlags)
        for kind in kinds:
            item = QListWidgetItem(kind.__name__, self)
            item.setData(KIND, kind.__name__)
            item.setData(FAMILY, kind.family)
            item.setData(WORDS, f"{kind.__name__} {title} {' '.join(about(kind))}".casefold())
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, about(kind)[0])
            item.setToolTip(tip(kind))

    def _add_blocks(self) -> None:
        """The blocks that come with the program: a tile each, with its source in the tool tip."""
        caption = QListWidgetItem(BLOCKS_TITLE, self)
        caption.setFlags(Qt.ItemFlag.NoItemFlags)
        for block in BLOCKS.values():
            item = QListWidgetItem(block.title, self)
            item.setData(KIND, block.kind)
            item.setData(FAMILY, Block.family)
            item.setData(WORDS, f"{block.title} {block.kind} {BLOCKS_TITLE} {block.about} {block.source}".casefold())
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, block.about)
            item.setToolTip(f"<p><b>{escape(block.title)}</b></p><p>{escape(block.about)}</p>"
                            f"<p>{escape(block.source)}</p>")

    def filter(self, text: str) -> None:
        """Show only what fits the words; names that begin with them become current."""
        words = text.casefold().split()
        caption, shown = None, []
        for item in map(self.item, range(self.count())):
            if not item.data(KIND):
                caption = item
                caption.setHidden(bool(words))
                continue
            fits = all(word in item.data(WORDS) for word in words)
            item.setHidden(not fits)
            if fits:
                shown.append(item)
                if caption is not None:
                    caption.setHidden(False)
        shown.sort(key=lambda item: (not item.text().casefold().startswith(text.casefold().strip()),
                                     text.casefold().strip() not in item.text().casefold()))
        if shown and words:
            self.setCurrentItem(shown[0])
        else:
            self.setCurrentRow(-1)

    def visible_kinds(self) -> list[str]:
        """The types shown now."""
        items = [self.item(row) for row in range(self.count())]
        return [item.data(KIND) for item in items if item.data(KIND) and not item.isHidden()]

    def choose_current(self) -> None:
        """Choose the current tile, as Enter does."""
        self._choose(self.currentItem())

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(KIND) and not item.isHidden():
            self.chosen.emit(item.data(KIND))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose_current()
        else:
            super().keyPressEvent(event)

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        return layer_data(items[0].data(KIND))

    def startDrag(self, supported: Qt.DropAction) -> None:
        item = self.currentItem()
        if item is None or not item.data(KIND):
            return
        drag = QDrag(self)
        drag.setMimeData(self.mimeData([item]))
        drag.setPixmap(self._picture(item))
        drag.setHotSpot(QPoint(DRAGGED // 2, DRAGGED // 2))
        drag.exec(Qt.DropAction.CopyAction)

    def _picture(self, item: QListWidgetItem) -> QPixmap:
        """What hangs at the mouse while a tile is dragged: small, for the canvas shows where it would go."""
        ratio, size = self.devicePixelRatioF(), DRAGGED
        picture = QPixmap(QSize(size, size) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        colours, family = self._theme.colours, item.data(FAMILY)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours.family(family), 1.5))
        painter.setBrush(colours.tint(family, 0.16))
        painter.drawRoundedRect(QRectF(1, 1, size - 2, size - 2), FIELD_RADIUS, FIELD_RADIUS)
        name = _icon(item.data(KIND), family)
        paint_icon(painter, name, colours.family(family), QRectF(6, 6, size - 12, size - 12))
        painter.end()
        return picture


class Palette(QFrame):
    """Search field and tiles. `chosen(type)` when one should be added to the network."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palettePanel")
        self.setMinimumWidth(150)
        self._theme = theme
        self.search = _Search(self, theme)
        self.tiles = TileList(theme, self)
        self.tiles.chosen.connect(self.chosen)
        self.search.textChanged.connect(self.tiles.filter)
        self.search.returnPressed.connect(self._take)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 6)
        column.setSpacing(4)
        column.addWidget(self.search)
        column.addWidget(self.tiles)
        theme.changed.connect(self._paint)

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _take(self) -> None:
        if self.search.text().strip():
            self.tiles.choose_current()
            self.search.selectAll()

    def _paint(self) -> None:
        self.search.update()
        self.tiles.doItemsLayout()


class _Search(QLineEdit):
    """Down goes into the tiles, Esc empties the field."""

    def __init__(self, palette: Palette, theme: Theme) -> None:
        super().__init__(palette)
        self._palette, self._theme = palette, theme
        self.setPlaceholderText("Find a layer")
        self.setAccessibleName("Find a layer")
        self.setToolTip("Type to find a layer, Enter adds it to the network")
        self.setProperty("field", True)
        self.setTextMargins(22, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        place = QRectF(9, self.height() / 2 - 8, 16, 16)
        paint_icon(painter, "search", QColor(self._theme.colours.faint), place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        tiles = self._palette.tiles
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            tiles.setFocus(Qt.FocusReason.TabFocusReason)
            if tiles.currentItem() is None or tiles.currentItem().isHidden():
                first = next((row for row in range(tiles.count()) if tiles.item(row).data(KIND)
                              and not tiles.item(row).isHidden()), -1)
                tiles.setCurrentRow(first)
        else:
            super().keyPressEvent(event)

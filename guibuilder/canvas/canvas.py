"""The canvas as one widget: the drawing, the overview, the cards and lists over it."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.graph.block import Block
from core.graph.cost import Cost
from guibuilder.canvas.accessible import describe_view, tell
from guibuilder.canvas.accessible_tree import make_readable
from guibuilder.canvas.actions import CanvasActions
from guibuilder.canvas.breadcrumb import Breadcrumb
from guibuilder.canvas.conversation import Conversation
from guibuilder.canvas.error_card import ErrorCard
from guibuilder.canvas.hint import Hint
from guibuilder.canvas.keys import Keys
from guibuilder.canvas.minimap import MiniMap
from guibuilder.canvas.picker import Picker
from guibuilder.canvas.quick_add import QuickAdd
from guibuilder.canvas.rename import Rename
from guibuilder.canvas.scene import NetworkScene
from guibuilder.canvas.view import NetworkView
from guibuilder.document import Change, Document, Path, Selection
from guibuilder.theme import Theme

_RING = 2
_MINIMAP_MARGIN = 12


class Canvas(QWidget):
    """Draws the document's network and lets hands and keys edit it; `commands` is everything it can be told to do."""

    edit_requested = Signal(str)
    templates_requested = Signal()
    menu_requested = Signal(QPoint)
    message = Signal(str)
    zoom_changed = Signal(float)

    def __init__(self, document: Document, selection: Selection, theme: Theme,
                 cost_of: Callable[[], Cost] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document, self.selection = document, selection
        self.commands = CanvasActions(document, selection, self)
        self.scene = NetworkScene(document, selection, theme, cost_of)
        self.view = NetworkView(self.scene, self.commands, self)
        style = self.scene.style_now
        self.picker, self.card = Picker(self.view, style), ErrorCard(self.view, document, style)
        self.breadcrumb = Breadcrumb(document, theme)
        self.rename, self.minimap = Rename(self.view, document), MiniMap(self.view, self.scene)
        self.hint = Hint(self.view.viewport(), style)
        self.quick_add = QuickAdd(self.view, self.picker)
        self.conversation = Conversation(self.view, self.card)
        self.commands.attach(self.view, self.quick_add, self.rename, self.minimap, self.card)
        self._keys = Keys(self.view, self.commands)
        self._fits, self._ring, self._zoom = True, False, 0.0
        self._seen: dict[Path, tuple[float, QPointF]] = {}
        self._shown: Path = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(_RING, _RING, _RING, _RING)
        column.setSpacing(0)
        column.addWidget(self.breadcrumb)
        column.addWidget(self.view)
        self.setFocusProxy(self.view)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(0)
        self._settle.timeout.connect(self._follow)
        self._wire_up(theme)
        make_readable(self.view)
        describe_view(self.view)
        self._follow()

    def _wire_up(self, theme: Theme) -> None:
        view = self.view
        view.layer_wanted.connect(self.quick_add.open)
        view.search_wanted.connect(self.commands.quick_add)
        self.scene.edges_selected.connect(lambda: describe_view(self.view))
        view.edit_requested.connect(self._enter)
        view.menu_requested.connect(self.menu_requested)
        view.refused.connect(self.message)
        view.looked_elsewhere.connect(self._settle.start)
        view.focus_changed.connect(self._show_ring)
        self.breadcrumb.left.connect(self._leave)
        self.commands.edit_requested.connect(self.edit_requested)
        self.commands.said.connect(self._refuse)
        self.rename.refused.connect(self._refuse)
        self.rename.finished.connect(view.setFocus)
        self.card.dismissed.connect(view.setFocus)
        self.minimap.moved.connect(view.camera.centre_on)
        self.hint.templates_requested.connect(self.templates_requested)
        self.scene.refreshed.connect(self._settle.start)
        self.scene.leaving.connect(self._remember)
        self.selection.changed.connect(self._select)
        self.document.changed.connect(self._changed)
        theme.changed.connect(self._restyle)

    # following --------------------------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        if change.elsewhere:
            self._show_level(change)
        describe_view(self.view)

    def _show_level(self, change: Change) -> None:
        """Another drawing: where one was looked at before, as it was then; else all of it."""
        if change.loaded:
            self._seen.clear()
        self._shown = change.path
        known = self._seen.get(change.path)
        if known is None:
            self.fit_soon()
        else:
            self.view.camera.zoom_to(known[0])
            self.view.camera.centre_on(known[1])
        self.breadcrumb.refresh()

    def _remember(self) -> None:
        """Where the camera looks, before the drawing changes or gives way to another one."""
        self._seen[self._shown] = (self.view.camera.zoom, self.view.camera.visible().center())

    def _leave(self, levels: int) -> None:
        self.commands.close_block(levels)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _enter(self, key: str) -> None:
        """A double-click: into a block, or to the settings of a layer."""
        if isinstance(self.document.network.nodes[key].layer, Block):
            self.commands.open_block(key)
        else:
            self.edit_requested.emit(key)

    def fit_soon(self) -> None:
        """Show the whole drawing as soon as the size of the canvas is known."""
        self._fits = True
        self._settle.start()

    def _follow(self) -> None:
        """What depends on where the camera looks: once after a burst of changes."""
        if self._fits and self.isVisible() and self.width() > 40:
            self._fits = False
            self.commands.fit_all()
        self.hint.show_for(self.document.network)
        self.minimap.show_view(self.view.camera.visible())
        self.minimap.move(self.view.width() - self.minimap.width() - _MINIMAP_MARGIN,
                          self.view.height() - self.minimap.height() - _MINIMAP_MARGIN)
        self.conversation.follow()
        if self.view.camera.zoom != self._zoom:
            self._zoom = self.view.camera.zoom
            self.zoom_changed.emit(self._zoom)

    def _select(self, ids: tuple[str, ...]) -> None:
        describe_view(self.view)
        if len(ids) == 1 and self.view.gesture is None:
            self.commands.reveal(ids[0])
        self.update()

    def _refuse(self, reason: str) -> None:
        """Say in the middle of the canvas, and to whoever listens, why something was not done."""
        where = self.rename.geometry().bottomLeft() if self.rename.isVisible() else self.view.rect().center()
        self.view.tag.say(reason, where, "error")
        self.view.tag.linger()
        tell(self.view, reason)
        self.message.emit(reason)

    def _restyle(self) -> None:
        style = self.scene.style_now
        for part in (self.picker, self.card, self.hint, self.view.tag):
            part.restyle(style)
        self.view.viewport().update()
        self.minimap.update()
        self.update()

    # Qt ---------------------------------------------------------------------------------------------------------

    def _show_ring(self, by_keyboard: bool) -> None:
        self._ring = by_keyboard
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._settle.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        style = self.scene.style_now
        painter.fillRect(self.rect(), style.canvas)
        if self._ring and not self.selection.ids:
            painter.setPen(QPen(style.accent, 2 * _RING))
            painter.drawRect(self.rect())
        painter.end()

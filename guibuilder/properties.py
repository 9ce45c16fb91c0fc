"""The right side: what is selected, its settings, its shapes with the arithmetic, its cost; or the whole network."""

from collections.abc import Iterable
from functools import partial
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from core.errors import CoreError
from core.graph import block as blocks
from core.graph.network import Node
from core.layers import LAYERS
from core.settings import Setting, settings_of
from guibuilder.cost_facts import cost_lines
from guibuilder.document import Change, Document, Selection
from guibuilder.fields import shown
from guibuilder.forms import Form
from guibuilder.layer_table import LayerTable
from guibuilder.network_page import NetworkPage
from guibuilder.node_facts import shape_lines
from guibuilder.properties_parts import Block, NameRow, caption, explanation
from guibuilder.theme import Theme

ALWAYS = ("frozen", "bypassed")


class NodePage(QWidget):
    """One selected layer, or several of one type."""

    revealed = Signal(str)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._theme = document, theme
        self._ids: tuple[str, ...] = ()
        self._kind = ""
        self.form: Form | None = None
        self.name = NameRow(theme)
        self.name.renamed.connect(self._rename)
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setProperty("soft", True)
        self.name.help_toggled.connect(self._tell)
        self.training = QLabel()
        self.training.setWordWrap(True)
        self.training.setProperty("faint", True)
        self.shape, self.cost = Block(theme), Block(theme)
        self.shape.linkActivated.connect(self.revealed)
        self.inside_caption, self.inside = caption("Inside"), LayerTable(document, theme)
        self.inside.setAccessibleName("Layers of the block")
        self.inside.revealed.connect(self._open_at)
        self.open = QPushButton("Open block")
        self.open.setToolTip("Show what lies inside, to see and change it (Enter)")
        self.open.clicked.connect(self._open_block)
        self._slot = QVBoxLayout()
        self._slot.setContentsMargins(0, 8, 0, 0)
        self.shape_caption, self.cost_caption = caption("Shape"), caption("Cost")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(6)
        self.about.setContentsMargins(0, 0, 0, 6)
        self.cost_why = self.cost.make_button()
        for widget in (self.name, self.about, self.training, self.shape_caption, self.shape, self.cost_caption,
                       self.cost, self.cost_why, self.inside_caption, self.inside, self.open):
            self._column.addWidget(widget)
        self._column.addLayout(self._slot)
        self._column.addStretch(1)
        theme.changed.connect(self.refresh)

    def set_extra(self, widget: QWidget, *, above_cost: bool = False) -> None:
        """Put a widget below, such as the pictures of a layer's filters, or between shape and cost."""
        if above_cost:
            self._column.insertWidget(self._column.indexOf(self.cost_caption), widget)
        else:
            self._slot.addWidget(widget)

    def show_nodes(self, ids: tuple[str, ...]) -> None:
        """Show these nodes; the form is kept where the types are the same."""
        nodes = [self._document.network.nodes[key] for key in ids]
        kinds = {node.type for node in nodes}
        kind = kinds.pop() if len(kinds) == 1 else ""
        if kind != self._kind or ids != self._ids or self.form is None:
            self.name.take()
            self._ids, self._kind = ids, kind
            self._make_form(nodes)
        self.refresh()

    def _make_form(self, nodes: list[Node]) -> None:
        old, form = self.form, Form(self._settings(nodes), self)
        form.changed.connect(partial(self._change, form, self._ids))
        self._column.insertWidget(self._column.indexOf(self.shape_caption), form)
        self.form = form
        if old is not None:
            # What is half typed there is taken now, for the layers it was typed for.
            old.finish()
            old.hide()
            self._column.removeWidget(old)
            old.deleteLater()

    def _settings(self, nodes: list[Node]) -> Iterable[Setting]:
        """The settings to show: the layer's own first; those every layer has only where they mean something."""
        layer = nodes[0].layer
        if self._kind not in LAYERS and not isinstance(layer, blocks.Block):
            return []
        declared = settings_of(layer)
        hidden = set(ALWAYS if layer.ports[1] == 0 else ())
        if not any(self._learns(node) for node in nodes):
            hidden.add("frozen")
        own = [setting for name, setting in declared.items() if name not in ALWAYS]
        return own + [declared[name] for name in ALWAYS if name in declared and name not in hidden]

    def _learns(self, node: Node) -> bool:
        """Whether a layer has arrays, or may have."""
        gets = self._document.inference.inputs.get(node.id)
        return gets is None or isinstance(node.layer, blocks.Block) or bool(node.layer.arrays(*gets))

    def refresh(self) -> None:
        """Show values, shapes and cost as they are."""
        nodes = [self._document.network.nodes[key] for key in self._ids if key in self._document.network.nodes]
        if not nodes:
            return
        self._show_values(nodes)
        first = nodes[0]
        single = len(nodes) == 1
        self.name.show_name(first.name if single else f"{len(nodes)} layers", self._kind, first.layer.family, single)
        self._tell()
        for widget in (self.shape, self.shape_caption):
            widget.setVisible(single)
        if single:
            self.shape.show_lines(shape_lines(self._document.inference, first))
        batch = self._document.project.options.batch_size
        self.cost.show_lines(cost_lines(self._document.inference, self._document.cost, nodes, batch))
        self.cost_why.setVisible(self.cost.explains)
        self._show_inside(first.id if single and isinstance(first.layer, blocks.Block) else None)

    def _show_inside(self, block: str | None) -> None:
        """The layers of a block, and how to get to them."""
        for widget in (self.inside_caption, self.inside, self.open):
            widget.setVisible(block is not None)
        if block is not None:
            self.inside.rows.show_inside(block)
            self.inside.refresh()

    def _open_block(self) -> None:
        """Open the block that is shown."""
        if len(self._ids) == 1:
            self._document.open((*self._document.path, self._ids[0]))

    def _open_at(self, inner: str) -> None:
        """Open the block that is shown at one of its layers."""
        self._open_block()
        self.revealed.emit(inner)

    def _show_values(self, nodes: list[Node]) -> None:
        if self.form is None or not self._kind:
            return
        for name in self.form.editors:
            values = [getattr(node.layer, name) for node in nodes]
            if all(value == values[0] for value in values):
                self.form.show_values({name: values[0]})
            else:
                self.form.show_several(name)

    def _tell(self, *_: object) -> None:
        """What the layer does, in short or in full."""
        node = self._document.network.nodes.get(self._ids[0]) if self._ids else None
        if node is None:
            return
        if not self._kind:
            self.about.setText("They are of different types. Select layers of one type to set them together.")
        else:
            self.about.setText(explanation(node.layer, self.name.help_wanted))
        differs = node.layer.differs_in_training if self._kind else ""
        self.training.setText(f"<b>Differs in training.</b> {escape(differs)}" if differs else "")
        self.training.setVisible(bool(differs))

    def _change(self, form: Form, ids: tuple[str, ...], name: str, value: object) -> None:
        """Change one setting of all layers that a form is for, as one edit."""
        network = self._document.network
        nodes = [network.nodes[key] for key in ids if key in network.nodes]
        if not nodes:
            return
        try:
            for node in nodes:
                network = network.change(node.id, **{name: value})
        except CoreError as error:
            form.say(name, error.message)
            return
        setting = form.editors[name].setting
        who = nodes[0].name if len(nodes) == 1 else f"{len(nodes)} layers"
        self._document.edit(f"{who}: {setting.label.lower()} {shown(setting, value)}", network=network,
                            merge=f"{','.join(ids)}.{name}.{form.session}")

    def _rename(self, text: str) -> None:
        if len(self._ids) != 1 or self._ids[0] not in self._document.network.nodes:
            return
        try:
            network = self._document.network.rename(self._ids[0], text)
        except CoreError as error:
            self.name.say(error.message)
            return
        self.name.say("")
        self._document.edit(f"Rename to {text.strip()}", network=network)


class Properties(QFrame):
    """The panel: the page of the selected layers, or of the network where nothing is selected."""

    revealed = Signal(str)

    def __init__(self, document: Document, selection: Selection, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("propertiesPanel")
        self.setAccessibleName("Properties")
        self._document, self._selection = document, selection
        self.node_page, self.network_page = NodePage(document, theme), NetworkPage(document, theme)
        self._pages = QStackedWidget()
        for page in (self.node_page, self.network_page):
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setWidget(page)
            self._pages.addWidget(area)
            page.revealed.connect(self._reveal)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        selection.changed.connect(self.refresh)
        document.changed.connect(self._follow)
        self.refresh()

    def set_extra(self, widget: QWidget, *, above_cost: bool = False) -> None:
        """Put a widget below the cost of the selected layer, or above it."""
        self.node_page.set_extra(widget, above_cost=above_cost)

    def focus_name(self) -> None:
        """Let the person rename what is shown."""
        self._page().name.edit()

    def focus_settings(self) -> None:
        """Put the cursor into the first setting."""
        form = self.node_page.form
        if self._selection.ids and form is not None and form.editors:
            first = next(iter(form.editors.values()))
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if hasattr(first, "selectAll"):
                first.selectAll()

    def toggle_help(self) -> None:
        """Show or hide the whole explanation of the layer."""
        self.node_page.name.toggle_help()

    def _page(self) -> NodePage | NetworkPage:
        return self.node_page if self._selection.ids else self.network_page

    def _reveal(self, node: str) -> None:
        self._selection.set([node])
        self.revealed.emit(node)

    def _follow(self, change: Change) -> None:
        if any(change.touched(part) for part in ("network", "options", "notes")):
            self.refresh()

    def refresh(self, *_: object) -> None:
        """Show what is selected."""
        ids = self._selection.ids
        self._pages.setCurrentIndex(0 if ids else 1)
        if ids:
            self.node_page.show_nodes(ids)
        else:
            self.network_page.refresh()

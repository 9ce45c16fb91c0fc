"""How the selected layer is computed: its kernel, why that one, and which layers run in one step with it."""

from collections.abc import Iterable
from html import escape
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.graph import block as blocks
from core.graph.expand import expanded
from core.graph.network import Network, Node
from core.worker.messages import KernelUse, LookAtKernels
from guibuilder.background import Worker
from guibuilder.document import Change, Document, Selection
from guibuilder.node_facts import Line
from guibuilder.properties_parts import Block, caption
from guibuilder.theme import Theme
from guibuilder.words import plural

_SETTLE = 150
_MOST_NAMES = 4
_WAITING = "the engine gets ready …"
_TOGETHER = ("Layers of one step run on a few pictures at a time, one right after the other, so that the numbers "
             "between them never leave the processor's cache.")


class KernelPart(QWidget):
    """Asks the worker, which knows the engine, once for the whole network; nothing need be trained for it."""

    def __init__(self, document: Document, selection: Selection, theme: Theme, worker: Worker,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._selection, self._worker = document, selection, worker
        self._asked: Any = None
        self._known: dict[str, KernelUse] = {}
        self._sentence = _WAITING
        self.block = Block(theme)
        self.block.setAccessibleName("How this layer is computed")
        self.why = self.block.make_button()
        self.why.setText("Explain")
        self.why.setAccessibleName("Explain this kernel")
        self.why.setToolTip("Show what the kernel does")
        head = QHBoxLayout()
        head.addWidget(caption("Computed by"), 1)
        head.addWidget(self.why, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.block)
        self._timer = QTimer(self, singleShot=True, interval=_SETTLE)
        self._timer.timeout.connect(self._ask)
        document.changed.connect(self._follow)
        selection.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        worker.died.connect(self._died)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the selected layer; nothing for Inputs, ports of blocks and several layers at once."""
        key = self._selection.only
        node = self._document.network.nodes.get(key) if key is not None else None
        if node is None or node.layer.ports[1] == 0 or blocks.is_port(node):
            self.hide()
            return
        self.show()
        self._ask_soon()
        self.block.show_lines(self._lines(node))
        self.why.setVisible(self.block.explains)

    def _lines(self, node: Node) -> list[Line]:
        if not self._document.whole.runs:
            return [Line("known once the network can run", "soft")]
        if not self._known:
            return [Line(escape(self._sentence), "soft")]
        name = "/".join((*self._document.block_names, node.name))
        if isinstance(node.layer, blocks.Block):
            return _inside_lines(use for each, use in self._known.items() if each.startswith(f"{name}/"))
        use = self._known.get(name)
        return [Line(_WAITING, "soft")] if use is None else _lines_of(name, use)

    # question and answer ------------------------------------------------------------------------------------------

    def _wanted(self) -> tuple[Network, str, bool]:
        project = self._document.project
        return project.network, project.options.loss, project.options.precise

    def _ask_soon(self) -> None:
        if self.isVisible() and self._document.whole.runs and not _same(self._asked, self._wanted()):
            self._timer.start()

    def _ask(self) -> None:
        wanted = self._wanted()
        if not self._document.whole.runs or _same(self._asked, wanted):
            return
        self._asked = wanted
        self._worker.ask(LookAtKernels(0, expanded(wanted[0]), *wanted[1:]),
                         lambda found: self._answered(wanted, found),
                         lambda message, details: self._refused(wanted, message))

    def _answered(self, wanted: object, found: dict[str, KernelUse]) -> None:
        if wanted is self._asked:
            self._known = found
            self.refresh()

    def _refused(self, wanted: object, message: str) -> None:
        if wanted is self._asked:
            self._known, self._sentence = {}, message
            self.refresh()

    def _died(self, message: str) -> None:
        """Ask the next worker when somebody looks again."""
        self._asked, self._sentence = None, _WAITING

    def _follow(self, change: Change) -> None:
        if change.loaded:
            self._known, self._sentence = {}, _WAITING
        if change.loaded or any(change.touched(part) for part in ("network", "options")):
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self._ask_soon()


def _same(before: tuple[Network, str, bool] | None, now: tuple[Network, str, bool]) -> bool:
    """Whether the answer can be no other one: places on the canvas do not matter."""
    if before is None or before[1:] != now[1:]:
        return False
    return before[0] is now[0] or _drawn(before[0]) == _drawn(now[0])


def _drawn(network: Network) -> tuple[object, ...]:
    flat = expanded(network)
    return {key: (node.name, node.layer, node.output) for key, node in flat.nodes.items()}, flat.edges


def _lines_of(name: str, use: KernelUse) -> list[Line]:
    """The kernel and its reason; of a layer that another one takes along, that one first."""
    first, others = use.together[0], [each for each in use.together if each != name]
    kernel = f"<b>{escape(use.kernel)}</b> – {escape(use.reason)}"
    if not others:
        return [Line(kernel, why=use.about)]
    together = "in one step with " + " and ".join(escape(each.rpartition("/")[2]) for each in others)
    if first == name:
        return [Line(kernel, why=use.about), Line(together, "soft", _TOGETHER)]
    return [Line(together, why=_TOGETHER), Line(f"{escape(first.rpartition('/')[2])}: {kernel}", "soft", use.about)]


def _inside_lines(uses: Iterable[KernelUse]) -> list[Line]:
    """The kernels of a block's layers, each with the layers that decide for it."""
    kernels: dict[str, dict[str, KernelUse]] = {}
    for use in uses:
        kernels.setdefault(use.kernel, {})[use.together[0].rpartition("/")[2]] = use
    lines = []
    for kernel, deciding in kernels.items():
        names = list(deciding)
        rest = len(names) - _MOST_NAMES
        listed = ", ".join(names[:_MOST_NAMES]) + (f" and {plural(rest, 'more layer')}" if rest > 0 else "")
        about = next(iter(deciding.values())).about
        lines.append(Line(f"<b>{escape(kernel)}</b> {escape(listed)}", "text", about))
    return lines or [Line(_WAITING, "soft")]

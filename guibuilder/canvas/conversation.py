"""When the card about a problem opens and closes."""

from PySide6.QtCore import QObject, QTimer

from core.graph.shapes import Problem
from guibuilder.canvas.error_card import ErrorCard
from guibuilder.canvas.hits import Hit, Part
from guibuilder.canvas.look import CALM, worst_problem
from guibuilder.canvas.view import NetworkView

_PATIENCE = 350


class Conversation(QObject):
    """The card opens for a selected node with an error, and where the cursor is at a badge.

    Esc closes it until another node is selected or the problem is another one. A wire that is still to be drawn is no
    reason to get in the way: such a card opens at the badge only.
    """

    def __init__(self, view: NetworkView, card: ErrorCard) -> None:
        super().__init__(view)
        self._view, self._card = view, card
        self._hovered = False
        self._silenced: Problem | None = None
        self._away = QTimer(self)
        self._away.setSingleShot(True)
        self._away.setInterval(_PATIENCE)
        self._away.timeout.connect(self._leave)
        view.hovered.connect(self._hover)
        view.badge_touched.connect(self._touch)
        view.gesture_began.connect(card.hide)
        view.gesture_ended.connect(self.follow)
        view.drawing.selection.changed.connect(self._select)
        card.dismissed.connect(self._silence)

    def follow(self) -> None:
        """The drawing, the selection or the camera changed: open, move or close the card."""
        if self._view.gesture is not None:
            return
        selected = self._view.selection.only
        if selected is not None and self._calls(selected):
            self._hovered = self._hovered and self._card.node == selected
            self._open(selected)
        elif self._card.isVisible():
            self._reopen()

    def _calls(self, node: str) -> bool:
        """Whether the card of a selected node opens by itself."""
        problem = worst_problem(self._view.document.inference.problems_of(node))
        return (problem is not None and problem.severity == "error" and problem.code not in CALM
                and problem != self._silenced)

    def _reopen(self) -> None:
        node = self._card.node
        if node in self._view.drawing.nodes and (self._hovered or self._card.in_use()):
            self._open(node)
        else:
            self._card.forget()

    def _open(self, node: str) -> None:
        if self._card.about(node):
            body = self._view.drawing.nodes[node].body()
            self._card.place(self._view.camera.screen_rect(body))
        else:
            self._card.forget()

    def _hover(self, hit: Hit) -> None:
        if hit.part is Part.BADGE:
            self._touch(hit.node)
        elif self._hovered and hit.node != self._card.node:
            if not self._away.isActive():
                self._away.start()
        else:
            self._away.stop()

    def _touch(self, node: str) -> None:
        self._away.stop()
        if self._view.gesture is None:
            self._silenced = None
            self._hovered = True
            self._open(node)

    def _leave(self) -> None:
        if self._card.underMouse():
            self._away.start()
            return
        self._hovered = False
        if not (self._card.node == self._view.selection.only and self._calls(self._card.node)):
            self._card.forget()

    def _select(self, ids: tuple[str, ...]) -> None:
        self._silenced = None
        if self._card.node not in ids:
            self._hovered = False
            self._card.forget()
        self.follow()

    def _silence(self) -> None:
        self._silenced, self._hovered = self._card.problem, False
        self._card.forget()

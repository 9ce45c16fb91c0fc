"""What the window shows: tabs, panels, full screen, presentation, the start screen, and where the focus goes."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from guibuilder.bench import Bench
from guibuilder.layouts import TABS
from guibuilder.theme import SCALES

PRESENTATION_SCALE = 1.5
FRONT = {"train": "Training", "inspect": "Feature maps"}


class Looking(Bench):
    """The parts of the window, and what can be done with how they are shown."""

    presenting = False
    _scale_before = 1.0
    _hidden: Sequence[str] = ()

    @property
    def tab(self) -> int:
        """Which of Build, Train and Inspect is shown."""
        return self.layouts.tab

    def show_tab(self, tab: int) -> None:
        """Give room to what a tab is about: drawing, training, or looking inside."""
        self.leave_start()
        whole = self.canvas.view.camera.visible().contains(self.canvas.scene.bounds())
        self.layouts.show(tab)
        self.header.show_tab(tab)
        if whole:
            # Who saw the whole drawing wants to see it still, in the room there is now.
            QTimer.singleShot(0, self.canvas.fit_soon)
        front = FRONT.get(TABS[tab])
        if front is not None:
            self.lower.show_tab(front)

    def toggle(self, panel: str) -> None:
        """Show or hide a panel."""
        self.layouts.toggle(panel)

    def ensure(self, panel: str) -> None:
        """Show a panel."""
        if not self.layouts.is_shown(panel):
            self.layouts.toggle(panel)

    def is_shown(self, panel: str) -> bool:
        """Whether a panel is shown."""
        return self.layouts.is_shown(panel)

    def forget_layout(self) -> None:
        """Bring the panels back to their usual places."""
        self.layouts.forget()

    # the start screen -------------------------------------------------------------------------------------------

    def show_start(self) -> None:
        """Ask what to build."""
        self.pages.setCurrentWidget(self.start)
        self.start.focus_first()

    def leave_start(self) -> None:
        """Go to the network."""
        if self.pages.currentWidget() is self.start:
            self.pages.setCurrentIndex(0)
            self.canvas.setFocus()

    @property
    def starting(self) -> bool:
        """Whether the start screen is shown."""
        return self.pages.currentWidget() is self.start

    # the whole window -------------------------------------------------------------------------------------------

    @property
    def full_screen(self) -> bool:
        """Whether the window fills the screen."""
        return self.window.isFullScreen()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or stop doing so."""
        self.window.setWindowState(self.window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def toggle_presentation(self) -> None:
        """Full screen with larger text, for a projector; or back."""
        self.presenting = not self.presenting
        if self.presenting:
            self._scale_before = self.theme.scale
            self.theme.set_scale(max(PRESENTATION_SCALE, self.theme.scale), remember=False)
            self._hidden = [panel for panel in ("palette",) if self.is_shown(panel)]
            for panel in self._hidden:
                self.toggle(panel)
        else:
            for panel in self._hidden:
                self.ensure(panel)
            self.theme.set_scale(self._scale_before if self._scale_before in SCALES else 1.0)
        if self.presenting != self.full_screen:
            self.toggle_full_screen()

    def next_pane(self, by: int) -> None:
        """Move the focus to the next part of the window."""
        every: tuple[QWidget, ...] = (self.start, self.palette, self.canvas, self.properties, self.lower, self.status,
                                      self.header)
        panes = [pane for pane in every if pane.isVisible()]
        focus = QApplication.focusWidget()
        here = next((place for place, pane in enumerate(panes)
                     if focus is not None and (pane is focus or pane.isAncestorOf(focus))), -1 if by > 0 else 0)
        if panes:
            focus_inside(panes[(here + by) % len(panes)])


def focus_inside(pane: QWidget) -> None:
    """Focus a part of the window, or the first thing in it that takes the focus."""
    if pane.focusPolicy() & Qt.FocusPolicy.TabFocus:
        pane.setFocus(Qt.FocusReason.TabFocusReason)
        return
    for child in pane.findChildren(QWidget):
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisibleTo(pane) and child.isEnabled():
            child.setFocus(Qt.FocusReason.TabFocusReason)
            return

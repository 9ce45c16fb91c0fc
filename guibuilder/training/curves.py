"""Loss and accuracy while a network learns: each drawn up to five times in two seconds, and only where it is seen.

They take turns, so that no frame has to wait for both.
"""

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from guibuilder.theme import Theme
from guibuilder.training.history import Figures
from guibuilder.training.plot import Plot

# From one plot to the other, in seconds. Painting takes time from the training on the same processors.
TURN = 0.2
NARROW = 300


class Curves(QWidget):
    """Both plots, side by side or one above the other, drawn again when `refresh` says that figures are new."""

    def __init__(self, theme: Theme, figures: Figures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures, self._epochs = figures, 1.0
        self._pointed: float | None = None
        self._drawn = 0.0
        self.loss, self.accuracy = Plot("loss", "Loss", theme), Plot("accuracy", "Accuracy", theme)
        self._waiting = [self.loss, self.accuracy]
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(16)
        self._layout.addWidget(self.loss, 3)
        self._layout.addWidget(self.accuracy, 2)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._draw)
        for plot in (self.loss, self.accuracy):
            plot.pointed.connect(self._point)
            plot.rescaled.connect(lambda: self.refresh(self._epochs))

    def refresh(self, epochs: float) -> None:
        """The figures are new; `epochs` is where the run will end."""
        self._epochs = epochs
        self._waiting += [plot for plot in (self.loss, self.accuracy) if plot not in self._waiting]
        self._plan()

    def _plan(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            wait = self._drawn + TURN - time.monotonic()
            self._timer.start(max(0, round(wait * 1000)))

    def _draw(self) -> None:
        if not self.isVisible():
            return
        self._drawn = time.monotonic()
        if self._waiting:
            plot = self._waiting.pop(0)
            if plot.isVisible():
                plot.draw(self._figures, self._epochs)
        if self._pointed is not None:
            self._show_pointed()
        if self._waiting:
            self._plan()

    def _point(self, x: float | None) -> None:
        if x != self._pointed:
            self._pointed = x
            self._show_pointed() if x is None else self._plan()

    def _show_pointed(self) -> None:
        for plot in (self.loss, self.accuracy):
            plot.point_at(self._pointed, self._figures)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what happened while nobody looked."""
        super().showEvent(event)
        self._plan()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: no more work."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside each other where there is room; where it is narrow one above the other, or the loss alone."""
        narrow = self.width() < NARROW
        tall = self.height() >= 2 * 130
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._layout.direction() != direction:
            self._layout.setDirection(direction)
        if self.accuracy.isHidden() != (narrow and not tall):
            self.accuracy.setVisible(not narrow or tall)
            self.refresh(self._epochs)
        super().resizeEvent(event)

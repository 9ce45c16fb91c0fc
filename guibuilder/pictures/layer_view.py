"""What a layer puts out: maps as a mosaic, a vector as bars, or a sentence where there is nothing to see."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from core.layers.base import describe
from core.worker.messages import Seen
from guibuilder.pictures.bars import Bars
from guibuilder.pictures.mosaic import Mosaic, signed_number
from guibuilder.theme import Theme


class LayerView(QStackedWidget):
    """Shows the `maps` of what was seen; `hovered` gives the number under the mouse."""

    hovered = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("soft", True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.mosaic = Mosaic(theme, parent=self)
        self.bars = Bars(theme, self)
        for page in (self.sentence, self.mosaic, self.bars):
            self.addWidget(page)
        self.mosaic.hovered.connect(self.hovered)
        self.bars.hovered.connect(self.hovered)
        self.mosaic.setAccessibleName("Feature maps")
        self.bars.setAccessibleName("Values of the layer")

    def say(self, sentence: str) -> None:
        """Show a sentence in place of pictures."""
        self.sentence.setText(sentence)
        self.setCurrentWidget(self.sentence)

    def show_seen(self, seen: Seen, classes: tuple[str, ...] = ()) -> None:
        """Show what a layer puts out."""
        maps = seen.maps
        if maps is None or not maps.size:
            self.say(f"{seen.layer} puts out nothing to look at.")
            return
        least, most = signed_number(float(np.min(maps))), signed_number(float(np.max(maps)))
        text = f"{seen.layer} puts out {describe((seen.channels, *maps.shape[1:]))}, from {least} to {most}."
        if maps.ndim == 3 and maps.shape[1] * maps.shape[2] > 1:
            self.mosaic.set_values(maps, text)
            self.setCurrentWidget(self.mosaic)
        else:
            self.bars.set_values(maps, classes, text)
            self.setCurrentWidget(self.bars)

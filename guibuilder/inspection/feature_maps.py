"""Feature maps: what the selected layer puts out for the picture, as maps or, after Flatten and Dense, as bars."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout

from core.layers.base import describe
from core.worker.messages import Seen
from guibuilder.inspection.base import InspectionView, Needs
from guibuilder.pictures.layer_view import LayerView
from guibuilder.pictures.scale_bar import ScaleBar

LARGEST_CELL = 240.0
ROOM_FOR_SCALE = 400


class FeatureMaps(InspectionView):
    """All maps side by side; a click shows one alone, the mouse reads its numbers."""

    title = "Feature maps"

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs)
        self.caption = QLabel()
        self.caption.setProperty("soft", True)
        self.view = LayerView(needs.theme)
        self.view.mosaic.largest = LARGEST_CELL
        self.scale = ScaleBar(needs.theme)
        self.own = QCheckBox("Own scales")
        self.own.setToolTip("Stretch every map over all colours, so that weak ones show; else all share one")
        self.own.toggled.connect(self._own)
        self.view.hovered.connect(self.hovered)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.caption, 1)
        head.addWidget(self.scale)
        head.addWidget(self.own)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        self.caption.setMinimumWidth(40)

    def show_seen(self, seen: Seen) -> None:
        """The maps, their shape, and the ends of the scale."""
        self.view.show_seen(seen, self.needs.document.project.classes)
        maps = self.view.currentWidget() is self.view.mosaic
        self.own.setVisible(maps)
        self._show_scale()
        if seen.maps is None:
            return
        shown = len(seen.maps)
        first = f", the first {shown} of them" if seen.channels > shown else ""
        self.caption.setText(f"{seen.layer} puts out {describe((seen.channels, *seen.maps.shape[1:]))}{first}")

    def say(self, sentence: str) -> None:
        """A sentence in the place of the maps."""
        self.caption.clear()
        self.scale.hide()
        self.own.hide()
        self.view.say(sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The legend is left out where there is no room for it."""
        super().resizeEvent(event)
        self._show_scale()

    def _own(self, own: bool) -> None:
        self.view.mosaic.set_own_scale(own)
        self._show_scale()

    def _show_scale(self) -> None:
        mosaic = self.view.mosaic
        self.scale.setVisible(self.view.currentWidget() is mosaic and self.width() >= ROOM_FOR_SCALE)
        self.scale.show_scale(mosaic.scale, mosaic.table, own=self.own.isChecked())

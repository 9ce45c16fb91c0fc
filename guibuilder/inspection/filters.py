"""Filters: the weights of a convolution as small pictures, blue below zero, orange above."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout

from core.layers.base import Array
from core.settings import Setting
from core.worker.messages import Seen
from guibuilder.inspection.base import InspectionView, Needs
from guibuilder.pictures.mosaic import Mosaic, signed_number
from guibuilder.pictures.scale_bar import ScaleBar
from guibuilder.text_field import TextField

_EMPTY = "This layer has no filters. Select a Conv2D layer to see its weights as small pictures."


class Filters(InspectionView):
    """One picture per filter, for one of the maps it reads."""

    title = "Filters"

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs)
        self._filters: Array | None = None
        self.caption, self.sentence = QLabel(), QLabel(_EMPTY)
        self.caption.setProperty("soft", True)
        self.sentence.setProperty("soft", True)
        self.sentence.setWordWrap(True)
        self.mosaic = Mosaic(needs.theme, surface=True, what="filter")
        self.mosaic.setAccessibleName("Filters")
        self.scale = ScaleBar(needs.theme)
        self.channel, self._chosen = TextField(_map_number(1)), 1
        self.channel.setFixedWidth(64)
        self.channel.edited.connect(self._choose)
        self.channel_words = QLabel()
        self.channel_words.setProperty("soft", True)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.sentence)
        self.pages.addWidget(self.mosaic)
        self.mosaic.hovered.connect(self.hovered)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.caption, 1)
        self.caption.setMinimumWidth(40)
        head.addWidget(self.channel_words)
        head.addWidget(self.channel)
        head.addWidget(self.scale)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(head)
        column.addWidget(self.pages, 1)

    def show_seen(self, seen: Seen) -> None:
        """The filters of the layer that is looked at."""
        if seen.filters is None:
            self.say(_EMPTY)
            return
        self._filters = seen.filters
        count, channels, height, width = seen.filters.shape
        self._offer(channels)
        self.scale.show()
        self.caption.setText(f"{seen.layer}: {max(seen.channels, count):,} filters of {height}×{width}")
        self.pages.setCurrentWidget(self.mosaic)
        self._draw()

    def say(self, sentence: str) -> None:
        """A sentence in the place of the filters."""
        self.caption.clear()
        self._offer(1)
        self.scale.hide()
        self.sentence.setText(sentence)
        self.pages.setCurrentWidget(self.sentence)

    def _offer(self, channels: int) -> None:
        """Let one choose between the maps that the filters read, where there are several."""
        for widget in (self.channel, self.channel_words):
            widget.setVisible(channels > 1)
        if self.channel.setting.high != channels:
            self.channel.setting = _map_number(channels)
            self.channel_words.setText(f"input map 1–{channels:,}")
            self._chosen = min(self._chosen, channels)
            self.channel.show_value(self._chosen)

    def _choose(self, number: int) -> None:
        self._chosen = number
        self._draw()

    def _draw(self, *_: object) -> None:
        if self._filters is not None:
            values = self._filters[:, min(self._chosen, self._filters.shape[1]) - 1]
            self.mosaic.set_values(values, filter_words(values))
            self.scale.show_scale(self.mosaic.scale, self.mosaic.table)


def _map_number(most: int) -> Setting:
    return Setting("map", 1, "Input map", "Which of the maps that the filters read.", "int", low=1, high=most)


def filter_words(values: Array) -> str:
    """The filters in a sentence, for those who cannot see them."""
    if not len(values):
        return "No filters yet."
    least, most = signed_number(float(values.min())), signed_number(float(values.max()))
    return f"{len(values)} filters of {values.shape[1]}×{values.shape[2]}, from {least} to {most}."

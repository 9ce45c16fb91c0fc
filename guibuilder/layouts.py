"""Where the panels are: one set of sizes per tab (Build, Train, Inspect), remembered between starts."""

from PySide6.QtCore import QEvent, QObject, QSettings, QTimer
from PySide6.QtWidgets import QSplitter, QWidget

from guibuilder.theme import Theme

TABS = ("build", "train", "inspect")
# Palette and properties in pixels, in wide and in narrow windows; canvas and lower panel as shares; what is hidden.
SIDES, NARROW_SIDES = (208, 320), (186, 264)
ROWS = {"build": (66, 34), "train": (38, 62), "inspect": (34, 66)}
HIDDEN = {"build": (), "train": ("palette",), "inspect": ("palette",)}
WIDE = 1200
LARGEST_SCALE = 1.4


class Layouts(QObject):
    """Keeps the splitters of the window as the person left them, for each tab on its own."""

    def __init__(self, columns: QSplitter, rows: QSplitter, panels: dict[str, QWidget], theme: Theme) -> None:
        super().__init__(columns)
        self._columns, self._rows, self._panels, self._theme = columns, rows, panels, theme
        self._scale = theme.scale
        theme.changed.connect(self._rescale)
        self.tab = 0
        self._applied = False
        columns.installEventFilter(self)

    def show(self, tab: int) -> None:
        """Go to a tab, with the sizes it had last."""
        self.keep()
        self.tab = tab
        self._applied = False
        if self._columns.isVisible():
            self._apply()

    def _rescale(self) -> None:
        """Larger text wants wider panels; each text size has sizes of its own."""
        if self._theme.scale != self._scale:
            self.keep()
            self._scale = self._theme.scale
            self._apply()

    def _key(self, what: str) -> str:
        text_size = "" if self._scale == 1.0 else f" at {self._scale * 100:.0f} %"
        return f"layout/{TABS[self.tab]}{text_size}/{what}"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Sizes mean something only once the splitters are seen; while the start screen is shown they wait."""
        if event.type() == QEvent.Type.Show and not self._applied:
            QTimer.singleShot(0, self._apply)
        return super().eventFilter(watched, event)

    def _apply(self) -> None:
        if not self._columns.isVisible():
            return
        self._applied = True
        name = TABS[self.tab]
        kept = QSettings().value(self._key("hidden"), None)
        hidden = HIDDEN[name] if kept is None else [each for each in str(kept).split(",") if each]
        for panel, widget in self._panels.items():
            widget.setVisible(panel not in hidden)
        height = max(1, self._rows.height())
        self._columns.setSizes(_numbers(self._key("columns"), 3) or self._usual_columns())
        self._rows.setSizes(_numbers(self._key("rows"), 2) or _shared(height, ROWS[name], self._scale))

    def _usual_columns(self) -> list[int]:
        width = max(1, self._columns.width())
        wider = min(self._scale, LARGEST_SCALE)
        left, right = (round(side * wider) for side in (SIDES if width >= WIDE else NARROW_SIDES))
        return [left, max(240, width - left - right), right]

    def keep(self) -> None:
        """Remember the sizes of the tab that is shown."""
        if not self._columns.isVisible() or not self._applied:
            return
        settings = QSettings()
        hidden = [panel for panel, widget in self._panels.items() if widget.isHidden()]
        settings.setValue(self._key("hidden"), ",".join(hidden))
        for what, splitter in (("columns", self._columns), ("rows", self._rows)):
            if all(splitter.sizes()):
                settings.setValue(self._key(what), " ".join(map(str, splitter.sizes())))

    def forget(self) -> None:
        """Bring everything back to the usual places."""
        QSettings().remove("layout")
        self._apply()

    def toggle(self, panel: str) -> None:
        """Show or hide a panel."""
        widget = self._panels[panel]
        widget.setVisible(widget.isHidden())
        splitter = self._rows if panel == "panel" else self._columns
        place = splitter.indexOf(widget)
        if not widget.isHidden() and splitter.sizes()[place] < 40:
            sizes = splitter.sizes()
            sizes[place] = widget.sizeHint().width() if splitter is self._columns else self._rows.height() // 3
            splitter.setSizes(sizes)

    def is_shown(self, panel: str) -> bool:
        """Whether a panel is shown."""
        return not self._panels[panel].isHidden()


def _shared(height: int, shares: tuple[int, int], scale: float) -> list[int]:
    """Heights of canvas and lower panel: larger text wants more room below, up to half where it had less."""
    below = max(shares[1], min(50, round(shares[1] * scale)))
    return [height * (100 - below) // 100, height * below // 100]


def _numbers(key: str, count: int) -> list[int] | None:
    """Sizes from the settings; None where there are none, or not that many."""
    texts = str(QSettings().value(key, "")).split()
    if len(texts) != count or not all(text.isdigit() for text in texts):
        return None
    return [int(text) for text in texts]

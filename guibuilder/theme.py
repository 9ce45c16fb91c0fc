"""Colours, fonts and sizes: one light and one dark theme, followed live; every view asks here and nowhere else."""

from dataclasses import asdict, dataclass
from functools import cache

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from core.resources import resource
from guibuilder import icons
from guibuilder.style import style_sheet

GRID = 4
NODE_RADIUS = 8
FIELD_RADIUS = 6
PORT_SIZE = 10
PORT_TARGET = 24
WIRE_WIDTH = 2

CHOICES = ("system", "light", "dark")
SCALES = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5)


@dataclass(frozen=True)
class Colours:
    """One theme's colours, by what they are for. All text colours reach 4.5:1 on the panel, but for `faint` (hints)."""

    dark: bool
    window: str
    panel: str
    canvas: str
    dots: str
    hairline: str
    text: str
    soft: str
    faint: str
    accent: str
    on_accent: str
    error: str
    warning: str
    good: str
    wire: str
    field: str
    convolution: str
    pooling: str
    activation: str
    dense: str
    normalisation: str
    noise: str
    merge: str
    input: str
    output: str
    data_low: str = "#0B63B0"
    data_high: str = "#C8671B"

    def family(self, name: str) -> QColor:
        """The colour of a layer family; `merge` for one that is not known."""
        return QColor(getattr(self, name, self.merge) if name in FAMILIES else self.merge)

    def tint(self, name: str, share: float) -> QColor:
        """A family's colour mixed into the panel: `share` 0 is the panel, 1 the colour."""
        return mix(QColor(self.panel), self.family(name), share)


FAMILIES = ("input", "convolution", "pooling", "activation", "dense", "normalisation", "noise", "merge", "output")

LIGHT = Colours(False, "#F6F7F9", "#FFFFFF", "#FBFCFD", "#E9EDF2", "#D9DEE5", "#1B2430", "#566375", "#8793A3",
                "#1F6FEB", "#FFFFFF", "#C4302B", "#9A6700", "#1A7F4B", "#8A97A8", "#EEF1F5", "#0B63B0", "#00796B",
                "#B45309", "#6D3FC0", "#7A6A00", "#A03060", "#48566A", "#5B6B7F", "#B3261E")
DARK = Colours(True, "#16191E", "#1E2228", "#191D23", "#242A32", "#323943", "#E6EAF0", "#A7B1BF", "#768293", "#58A6FF",
               "#0B1220", "#FF7B72", "#E3B341", "#56D38B", "#6B7889", "#282E36", "#5BA8F0", "#3FBFAE", "#F0A04B",
               "#A98BF0", "#D2BE3C", "#EE85AE", "#93A4BA", "#8FA1B5", "#FF8A80", "#2F7FD0", "#E08A3C")


def mix(base: QColor, over: QColor, share: float) -> QColor:
    """`over` painted on `base` with the given share, as an opaque colour."""
    pairs = ((base.red(), over.red()), (base.green(), over.green()), (base.blue(), over.blue()))
    red, green, blue = (round(below + (above - below) * share) for below, above in pairs)
    return QColor(red, green, blue)


def text_font(size: float = 13, *, bold: bool = False) -> QFont:
    """The system's font in pixels at 100 %; 11 for captions, 12 to 13 for text, 16 for titles."""
    font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
    font.setFamilies(["Inter", "Segoe UI Variable Text", "Segoe UI", "SF Pro Text", "Ubuntu", "Noto Sans",
                      font.family()])
    font.setPixelSize(round(size))
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def number_font(size: float = 12, *, bold: bool = False) -> QFont:
    """The fixed-width font for shapes, counts and formulas."""
    font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    font.setFamilies(["JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas", "DejaVu Sans Mono",
                      font.family()])
    font.setPixelSize(round(size))
    font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    return font


class Theme(QObject):
    """Which colours are shown now and how large text is; follows the system unless the person chose.

    `changed` after every switch. `scale` (1 to 2.5) is for fonts outside the canvas, which has its own zoom.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        settings = QSettings()
        self.choice = str(settings.value("theme", "system"))
        self.scale = _known_scale(settings.value("text scale", 1.0))
        self.colours = LIGHT
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._refresh)
        self._refresh()

    def choose(self, choice: str) -> None:
        """Take `system`, `light` or `dark`, and remember it."""
        self.choice = choice if choice in CHOICES else "system"
        QSettings().setValue("theme", self.choice)
        self._refresh()

    def set_scale(self, scale: float, *, remember: bool = True) -> None:
        """Take a text size, one of `SCALES`; the next start has it too where it is to be remembered."""
        self.scale = _known_scale(scale)
        if remember:
            QSettings().setValue("text scale", self.scale)
        self._refresh()

    def font(self, size: float = 13, *, bold: bool = False) -> QFont:
        """The text font at the chosen text size."""
        return text_font(size * self.scale, bold=bold)

    def number_font(self, size: float = 12, *, bold: bool = False) -> QFont:
        """The fixed-width font at the chosen text size."""
        return number_font(size * self.scale, bold=bold)

    def icon(self, name: str, role: str = "soft") -> QIcon:
        """An icon in one of the theme's colours."""
        return _icon(name, getattr(self.colours, role), self.colours.faint)

    def _refresh(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        dark = self.choice == "dark" or (self.choice == "system" and scheme == Qt.ColorScheme.Dark)
        self.colours = DARK if dark else LIGHT
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setPalette(palette_of(self.colours))
            application.setFont(self.font())
            application.setStyleSheet(style_sheet(style_colours(self.colours), self.scale))
        self.changed.emit()


def _known_scale(value: object) -> float:
    try:
        wanted = float(str(value))
    except ValueError:
        return 1.0
    return min(SCALES, key=lambda scale: abs(scale - wanted))


@cache
def _icon(name: str, colour: str, disabled: str) -> QIcon:
    return icons.icon(name, QColor(colour), QColor(disabled))


def style_colours(colours: Colours) -> dict[str, str]:
    """All colours of the style sheet by name: those of the theme, and shades mixed from them."""
    panel, text = QColor(colours.panel), QColor(colours.text)
    mixed = {
        "link": mix(QColor(colours.accent), text, 0.15),
        "accent_hover": mix(QColor(colours.accent), text, 0.15),
        "error_hover": mix(QColor(colours.error), text, 0.15),
        "accent_tint": mix(panel, QColor(colours.accent), 0.14),
        "error_tint": mix(panel, QColor(colours.error), 0.14),
        "warning_tint": mix(panel, QColor(colours.warning), 0.16),
    }
    named = {name: value for name, value in asdict(colours).items() if isinstance(value, str)}
    on_accent, on_panel = ("dark", "light") if colours.dark else ("light", "dark")
    marks = {"mark": _mark(on_accent), "menu_mark": _mark(on_panel)}
    return named | {name: colour.name() for name, colour in mixed.items()} | marks


def _mark(name: str) -> str:
    """The file of a check mark, as style sheets write paths."""
    return resource("icons", f"mark-{name}.svg").as_posix()


def palette_of(colours: Colours) -> QPalette:
    """The Qt palette of a theme, for the parts Qt draws itself."""
    role = QPalette.ColorRole
    palette = QPalette()
    for each, colour in ((role.Window, colours.window), (role.WindowText, colours.text), (role.Base, colours.panel),
                         (role.AlternateBase, colours.field), (role.Text, colours.text), (role.Button, colours.field),
                         (role.ButtonText, colours.text), (role.Highlight, colours.accent),
                         (role.HighlightedText, colours.on_accent), (role.Link, colours.accent),
                         (role.ToolTipBase, colours.panel), (role.ToolTipText, colours.text),
                         (role.PlaceholderText, colours.faint), (role.Mid, colours.hairline),
                         (role.Light, colours.panel), (role.Dark, colours.hairline), (role.Shadow, colours.hairline),
                         (role.BrightText, colours.error)):
        palette.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(colours.faint))
    return palette

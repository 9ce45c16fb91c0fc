"""The theme as pens, brushes and fonts, made once per theme: items ask here and hold no colours themselves."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPen

from guibuilder.theme import FAMILIES, WIRE_WIDTH, Colours, mix, number_font, text_font

_HEADER_SHARE = 0.15
_HEADER_SHARE_DARK = 0.30


@dataclass(frozen=True)
class Ink:
    """What the nodes of one family are painted with."""

    colour: QColor
    header: QColor
    block: QColor


def _pen(colour: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    return QPen(colour, width, style, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _dashed(colour: QColor) -> QPen:
    pen = QPen(colour, WIRE_WIDTH, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)
    pen.setDashPattern([3, 3])
    return pen


class Style:
    """Pens, brushes and fonts of one theme."""

    def __init__(self, colours: Colours) -> None:
        self.colours = colours
        colour = {name: QColor(getattr(colours, name)) for name in (
            "panel", "canvas", "dots", "hairline", "text", "soft", "faint", "accent", "error", "warning", "good",
            "wire", "field", "on_accent")}
        self.panel, self.canvas, self.dots, self.hairline = (
            colour["panel"], colour["canvas"], colour["dots"], colour["hairline"])
        self.text, self.soft, self.faint = colour["text"], colour["soft"], colour["faint"]
        self.accent, self.on_accent = colour["accent"], colour["on_accent"]
        self.error, self.warning, self.good, self.wire = (
            colour["error"], colour["warning"], colour["good"], colour["wire"])
        self.field = colour["field"]
        self.families = {name: self._ink(name) for name in FAMILIES}
        self._make_pens()
        self._make_fonts()

    def ink(self, family: str) -> Ink:
        """The colours of a family; those of `merge` for one that is not known."""
        return self.families.get(family, self.families["merge"])

    def _ink(self, family: str) -> Ink:
        share = _HEADER_SHARE_DARK if self.colours.dark else _HEADER_SHARE
        return Ink(self.colours.family(family), self.colours.tint(family, share), self.colours.tint(family, 0.85))

    def _make_pens(self) -> None:
        self.no_pen = QPen(Qt.PenStyle.NoPen)
        self.no_brush = QBrush(Qt.BrushStyle.NoBrush)
        # A hairline on the canvas is too faint to see a node by; the wire's colour makes it a line again.
        self.outline = _pen(mix(self.hairline, self.wire, 0.12))
        self.error_outline = _pen(self.error, 1.6)
        self.error_far = _pen(self.error, 6)
        self.ring = _pen(self.accent, 2)
        self.ring_thin = _pen(self.accent, 1)
        self.badge_edge = _pen(self.canvas, 1.5)
        self.badge_mark = _pen(self.canvas, 2)
        self.wire_pen = _pen(self.wire, WIRE_WIDTH)
        self.wire_broken = _dashed(self.wire)
        self.wire_hover = _pen(mix(self.wire, self.accent, 0.7), WIRE_WIDTH + 0.5)
        self.wire_selected = _pen(self.accent, WIRE_WIDTH + 0.5)
        self.wire_insert = _pen(self.accent, WIRE_WIDTH + 2)
        self.wire_cut = _dashed(self.error)
        self.port_outline = _pen(self.wire, 1.6)
        self.port_missing = _pen(self.error, 1.6)
        self.guide = _pen(self.accent, 1)
        self.guide.setCosmetic(True)
        self.band_fill = QColor(self.accent)
        self.band_fill.setAlphaF(0.10)

    def _make_fonts(self) -> None:
        self.name = text_font(13, bold=True)
        self.name_small = text_font(12, bold=True)
        self.kind = text_font(11, bold=True)
        self.settings = text_font(12)
        self.shape = number_font(12, bold=True)
        self.count = number_font(11)
        self.label = number_font(11)
        self.name_snug = text_font(14, bold=True)
        self.settings_snug = text_font(13)
        self.shape_snug = number_font(13, bold=True)
        self.count_snug = number_font(13)
        self.name_compact = text_font(16, bold=True)
        self.shape_compact = number_font(16, bold=True)
        self.name_far = text_font(21, bold=True)
        self.name_farther = text_font(31, bold=True)
        self.name_plain = text_font(13)
        self.caption = text_font(11)
        self.headline = text_font(13, bold=True)
        self.formula = number_font(12)
        self.hint: QFont = text_font(14)

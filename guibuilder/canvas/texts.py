"""The writing on a node, laid out once per look and level of detail."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QStaticText

from core.drawing.measure import shortened
from guibuilder.canvas.detail import Detail
from guibuilder.canvas.geometry import HEADER, NODE_HEIGHT, NODE_WIDTH
from guibuilder.canvas.look import NodeLook
from guibuilder.canvas.style import Style

_LEFT, _RIGHT = 12.0, NODE_WIDTH - 12.0
_SETTINGS, _SHAPE = 39.0, 57.0
_ICON = 14.0


@dataclass(frozen=True)
class Line:
    """One piece of text, ready to draw."""

    text: QStaticText
    place: QPointF
    font: QFont
    colour: QColor

    def draw(self, painter: QPainter) -> None:
        """Draw it."""
        painter.setFont(self.font)
        painter.setPen(self.colour)
        painter.drawStaticText(self.place, self.text)


@dataclass(frozen=True)
class _Fonts:
    """The fonts below the header."""

    settings: QFont
    shape: QFont
    count: QFont


def _line(text: str, left: float, middle: float, font: QFont, colour: QColor) -> Line:
    static = QStaticText(text)
    static.setTextFormat(Qt.TextFormat.PlainText)
    static.prepare(font=font)
    return Line(static, QPointF(left, middle - static.size().height() / 2), font, colour)


def _right(text: str, right: float, middle: float, font: QFont, colour: QColor) -> Line:
    return _line(text, right - QFontMetricsF(font).horizontalAdvance(text), middle, font, colour)


def _elided(text: str, font: QFont, room: float) -> str:
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)


def lines(look: NodeLook, style: Style, detail: Detail) -> tuple[Line, ...]:
    """The writing of a node at one level of detail."""
    if detail is Detail.FULL:
        return (*_header(look, style), *_body(look, style, _Fonts(style.settings, style.shape, style.count)))
    if detail is Detail.SNUG:
        fonts = _Fonts(style.settings_snug, style.shape_snug, style.count_snug)
        return (*_short_header(look, style, style.name_snug), *_body(look, style, fonts))
    if detail is Detail.COMPACT:
        return _compact(look, style)
    if detail is Detail.BLOCK:
        return ()
    font = style.name_far if detail is Detail.FAR else style.name_farther
    return _far(look, style, font)


def type_shown(look: NodeLook, style: Style, detail: Detail = Detail.FULL) -> bool:
    """Whether the type's name fits beside the layer's; else its icon stands there."""
    if detail is not Detail.FULL:
        return False
    room = _RIGHT - _LEFT - QFontMetricsF(style.name).horizontalAdvance(look.name)
    return QFontMetricsF(style.kind).horizontalAdvance(look.kind) + 8 <= room


def _header(look: NodeLook, style: Style) -> tuple[Line, ...]:
    middle = HEADER / 2 + 0.5
    room = _RIGHT - _LEFT
    colour = style.ink(look.family).colour
    if type_shown(look, style):
        return (_line(look.name, _LEFT, middle, style.name, style.text),
                _right(look.kind, _RIGHT, middle, style.kind, colour))
    fits = QFontMetricsF(style.name).horizontalAdvance(look.name) <= room - _ICON - 6
    return _short_header(look, style, style.name if fits else style.name_small)


def _short_header(look: NodeLook, style: Style, font: QFont) -> tuple[Line, ...]:
    """Without the type's name: its icon stands there."""
    name = _elided(look.name, font, _RIGHT - _LEFT - _ICON - 6)
    return (_line(name, _LEFT, HEADER / 2 + 0.5, font, style.text),)


def _body(look: NodeLook, style: Style, fonts: _Fonts) -> tuple[Line, ...]:
    settings = _elided(look.settings, fonts.settings, _RIGHT - _LEFT)
    found = [_line(settings, _LEFT, _SETTINGS, fonts.settings, style.soft)]
    right = _RIGHT
    if look.parameters and not look.error:
        count = _count(look, fonts.shape, fonts.count)
        found.append(_right(count, right, _SHAPE, fonts.count, style.soft))
        right -= QFontMetricsF(fonts.count).horizontalAdvance(count) + 6
    if look.frozen:
        right -= 16
    text, colour = (look.complaint, style.error) if look.error else (look.shape, style.text)
    if look.calm and look.error:
        colour = style.soft
    found.append(_line(_elided(text, fonts.shape, right - _LEFT), _LEFT, _SHAPE, fonts.shape, colour))
    return tuple(found)


def _count(look: NodeLook, shape: QFont, font: QFont) -> str:
    """The number of parameters, shortened ("1.18 M") where the shape needs the room."""
    room = _RIGHT - _LEFT - QFontMetricsF(shape).horizontalAdvance(look.shape) - (22 if look.frozen else 6)
    fits = QFontMetricsF(font).horizontalAdvance(look.parameters) <= room
    return look.parameters if fits else shortened(look.parameters)


def lock_left(look: NodeLook, style: Style, detail: Detail) -> float:
    """Where the lock of a frozen layer stands: left of the number of parameters."""
    full = detail is Detail.FULL
    shape, font = (style.shape, style.count) if full else (style.shape_snug, style.count_snug)
    taken = QFontMetricsF(font).horizontalAdvance(_count(look, shape, font)) + 4 if look.parameters else 0
    return _RIGHT - taken - 11


def _compact(look: NodeLook, style: Style) -> tuple[Line, ...]:
    room = _RIGHT - _LEFT
    text, colour = (look.complaint, style.error) if look.error else (look.shape, style.text)
    if look.calm and look.error:
        colour = style.soft
    name, font = _elided(look.name, style.name_compact, room), style.shape_compact
    return (_line(name, _LEFT, HEADER / 2 + 0.5, style.name_compact, style.text),
            _line(_elided(text, font, room), _LEFT, (HEADER + NODE_HEIGHT) / 2, font, colour))


def _far(look: NodeLook, style: Style, font: QFont) -> tuple[Line, ...]:
    # The middle gives way: names that differ in their last digit stay different.
    text = QFontMetricsF(font).elidedText(look.name, Qt.TextElideMode.ElideMiddle, NODE_WIDTH - 12)
    left = (NODE_WIDTH - QFontMetricsF(font).horizontalAdvance(text)) / 2
    return (_line(text, left, 0.70 * NODE_HEIGHT, font, style.text),)

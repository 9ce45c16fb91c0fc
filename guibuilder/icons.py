"""Line icons from `resources/icons`, drawn in any colour and at any resolution through QtSvg."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from core.errors import CoreError
from core.resources import resource

SIZE = 16
RESOLUTIONS = (1, 2, 3)


@cache
def _drawing(name: str) -> str:
    return resource("icons", f"{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    # QtSvg does not know where `currentColor` comes from, so the colour is written into the drawing.
    return QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode()))


def paint_icon(painter: QPainter, name: str, colour: QColor, area: QRectF) -> None:
    """Draw an icon into an area of a painter."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _renderer(name, colour.name()).render(painter, area)
    painter.restore()


def pixmap(name: str, colour: QColor, size: int = SIZE, ratio: float = 1.0) -> QPixmap:
    """An icon as a picture of `size` × `size` pixels on a screen with this pixel ratio."""
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_icon(painter, name, colour, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, colour: QColor, disabled: QColor) -> QIcon:
    """An icon for buttons and menus, with its greyed form."""
    made = QIcon()
    for ratio in RESOLUTIONS:
        made.addPixmap(pixmap(name, colour, SIZE, ratio), QIcon.Mode.Normal)
        made.addPixmap(pixmap(name, disabled, SIZE, ratio), QIcon.Mode.Disabled)
    return made


@cache
def layer_icon_name(kind: str, family: str) -> str:
    """The icon of a layer type: its own where it was drawn, else that of its family."""
    for name in (f"layer-{kind.lower()}", f"family-{family}"):
        try:
            _drawing(name)
        except CoreError:
            continue
        return name
    return "family-merge"

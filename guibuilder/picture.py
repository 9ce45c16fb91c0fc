"""Pictures of a network as files: SVG text painted by Qt, without a window and without a display."""

import os
import re
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgRenderer

from core.drawing.markup import escaped
from core.errors import CoreError
from core.formats.atomic import write_atomically

POINTS_PER_PIXEL = 0.75
LARGEST_SIDE = 20_000
_FONTS = re.compile('font-family="([^"]*)"')
_TEXTS = re.compile("<text[ >].*?</text>", re.DOTALL)


def write_picture(svg: str, path: Path, scale: float = 2.0, kind: str = "") -> tuple[int, int]:
    """Write SVG text as png or pdf, or as the ending says; gives its size in pixels (PNG) or points (PDF)."""
    application = _application()
    try:
        data, size = _painted(svg, scale, kind or path.suffix.lower().removeprefix("."))
    finally:
        if application is not None:
            application.shutdown()  # Qt keeps a reference of its own, and a program has one application only
    write_atomically(path, lambda file: file.write(data))
    return size


def _painted(svg: str, scale: float, kind: str) -> tuple[bytes, tuple[int, int]]:
    """The bytes of a png or pdf, with its size in pixels or points."""
    text = with_one_font(svg) if kind != "pdf" else with_times_apart(with_one_font(svg))
    renderer = QSvgRenderer(QByteArray(text.encode("utf-8")))
    if not renderer.isValid():
        raise CoreError("This picture cannot be painted.")
    return _pdf(renderer) if kind == "pdf" else _png(renderer, scale)


def _application() -> QGuiApplication | None:
    """Fonts need an application; where there is none yet it must not look for a display."""
    if QGuiApplication.instance() is not None:
        return None
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return QGuiApplication(["guibuilder"])


def with_one_font(svg: str) -> str:
    """SVG text for QtSvg, which takes a list of fonts for the name of one: the first that is installed is left."""
    known = set(QFontDatabase.families())

    def chosen(found: re.Match[str]) -> str:
        wanted = [name.strip().removeprefix("&#39;").removesuffix("&#39;") for name in found[1].split(",")]
        kind = QFontDatabase.SystemFont.FixedFont if wanted[-1] == "monospace" else QFontDatabase.SystemFont.GeneralFont
        fallback = QFontDatabase.systemFont(kind).family()
        return f'font-family="{escaped(next((name for name in wanted if name in known), fallback))}"'

    return _FONTS.sub(chosen, svg)


def with_times_apart(svg: str) -> str:
    """SVG text whose "×" are pieces of their own.

    Fonts such as Inter draw one between digits with another glyph, which stands for no letter, so that "5×5" copied out
    of a PDF would become "5 5".
    """
    return _TEXTS.sub(lambda found: found[0].replace("×", "<tspan>×</tspan>"), svg)


def _png(renderer: QSvgRenderer, scale: float) -> tuple[bytes, tuple[int, int]]:
    size = renderer.viewBoxF().size()
    scale = min(scale, LARGEST_SIDE / max(size.width(), size.height(), 1.0))
    image = QImage(max(1, round(size.width() * scale)), max(1, round(size.height() * scale)),
                   QImage.Format.Format_RGB32)
    if image.isNull():
        raise CoreError("The picture is too large for the memory. Write SVG or PDF instead.")
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs ask for bytes, PySide for text
    return bytes(buffer.data().data()), (image.width(), image.height())


def _pdf(renderer: QSvgRenderer) -> tuple[bytes, tuple[int, int]]:
    size = renderer.viewBoxF().size() * POINTS_PER_PIXEL
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QSizeF(size.width(), size.height()), QPageSize.Unit.Point, "picture",
                                 QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Point)
    painter = QPainter(writer)
    # The window's digits of one width are glyphs without letters too, which nobody could copy out of the file.
    font = painter.font()
    font.setFeature(QFont.Tag("tnum"), 0)
    painter.setFont(font)
    renderer.render(painter, QRectF(0, 0, writer.width(), writer.height()))
    painter.end()
    return bytes(buffer.data().data()), (round(size.width()), round(size.height()))

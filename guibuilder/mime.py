"""Layers on the way: dragged from the palette, and as text in the clipboard."""

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from core.layers import LAYERS
from core.templates.blocks import BLOCKS

LAYER_FORMAT = "application/x-guibuilder-layer"


def layer_data(kind: str) -> QMimeData:
    """What a drag of one new layer carries: its type name."""
    data = QMimeData()
    data.setData(LAYER_FORMAT, kind.encode())
    return data


def dragged_layer(data: QMimeData) -> str | None:
    """The type name of a dragged layer, or None where something else is dragged."""
    if not data.hasFormat(LAYER_FORMAT):
        return None
    kind = bytes(data.data(LAYER_FORMAT).data()).decode("utf-8", "replace")
    return kind if kind in LAYERS or kind in BLOCKS else None


def put_copied(text: str) -> None:
    """Put copied layers into the system's clipboard: plain text, so that a mail or an editor takes them too.

    Not as data made here: the clipboard lives longer than Python, and a Python object in it would end the program with
    a crash.
    """
    QGuiApplication.clipboard().setText(text)


def copied() -> str:
    """The text in the system's clipboard; empty where there is none."""
    data = QGuiApplication.clipboard().mimeData()
    return data.text() if data is not None and data.hasText() else ""

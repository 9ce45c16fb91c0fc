"""Layers as drag and clipboard data."""

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from guibuilder.mime import LAYER_FORMAT, copied, dragged_layer, layer_data, put_copied


def test_a_dragged_layer_arrives():
    assert dragged_layer(layer_data("Conv2D")) == "Conv2D"


def test_anything_else_is_no_layer():
    foreign, strange = QMimeData(), QMimeData()
    foreign.setText("Conv2D")
    strange.setData(LAYER_FORMAT, b"\xffNoSuchLayer")
    assert dragged_layer(foreign) is None
    assert dragged_layer(strange) is None


def test_copied_layers_are_plain_text_for_everyone_else(qapp):
    put_copied('{"nodes": []}')
    assert QGuiApplication.clipboard().text() == '{"nodes": []}'
    assert copied() == '{"nodes": []}'


def test_a_program_that_copied_layers_ends_without_a_crash():
    code = (
        "from PySide6.QtWidgets import QApplication\n"
        "from guibuilder.mime import put_copied\n"
        "application = QApplication([])\n"
        "put_copied('{}')"
    )
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_an_empty_clipboard_is_an_empty_text(qapp):
    QGuiApplication.clipboard().clear()
    assert copied() == ""

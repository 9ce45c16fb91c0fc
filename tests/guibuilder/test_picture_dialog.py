"""The dialog before a picture is written: two styles, a look at each, and where it goes."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from core.drawing.style import LIGHT
from core.drawing.styles import STYLES
from core.templates import template
from guibuilder.picture_dialog import PictureDialog


@pytest.fixture
def dialog(theme, tmp_path, qtbot):
    dialog = PictureDialog(template("lenet5").network, "lenet")
    qtbot.addWidget(dialog)
    dialog.choose_target = lambda: tmp_path / "a.svg"
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def _colours(dialog):
    image = dialog.preview.grab().toImage()
    return {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


def test_a_click_on_slabs_shows_slabs(dialog, qtbot):
    assert dialog.style_name == "canvas"
    before = _colours(dialog)
    slabs = dialog.choices.button(1)
    assert slabs.text() == "Slabs"
    assert slabs.toolTip() == STYLES["slabs"].about
    qtbot.mouseClick(slabs, Qt.MouseButton.LeftButton)
    assert dialog.style_name == "slabs"
    assert dialog.about.text() == STYLES["slabs"].about
    assert dialog.preview.accessibleName() == "Preview: feature maps as slabs, as in papers"
    assert _colours(dialog) != before
    assert QColor(LIGHT.canvas).rgb() in _colours(dialog)


def test_the_keyboard_chooses_and_exports(dialog, tmp_path, qtbot):
    dialog.choices.button(0).setFocus()
    qtbot.keyClick(dialog.choices.button(0), Qt.Key.Key_Right)
    assert dialog.style_name == "slabs"
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.result() == PictureDialog.DialogCode.Accepted
    assert dialog.path == tmp_path / "a.svg"


def test_without_a_file_the_dialog_stays_and_escape_leaves(dialog, qtbot):
    dialog.choose_target = lambda: None
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.path is None


def test_the_action_writes_the_chosen_style_and_keeps_it(lenet, tmp_path, qtbot, monkeypatch):
    parts, styles = lenet.commands, []
    monkeypatch.setattr(PictureDialog, "choose_target", lambda self: tmp_path / f"{len(styles)}.svg")

    def answer():
        dialog = QApplication.activeModalWidget()
        styles.append(dialog.style_name)
        qtbot.mouseClick(dialog.choices.button(1), Qt.MouseButton.LeftButton)
        qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)

    for path in (tmp_path / "1.svg", tmp_path / "2.svg"):
        QTimer.singleShot(0, answer)
        parts.export_picture()
        qtbot.waitUntil(lambda path=path: parts.bar.text == f"The picture is in {path}.")
        assert path.read_text("utf-8") == STYLES["slabs"].draw(parts.document.project.network).svg
    assert styles == ["canvas", "slabs"]

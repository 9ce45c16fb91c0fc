"""What actions do with several parts at once: finding, panes, pictures, help, presentation, data."""

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QImageReader
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from core.errors import CoreError
from guibuilder import commands as module
from guibuilder.help_dialogs import Page


@pytest.fixture
def parts(lenet):
    lenet.activateWindow()
    lenet.commands.leave_start()
    return lenet.commands


def name_of(parts):
    return parts.document.network.nodes[parts.selection.only].name


def type_into(parts, text):
    QTest.keyClicks(parts.finder.field, text)
    QTest.keyClick(parts.finder.field, Qt.Key.Key_Return)


def test_find_goes_to_a_layer_and_find_next_walks_on(parts):
    parts.find()
    type_into(parts, "pool")
    first = name_of(parts)
    parts.find_next(1)
    second = name_of(parts)
    assert (first, second) == ("S2", "S4")
    parts.find_next(1)
    assert name_of(parts) == "S2"
    parts.find_next(-1)
    assert name_of(parts) == "S4"


def test_find_forgets_layers_that_are_gone(parts):
    parts.find()
    type_into(parts, "conv")
    parts.canvas.commands.delete()
    parts.find_next(1)
    assert name_of(parts) in ("C1", "C3")


def test_faults_can_be_found_by_their_words(parts):
    network = parts.document.network
    parts.document.edit("x", network=network.change(network.names["C3"], kernel=15))
    parts.find()
    type_into(parts, "needs at least")
    assert name_of(parts) == "C3"


def test_the_command_palette_lists_every_action_and_does_one(parts):
    parts.commands()
    assert parts.finder.list.count() == len(parts.actions.by_name) - 1
    type_into(parts, "select all")
    assert len(parts.selection.ids) == 14


def test_f6_goes_round_the_panes(parts):
    parts.canvas.setFocus()
    visited = []
    for _ in range(5):
        parts.next_pane(1)
        focus = QApplication.focusWidget()
        visited.append(next(name for name in ("palette", "canvas", "properties", "lower", "status", "header")
                            if getattr(parts, name) is focus or getattr(parts, name).isAncestorOf(focus)))
    assert visited[0] == "properties"
    assert set(visited) >= {"palette", "canvas", "properties", "lower"} - {"canvas"}
    parts.next_pane(-1)


def test_enter_rename_and_explain_reach_the_properties(parts):
    parts.selection.set([parts.document.network.names["C1"]])
    parts.toggle("properties")
    parts.actions.do("settings")
    assert parts.properties.node_page.form.editors["filters"].hasFocus()
    short = parts.properties.node_page.about.text()
    parts.actions.do("explain")
    assert len(parts.properties.node_page.about.text()) > len(short)
    parts.actions.do("rename")
    assert parts.properties.node_page.name._field.hasFocus()
    parts.canvas.setFocus()
    parts.actions.do("rename")
    assert parts.canvas.rename.isVisible()


def test_the_search_of_the_palette_opens_the_palette(parts):
    parts.toggle("palette")
    parts.actions.do("palette-search")
    assert parts.palette.search.hasFocus()


@pytest.mark.parametrize("ending", [".svg", ".png", ".pdf", ".tex"])
def test_the_drawing_becomes_a_picture(parts, tmp_path, qtbot, ending):
    path = tmp_path / f"net{ending}"
    parts.write_picture(path)
    qtbot.waitUntil(lambda: parts.bar.text == f"The picture is in {path}.")
    assert path.stat().st_size > 1000
    if ending == ".png":
        assert QImageReader(str(path)).size().width() > 500


def test_a_picture_of_an_unknown_kind_or_in_no_folder_is_refused(parts, tmp_path, qtbot):
    parts.write_picture(tmp_path / "net.bmp")
    qtbot.waitUntil(lambda: "not .bmp" in parts.bar.text)
    parts.write_picture(tmp_path / "gone" / "net.svg")
    qtbot.waitUntil(lambda: "There is no folder" in parts.bar.text)


def test_help_pages(parts, qtbot):
    for show, words in ((lambda: parts.show_help("first-steps"), "First steps"),
                        (parts.show_shortcuts, "Ctrl+Shift+P"), (parts.about, "LGPL")):
        show()
        page = next(each for each in QApplication.topLevelWidgets() if isinstance(each, Page) and each.isVisible())
        assert words in page.text.toPlainText()
        page.close()
        QApplication.processEvents()


def test_presentation_and_back(parts, theme):
    parts.toggle_presentation()
    assert parts.presenting
    assert float(QSettings().value("text scale", 1.0)) == 1.0, "a start after a crash has the usual text again"
    assert theme.scale == 1.5
    assert parts.full_screen
    parts.toggle_presentation()
    assert (theme.scale, parts.full_screen) == (1.0, False)


def test_data_of_the_persons_own(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    parts.choose_data(True)
    assert parts.document.project.data.source == str(tmp_path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    parts.choose_data(False)
    assert parts.document.project.data.source == str(tmp_path)


def test_a_log_that_cannot_be_written_is_one_sentence(parts, monkeypatch):
    def fail():
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr(module, "log_folder", fail)
    with pytest.raises(CoreError, match="not allowed"):
        parts.show_log()


def test_no_ready_fix_is_said(parts, monkeypatch):
    monkeypatch.setattr(parts.problems, "apply_best", lambda: False)
    parts.quick_fix()
    assert "no ready fix" in parts.bar.text

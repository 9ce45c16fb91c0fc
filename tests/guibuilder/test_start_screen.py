"""The start screen: templates with pictures, recent files, recovery, keys, narrow and wide."""

import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from core.formats import save_file
from core.templates import TEMPLATES, template
from guibuilder.background import _running
from guibuilder.file_button import FileButton
from guibuilder.recent import RecentFiles
from guibuilder.recovery import Left
from guibuilder.start_screen import EMPTY, IN_CLASS, StartScreen
from guibuilder.thumbnail import png


@pytest.fixture
def screen(theme, qtbot):
    screen = StartScreen(theme, RecentFiles())
    qtbot.addWidget(screen)
    screen.resize(1440, 820)
    screen.show()
    screen.activateWindow()
    screen.got = []
    screen.template_chosen.connect(screen.got.append)
    screen.file_chosen.connect(screen.got.append)
    return screen


def test_every_template_has_a_card_and_so_has_nothing(screen, qtbot):
    assert set(screen.cards) == {*TEMPLATES, EMPTY}
    assert next(iter(screen.cards)) == "lenet5"
    qtbot.waitUntil(lambda: not screen._waiting)
    assert "14 layers · 61,706 parameters" in screen.cards["lenet5"].figures
    assert all(screen.cards[name]._picture is not None for name in (*IN_CLASS, EMPTY))
    assert screen.cards["vgg16"].figures == "41 layers · 138,357,544 parameters"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_a_card_is_chosen_by_click_or_key(screen, key):
    screen.focus_first()
    QTest.keyClick(screen.cards["lenet5"], key)
    QTest.mouseClick(screen.cards[EMPTY], Qt.MouseButton.LeftButton)
    assert screen.got == ["lenet5", EMPTY]


def test_escape_leaves(screen, qtbot):
    screen.focus_first()
    with qtbot.waitSignal(screen.left):
        QTest.keyClick(screen.cards["lenet5"], Qt.Key.Key_Escape)


def test_recent_files_and_missing_ones(screen, tmp_path, qtbot):
    there = tmp_path / "there.gbnet"
    there.touch()
    screen._recent.add(tmp_path / "gone.gbnet")
    screen._recent.add(there)
    qtbot.wait(10)
    buttons = {button.text(): button for button in screen.findChildren(FileButton) if button.isVisible()}
    assert not buttons["gone.gbnet"].isEnabled()
    assert (buttons["gone.gbnet"].about, buttons["gone.gbnet"].accessibleName()) == ("missing", "gone.gbnet is missing")
    QTest.keyClick(buttons["there.gbnet"], Qt.Key.Key_Return)
    assert screen.got == [there]


def test_a_saved_project_shows_its_picture(theme, tmp_path, qtbot):
    project = template("lenet5")
    save_file(project, tmp_path / "with.gbnet", thumbnail=png(project.network))
    save_file(project, tmp_path / "without.gbnet")
    (tmp_path / "broken.gbnet").write_bytes(b"nothing")
    buttons = {name: FileButton(theme, tmp_path / f"{name}.gbnet") for name in ("with", "without", "broken")}
    for button in buttons.values():
        qtbot.addWidget(button)
    qtbot.waitUntil(lambda: not buttons["with"]._picture.isNull())
    qtbot.waitUntil(lambda: not _running)
    assert buttons["without"]._picture.isNull()
    assert buttons["broken"]._picture.isNull()
    assert buttons["with"].grab().toImage() != buttons["without"].grab().toImage()


def test_what_was_kept_can_be_restored_or_discarded(screen, qtbot):
    left = [Left(Path("/tmp"), name, "", time.time(), 3) for name in ("one", "two")]
    heard = []
    screen.recovery.restored.connect(lambda each: heard.append(("restore", each.name)))
    screen.recovery.discarded.connect(lambda each: heard.append(("discard", each.name)))
    assert not screen.recovery.isVisible()
    screen.recovery.show_left(left)
    assert screen.recovery.isVisible()
    for name in ("Restore one", "Discard two"):
        qtbot.wait(10)
        button = next(button for button in screen.recovery.findChildren(QPushButton)
                      if button.accessibleName() == name and button.isVisible())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert heard == [("restore", "one"), ("discard", "two")]
    assert not screen.recovery.isVisible()


@pytest.mark.parametrize(("count", "shown"), [(3, 3), (4, 4), (5, 3), (24, 3)])
def test_much_that_was_kept_leaves_room_for_new_networks(screen, count, shown, qtbot):
    screen.recovery.show_left([Left(Path("/tmp"), f"net {number}", "", time.time(), 3) for number in range(count)])

    def visible(word):
        qtbot.wait(10)
        return [button for button in screen.recovery.findChildren(QPushButton)
                if button.text().startswith(word) and button.isVisible()]

    assert len(visible("Restore")) == shown
    more = visible("Show")
    assert [button.text() for button in more] == ([f"Show {count - shown} more"] if shown < count else [])
    for button in more:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(visible("Restore")) == count
    assert not visible("Show")
    screen.recovery.show_left([])


@pytest.mark.parametrize("width", [900, 1024, 1440, 1920])
def test_cards_stay_inside_the_window(screen, width, qtbot):
    screen.resize(width, 720)
    qtbot.wait(20)
    right = max(card.mapTo(screen, card.rect().bottomRight()).x() for card in screen.cards.values())
    assert right < width
    assert screen.widget().width() <= screen.viewport().width()


def test_pictures_follow_the_theme(screen, theme, qtbot):
    qtbot.waitUntil(lambda: not screen._waiting)
    light = screen.cards["lenet5"]._picture.toImage()
    theme.choose("dark")
    qtbot.waitUntil(lambda: not screen._waiting)
    assert screen.cards["lenet5"]._picture.toImage() != light
    theme.choose("system")


def test_everything_can_be_reached_and_is_named(screen):
    for button in screen.findChildren(QPushButton):
        assert button.accessibleName() or button.text()
    assert all(card.accessibleName() and card.focusPolicy() != Qt.FocusPolicy.NoFocus for card in screen.cards.values())


def test_it_is_shown_from_its_top_again(screen, qtbot):
    bar = screen.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    screen.focus_first()
    assert screen.cards["lenet5"].hasFocus()
    qtbot.waitUntil(lambda: bar.value() == 0)

"""The window as a whole: building, errors, tabs, sizes, closing, dropping, names, themes."""

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QMenu

from core.formats import save_file
from core.templates import template
from core.worker.messages import Ready
from guibuilder.document import Document
from guibuilder.main_window import MainWindow
from guibuilder.training.state import State
from tests.guibuilder.parts import finished, started


def select(window, name):
    window.commands.selection.set([window.commands.document.network.names[name]])


def change(window, name, **settings):
    document = window.commands.document
    document.edit("x", network=document.network.change(document.network.names[name], **settings))


def test_the_palette_builds_a_network(window, qtbot):
    palette = window.commands.palette
    for text in ("input", "conv", "flatten", "dense", "softmax"):
        palette.search.setText(text)
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
    network = window.commands.document.network
    assert [network.nodes[key].type for key in network.order] == ["Input", "Conv2D", "Flatten", "Dense", "Softmax"]
    assert window.commands.document.inference.runs
    qtbot.waitUntil(window.commands.header.train.isEnabled)


def test_a_template_fills_the_window(lenet, qtbot):
    assert lenet.windowTitle() == "LeNet-5[*] – guibuilder"
    assert not lenet.isWindowModified()
    change(lenet, "C1", filters=7)
    qtbot.waitUntil(lenet.isWindowModified)
    assert lenet.commands.header.title._whole == "LeNet-5 — edited"
    lenet.commands.document.undo_stack.undo()
    qtbot.waitUntil(lambda: not lenet.isWindowModified())


def test_an_error_turns_train_into_the_way_to_it(lenet, qtbot):
    parts = lenet.commands
    change(lenet, "C3", kernel=15)
    qtbot.waitUntil(lambda: parts.header.train.text() == "1 problem")
    parts.toggle("panel")
    QTest.mouseClick(parts.header.train, Qt.MouseButton.LeftButton)
    assert parts.lower.isVisible()
    assert parts.lower.current == "Problems"
    parts.actions.do("next-problem")
    assert parts.selection.only == parts.document.network.names["C3"]
    parts.actions.do("quick-fix")
    qtbot.waitUntil(lambda: parts.header.train.text() == "Train")


def test_training_runs_through_the_header(lenet, worker, qtbot):
    parts = lenet.commands
    parts.show_problems()
    QTest.mouseClick(parts.header.train, Qt.MouseButton.LeftButton)
    assert parts.run.state is State.PREPARING
    assert parts.lower.current == "Training"
    worker.tell(started())
    qtbot.waitUntil(lambda: "trained – guibuilder" in lenet.windowTitle())
    assert parts.header.transport["stop"].isEnabled()
    QTest.mouseClick(parts.header.transport["pause"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: parts.header.train.text() == "Continue")
    QTest.mouseClick(parts.header.train, Qt.MouseButton.LeftButton)
    assert parts.run.state is State.RUNNING
    worker.tell(finished())
    qtbot.waitUntil(lambda: parts.header.train.text() == "Train")
    assert parts.status.state.text().startswith("trained")


def test_the_worker_says_how_many_threads_and_when_it_died(window, worker, qtbot):
    worker.ready.emit(Ready(1, 4))
    assert "4 threads" in window.commands.status.state.text()
    worker.die("The training process ran out of memory.")
    assert window.commands.bar.text == "The training process ran out of memory."


@pytest.mark.parametrize(("tab", "front", "palette"), [(0, "Training", True), (1, "Training", False),
                                                       (2, "Feature maps", False)])
def test_tabs_give_room_to_what_they_are_about(lenet, tab, front, palette, qtbot):
    parts = lenet.commands
    QTest.mouseClick(parts.header.tabs.button(tab), Qt.MouseButton.LeftButton)
    qtbot.wait(10)
    assert (parts.tab, parts.lower.current, parts.palette.isVisible()) == (tab, front, palette)
    assert (parts.lower.height() > parts.canvas.height()) == (tab != 0)
    assert parts.canvas.view.camera.visible().contains(parts.canvas.scene.bounds())


def test_sizes_are_remembered_per_tab_and_between_starts(lenet, theme, worker, qtbot):
    parts = lenet.commands
    parts.layouts._rows.setSizes([300, 500])
    parts.toggle("properties")
    height = parts.lower.height()
    parts.show_tab(1)
    parts.show_tab(0)
    assert not parts.properties.isVisible()
    assert abs(parts.lower.height() - height) <= 2
    parts.layouts.keep()
    again = MainWindow(theme, Document(template("mlp")), worker)
    qtbot.addWidget(again, before_close_func=lambda closing: setattr(closing.state, "leaving", True))
    again.resize(lenet.size())
    again.show()
    again.commands.layouts.show(0)
    qtbot.wait(10)
    assert not again.commands.properties.isVisible()
    assert abs(again.commands.lower.height() - height) <= 2
    again.commands.forget_layout()
    assert again.commands.properties.isVisible()


def clipped(window):
    """Everything visible that got less room than it needs, or lies outside the window."""
    found = []
    kinds = (QAbstractButton, QLineEdit, QComboBox)
    for widget in (each for kind in kinds for each in window.findChildren(kind)):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        least = widget.minimumSizeHint()
        place = widget.mapTo(window, widget.rect().topLeft())
        inside = place.x() >= 0 and place.x() + widget.width() <= window.width()
        if widget.width() < least.width() or widget.height() < least.height() - 4 or not inside:
            found.append((type(widget).__name__, widget.accessibleName() or widget.objectName(), widget.size(), least))
    return found


@pytest.mark.parametrize("tab", [0, 1, 2])
@pytest.mark.parametrize("size", [(1024, 768), (1440, 900)])
def test_nothing_is_clipped(lenet, tab, size, qtbot):
    lenet.resize(*size)
    select(lenet, "C1")
    lenet.commands.show_tab(tab)
    qtbot.waitUntil(lambda: not clipped(lenet))
    assert (lenet.width(), lenet.height()) == size
    last = lenet.commands.header.menus.actionGeometry(lenet.commands.header.menus.actions()[-1])
    assert last.right() <= lenet.commands.header.menus.width()


def test_everything_that_can_be_pressed_has_a_name(lenet, qtbot):
    parts = lenet.commands
    change(lenet, "C3", kernel=15)
    select(lenet, "C3")
    nameless = []
    for tab in (0, 1, 2):
        parts.show_tab(tab)
        for name in parts.lower._names:
            parts.lower.show_tab(name)
            qtbot.wait(5)
            for button in lenet.findChildren(QAbstractButton):
                ours = not button.objectName().startswith("qt_") and "Scroll" not in button.objectName()
                if ours and button.isVisible() and not (button.accessibleName() or button.text()):
                    nameless.append((type(button).__name__, type(button.parent()).__name__))
    assert nameless == [] or all(parent == "QTabBar" for _, parent in nameless)


@pytest.mark.parametrize("scale", [1.25, 2.5])
def test_larger_text_makes_everything_larger_and_nothing_raises(lenet, theme, scale, qtbot):
    select(lenet, "C1")
    before = lenet.commands.header.train.sizeHint().height()
    theme.set_scale(scale)
    qtbot.wait(10)
    assert lenet.commands.header.train.sizeHint().height() > before
    assert not lenet.grab().isNull()
    theme.set_scale(1.0)


def test_the_theme_switches_live(lenet, theme, qtbot):
    select(lenet, "C1")
    theme.choose("light")
    light = lenet.grab().toImage().pixelColor(720, 3)  # above all words, however wide the system's font is
    theme.choose("dark")
    dark = lenet.grab().toImage().pixelColor(720, 3)
    assert light.lightness() > 200 > 100 > dark.lightness()
    theme.choose("system")


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPointF(500, 300).toPoint(), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, entering)
    if entering.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(500, 300), Qt.DropAction.CopyAction, data, buttons, keys))
    return entering.isAccepted()


def test_a_file_dropped_on_the_window_is_opened(lenet, tmp_path, qtbot):
    save_file(template("mlp"), tmp_path / "mlp.gbnet")
    with qtbot.waitSignal(lenet.commands.files.opened):
        assert drop(lenet, tmp_path / "mlp.gbnet")
    assert lenet.commands.files.name == "mlp"
    assert not drop(lenet)


def test_a_dropped_picture_is_looked_at(lenet, worker, tmp_path, qtbot):
    from PIL import Image

    Image.new("L", (28, 28), 255).save(tmp_path / "white.png")
    drop(lenet, tmp_path / "white.png")
    assert lenet.commands.tab == 2
    refused = set()

    def looked_at():
        """Questions from before the file was read are answered, for the next one waits for that."""
        asked = worker.last("Watch") if worker.count("Watch") else None
        if asked is not None and asked.picture is None and asked.number not in refused:
            refused.add(asked.number)
            worker.refuse(asked, "Not now.")
        return asked is not None and asked.picture is not None

    qtbot.waitUntil(looked_at)


@pytest.mark.parametrize(("answer", "closes"), [("discard", True), ("cancel", False), ("save", True)])
def test_closing_with_unsaved_work(lenet, answer, closes, tmp_path, qtbot):
    change(lenet, "C1", filters=7)
    lenet.commands.files.path = tmp_path / "mine.gbnet"
    asked = []
    lenet.commands.files.ask_to_save = lambda: asked.append(1) or answer
    lenet.close()
    qtbot.waitUntil(lambda: lenet.isVisible() != closes)
    assert asked == [1]
    assert (tmp_path / "mine.gbnet").exists() == (answer == "save")
    if closes:
        assert QSettings().value("window/geometry") is not None


def test_a_bug_is_told_quietly_and_its_details_are_a_click_away(lenet, qtbot):
    lenet.report("Something went wrong inside the program (KeyError). Your work is kept.", "Traceback")
    assert lenet.commands.bar.text.startswith("Something went wrong")
    titles = []
    QTimer.singleShot(30, lambda: (titles.append(QApplication.activeModalWidget().windowTitle()),
                                   QApplication.activeModalWidget().reject()))
    lenet.commands.bar.press()
    assert titles == ["What went wrong"]


def test_what_crashed_sessions_left_is_offered_and_restored(window, tmp_path, qtbot):
    from guibuilder.recovery import Autosave, left_behind

    document = Document(template("mlp"))
    document.edit("x", notes="kept")
    autosave = Autosave(document, folder=tmp_path)
    document.edit("y", notes="kept too")
    with qtbot.waitSignal(autosave.written):
        autosave.save_now()
    autosave._lock.unlock()
    window.offer(left_behind(tmp_path))
    assert window.commands.bar.text == "Work of an earlier session was not saved."
    window.commands.bar.press()
    assert window.commands.starting
    with qtbot.waitSignal(window.commands.files.opened):
        window.commands.start.recovery.restore(window.commands.start.recovery.left[0])
    assert window.commands.document.project.notes == "kept too"
    assert window.commands.files.dirty
    assert left_behind(tmp_path) == []


def test_recent_files_are_in_the_menu(window, tmp_path, qtbot):
    (tmp_path / "there.gbnet").touch()
    for name in ("gone.gbnet", "there.gbnet"):
        window.commands.files.recent.add(tmp_path / name)
    menu = next(menu for menu in window.findChildren(QMenu) if menu.title() == "Open &recent")
    menu.aboutToShow.emit()
    shown = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
    assert shown == {"there.gbnet": True, "gone.gbnet (missing)": False, "Clear this list": True}


def test_templates_are_in_the_menu(window):
    menu = next(menu for menu in window.findChildren(QMenu) if menu.title() == "New from &template")
    menu.actions()[0].trigger()
    assert window.commands.document.network.name == "LeNet-5"


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_the_context_menu_offers_what_can_be_done(lenet, qtbot):
    select(lenet, "C1")
    texts = []

    def look():
        menu = QApplication.activePopupWidget()
        texts.extend(action.text().partition("\t")[0] for action in menu.actions() if action.text())
        menu.close()

    QTimer.singleShot(40, look)
    lenet._show_context(lenet.mapToGlobal(lenet.rect().center()))
    assert {"&Rename", "&Duplicate", "&Bypass"} <= set(texts)
    assert "Quic&k fix" not in texts

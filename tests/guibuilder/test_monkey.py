"""Random clicks, drags, keys and actions on the whole window: nothing raises, and undo and redo lead there and back."""

import random

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.formats.network_json import network_to_text
from guibuilder.actions import ACTIONS

EVENTS = 250
MODAL = {"quit", "open", "save-as", "save", "export", "picture", "data-file", "data-folder", "log", "full-screen",
         "presentation", "first-steps", "shortcuts", "about", "explain"}
KEYS = [Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Space, Qt.Key.Key_Left,
        Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_W, Qt.Key.Key_M, Qt.Key.Key_5, Qt.Key.Key_X,
        Qt.Key.Key_Backspace, Qt.Key.Key_Home, Qt.Key.Key_F6, Qt.Key.Key_F8, Qt.Key.Key_F2]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Monkey:
    """Does one random thing after the other."""

    def __init__(self, window, seed):
        self.window, self.random = window, random.Random(seed)
        self.names = sorted(set(ACTIONS) - MODAL)

    def act(self):
        """One thing, and whatever follows from it at once."""
        self.random.choice([self.action, self.click, self.drag, self.key, self.key, self.write])()
        QApplication.processEvents()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()

    def action(self):
        self.window.commands.actions.do(self.random.choice(self.names))

    def point(self):
        return QPoint(self.random.randrange(self.window.width()), self.random.randrange(60, self.window.height()))

    def target(self, point):
        widget = self.window.childAt(point) or self.window
        return widget, widget.mapFrom(self.window, point)

    def click(self):
        widget, place = self.target(self.point())
        if type(widget).__name__ not in ("QMenuBar", "QSplitterHandle", "QLabel") and self.harmless(widget):
            press = QTest.mouseDClick if self.random.random() < 0.2 else QTest.mouseClick
            press(widget, LEFT, NONE, place)

    def harmless(self, widget):
        """Whether a click does not wait for an answer: file dialogs and lists that pop up do."""
        words = f"{getattr(widget, 'text', lambda: '')()} {widget.accessibleName()} {widget.toolTip()}"
        return "…" not in words and "ile" not in words and "ComboBox" not in type(widget).__mro__[1].__name__ \
            and type(widget).__name__ not in ("ChoiceField", "FileButton", "QComboBoxPrivateContainer")

    def drag(self):
        view = self.window.commands.canvas.view.viewport()
        start, end = (QPoint(self.random.randrange(view.width()), self.random.randrange(view.height())) for _ in "ab")
        QTest.mousePress(view, LEFT, NONE, start)
        for step in range(1, 4):
            QTest.mouseMove(view, start + (end - start) * step / 3)
        QTest.mouseRelease(view, LEFT, NONE, end)

    def key(self):
        widget = QApplication.focusWidget() or self.window
        modifiers = self.random.choice([NONE, NONE, NONE, Qt.KeyboardModifier.ControlModifier,
                                        Qt.KeyboardModifier.ShiftModifier])
        QTest.keyClick(widget, self.random.choice(KEYS), modifiers)

    def write(self):
        widget = QApplication.focusWidget() or self.window
        QTest.keyClicks(widget, self.random.choice(["5", "3x3", "same", "conv", "-1", "abc", "0.5", "1e99", "²", "×"]))


@pytest.mark.qt_log_ignore("not accepted by receiving widget", "grabbing", "Could not")
@pytest.mark.parametrize("seed", range(2))
def test_random_hands(window, seed, qtbot, monkeypatch):
    monkey, document = Monkey(window, seed), window.commands.document
    monkeypatch.setattr(window.commands.files, "ask_to_save", lambda: "cancel")
    monkeypatch.setattr(window.commands.files, "choose_file", lambda: None)
    monkeypatch.setattr("guibuilder.main_window.QMenu.exec", lambda *given: None)
    window.new_from("lenet5")
    watchdog = QTimer(interval=500)
    watchdog.timeout.connect(lambda: QApplication.activeModalWidget() and QApplication.activeModalWidget().close())
    watchdog.start()
    for _ in range(EVENTS):
        monkey.act()
    watchdog.stop()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    last = network_to_text(document.network)
    stack = document.undo_stack
    at = stack.index()
    stack.setIndex(0)
    first = network_to_text(document.network)
    stack.setIndex(stack.count())
    stack.setIndex(at)
    assert network_to_text(document.network) == last
    stack.setIndex(0)
    assert network_to_text(document.network) == first

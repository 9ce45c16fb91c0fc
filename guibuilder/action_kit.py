"""What an action declares, and the QActions made from it: text, keys, icon, when it can be done and why not."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from guibuilder.theme import Theme

Menu = tuple[str | tuple[str, tuple[str, ...]] | None, ...]


def _always(commands: Any) -> str:
    return ""


@dataclass(frozen=True)
class Act:
    """One action. `call` and the rest get the commands of the window; `why_not` gives the reason it cannot be done now.

    `keys` are a shortcut of the whole window; `local_keys` are handled by the part of the window that has the focus,
    and only shown here. `now` words the action for what it would do now.
    """

    text: str
    call: Callable[[Any], object]
    keys: str = ""
    icon: str = ""
    why_not: Callable[[Any], str] = _always
    tip: str = ""
    local_keys: str = ""
    checked: Callable[[Any], bool] | None = None
    now: Callable[[Any], str] | None = None
    mac: str = ""


class Actions(QObject):
    """All QActions by name, kept up to date: `refresh` soon after anything changed, once for many reasons."""

    def __init__(self, table: Mapping[str, Act], target: object, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self.table, self._target, self._window, self._theme = table, target, window, theme
        self.by_name = {name: self._make(name, act) for name, act in table.items()}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self.refresh)
        theme.changed.connect(self._tint)
        self._tint()

    def _make(self, name: str, act: Act) -> QAction:
        action = QAction(act.text, self._window)
        action.setObjectName(name)
        keys = act.mac if act.mac and sys.platform == "darwin" else act.keys
        if keys:
            action.setShortcuts([QKeySequence(each) for each in keys.split(" or ")])
        if act.local_keys:
            action.setText(f"{act.text}\t{act.local_keys}")
        action.setCheckable(act.checked is not None)
        action.triggered.connect(lambda: self.do(name))
        if "quit" in name:
            action.setMenuRole(QAction.MenuRole.QuitRole)
        elif "about" in name:
            action.setMenuRole(QAction.MenuRole.AboutRole)
        self._window.addAction(action)
        return action

    def do(self, name: str) -> None:
        """Do it, if it can be done."""
        act = self.table[name]
        if not act.why_not(self._target):
            act.call(self._target)
        self.refresh_soon()

    def why_not(self, name: str) -> str:
        """Why an action cannot be done now; empty where it can."""
        return self.table[name].why_not(self._target)

    def words(self, name: str) -> str:
        """The action's text without the marks of menus."""
        act = self.table[name]
        return plain(act.now(self._target) if act.now is not None else act.text)

    def keys(self, name: str) -> str:
        """The action's shortcut as people read it on this system."""
        act = self.table[name]
        shown = [key.toString(QKeySequence.SequenceFormat.NativeText) for key in self.by_name[name].shortcuts()]
        return " or ".join(shown) or act.local_keys

    def refresh_soon(self, *_: object) -> None:
        """Look again at what can be done, after what is going on now."""
        if not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Look again at what can be done, and why not."""
        for name, act in self.table.items():
            action, reason = self.by_name[name], act.why_not(self._target)
            if action.isEnabled() == bool(reason):
                action.setEnabled(not reason)
            keys = self.keys(name)
            tip = (act.tip or self.words(name)) + (f" ({keys})" if keys else "") + (f"\n{reason}" if reason else "")
            if action.toolTip() != tip:
                action.setToolTip(tip)
                action.setStatusTip(reason)
            if act.checked is not None:
                action.setChecked(act.checked(self._target))
            if act.now is not None:
                action.setText(act.now(self._target))

    def _tint(self) -> None:
        for name, act in self.table.items():
            if act.icon:
                self.by_name[name].setIcon(self._theme.icon(act.icon))

    def fill(self, bar: QMenuBar, menus: Mapping[str, Menu]) -> dict[str, QMenu]:
        """Put the actions into menus; a name in brackets is a submenu. Gives all menus by title."""
        made = {}
        for title, entries in menus.items():
            menu = made[plain(title)] = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            for entry in entries:
                if entry is None:
                    menu.addSeparator()
                elif isinstance(entry, str):
                    menu.addAction(self.by_name[entry])
                else:
                    made[plain(entry[0])] = self._submenu(menu, *entry)
        return made

    def _submenu(self, menu: QMenu, title: str, names: tuple[str, ...]) -> QMenu:
        inner = menu.addMenu(title)
        inner.setToolTipsVisible(True)
        for name in names:
            inner.addAction(self.by_name[name])
        return inner


def plain(text: str) -> str:
    """A menu text without its underline mark."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").partition("\t")[0]

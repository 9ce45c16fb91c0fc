"""Autosave beside the person's own files, and what a session that ended badly left behind.

Each session has a folder of its own in the user's state folder: `lock` (with the process id), `project.gbnet` and
`about.json`. A lock that nobody holds any more tells a crash from a program that is still open.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import platformdirs
from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from core.errors import CoreError
from core.project import Project
from guibuilder.background import run_in_thread
from guibuilder.document import Change, Document
from guibuilder.hooks import LOG
from guibuilder.words import plural

AT_MOST_EVERY = 30.0
SOON = 1.0
JUST_MADE = 60.0
_PROJECT, _ABOUT, _LOCK = "project.gbnet", "about.json", "lock"


def recovery_folder() -> Path:
    """Where all sessions keep their copies."""
    return Path(platformdirs.user_state_dir("guibuilder", appauthor=False)) / "recovery"


@dataclass(frozen=True)
class Left:
    """What a session left: the copy, when it was made, after how many edits, and of which file."""

    folder: Path
    name: str
    original: str
    saved: float
    edits: int

    @property
    def project_file(self) -> Path:
        """The copy itself."""
        return self.folder / _PROJECT


class Autosave(QObject):
    """Keeps a copy of unsaved work: soon after an edit, and at most every 30 s; a thread writes a snapshot.

    `snapshot` gives what is to be kept: the document, or more than that while a training runs.
    """

    failed = Signal(str)
    written = Signal()

    def __init__(self, document: Document, parent: QObject | None = None, folder: Path | None = None) -> None:
        super().__init__(parent)
        self._document = document
        root = folder if folder is not None else recovery_folder()
        self._folder = root / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{id(self) % 100_000}"
        self._lock: QLockFile | None = None
        self._last = float("-inf")
        self._kept: Project | None = None
        self._edits = 0
        self._writing = self._told = False
        self.name, self.original = "", ""
        self.snapshot: Callable[[], Project] = lambda: document.project
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.save_now)
        document.changed.connect(self._follow)

    def _follow(self, change: Change) -> None:
        if change.loaded:
            self.forget()
            return
        self.soon()

    def soon(self) -> None:
        """There is more to keep than before."""
        self._edits += 1
        if not self._timer.isActive():
            wait = max(SOON, self._last + AT_MOST_EVERY - time.monotonic())
            self._timer.start(round(wait * 1000))

    def save_now(self) -> None:
        """Keep a copy now, unless the copy is what the document is."""
        project = self.snapshot()
        if self._writing or project is self._kept or self._saved(project):
            return
        self._timer.stop()
        self._writing, self._last = True, time.monotonic()
        about = {"name": self.name or project.network.name, "original": self.original, "saved": time.time(),
                 "edits": self._edits, "process": os.getpid()}
        try:
            self._make_folder()
        except OSError as error:
            self._complain(str(error))
            return
        folder = self._folder
        run_in_thread(lambda: _keep(project, about, folder), lambda _: self._done(project), self._complain)

    def _saved(self, project: Project) -> bool:
        """Whether this is nothing but what the document's file holds."""
        return self._document.clean and project is self._document.project

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            lock = QLockFile(str(self._folder / _LOCK))
            lock.setStaleLockTime(0)
            lock.tryLock(0)
            self._lock = lock

    def _done(self, project: Project) -> None:
        self._writing, self._kept = False, project
        if self._saved(self.snapshot()):
            self.forget()
        self.written.emit()

    def _complain(self, sentence: str) -> None:
        """Say once that nothing is kept; the program goes on."""
        self._writing = False
        LOG.warning("autosave: %s", sentence)
        if not self._told:
            self._told = True
            self.failed.emit(f"Unsaved work cannot be kept for recovery: {sentence}")

    def forget(self) -> None:
        """The work is saved, or not wanted: take the copy away."""
        self._timer.stop()
        self._edits, self._kept = 0, None
        if self._lock is not None and not self._writing:
            self._lock.unlock()
            self._lock = None
            shutil.rmtree(self._folder, ignore_errors=True)


def _keep(project: Project, about: dict[str, object], folder: Path) -> None:
    """Write the copy and what is to be said about it; runs in a thread."""
    from core.formats import save_file
    from core.formats.atomic import write_atomically

    save_file(project, folder / _PROJECT, keep_previous=False)

    def write(file: BinaryIO) -> None:
        file.write(json.dumps(about).encode())

    write_atomically(folder / _ABOUT, write)


def left_behind(folder: Path | None = None) -> list[Left]:
    """What sessions that are no longer running left, the latest first; folders without a usable copy are removed."""
    root = folder if folder is not None else recovery_folder()
    found = []
    for each in sorted(root.iterdir(), reverse=True) if root.is_dir() else ():
        if each.is_dir() and not _still_open(each):
            left = _describe(each)
            if left is not None:
                found.append(left)
            elif time.time() - each.stat().st_mtime > JUST_MADE:
                shutil.rmtree(each, ignore_errors=True)
    return found


def _still_open(folder: Path) -> bool:
    """Whether the session that owns this folder still runs."""
    if not (folder / _LOCK).exists():
        return False
    lock = QLockFile(str(folder / _LOCK))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        return True
    lock.unlock()
    return False


def _describe(folder: Path) -> Left | None:
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        known = Left(folder, str(about["name"]), str(about["original"]), float(about["saved"]), int(about["edits"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return known if known.project_file.is_file() else None


def read_left(left: Left) -> Project:
    """The project in a copy; CoreError where it cannot be read."""
    from core.formats import open_file

    if not left.project_file.is_file():
        raise CoreError("This copy is no longer there.")
    return open_file(left.project_file)


def discard(left: Left) -> None:
    """Take a copy away for good."""
    shutil.rmtree(left.folder, ignore_errors=True)


def age_text(saved: float, now: float | None = None) -> str:
    """How long ago, in words: "2 minutes ago", "3 hours ago", "on 12 May"."""
    seconds = max(0.0, (time.time() if now is None else now) - saved)
    if seconds < 90:
        return "a minute ago"
    if seconds < 3600:
        return f"{plural(round(seconds / 60), 'minute')} ago"
    if seconds < 86_400:
        return f"{plural(round(seconds / 3600), 'hour')} ago"
    return time.strftime("on %d %B", time.localtime(saved))

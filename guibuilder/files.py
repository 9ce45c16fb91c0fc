"""The document and its file: new, open, save; nothing is lost without a question, and the window never waits."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from core.project import Project
from guibuilder.background import Worker, run_in_thread
from guibuilder.document import Document
from guibuilder.dropped import PROJECTS, purpose
from guibuilder.opening import Opening
from guibuilder.recent import RecentFiles

READABLE_HERE = (".gbnet", ".json")
OPEN_FILTER = ("Projects and networks (*.gbnet *.json *.onnx);;guibuilder project (*.gbnet);;"
               "Network (*.json);;ONNX (*.onnx);;All files (*)")
SAVE_FILTER = "guibuilder project (*.gbnet)"
Then = Callable[[], None]
Stamp = tuple[int, int]


class Files(QObject):
    """Which file the document is, and whether it is saved. `said(text, severity, action, call)` goes to the bar.

    `unsaid(text)` takes a sentence back that is no longer true.
    """

    changed = Signal()
    opened = Signal()
    saved = Signal()
    busy = Signal(str)
    said = Signal(str, str, str, object)
    unsaid = Signal(str)
    picture_dropped = Signal(object)

    def __init__(self, document: Document, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._worker, self._window = document, worker, parent
        self.path: Path | None = None
        self.recent = RecentFiles(self)
        self.training: Callable[[], bool] = lambda: False
        self.thumbnail: Callable[[], bytes] = lambda: b""
        self._restored = False
        self._stamp: Stamp | None = None
        self._told: Stamp | None = None
        self._opening: Opening | None = None
        self._offered = ""
        document.clean_changed.connect(lambda clean: self.changed.emit())

    # what is open -----------------------------------------------------------------------------------------------

    @property
    def dirty(self) -> bool:
        """Whether the document differs from what is on the disk."""
        return self._restored or not self._document.clean

    @property
    def name(self) -> str:
        """The document's name for titles: that of its file, else that of its network."""
        return self.path.stem if self.path is not None else self._document.project.network.name

    # ways in ----------------------------------------------------------------------------------------------------

    def new(self, project: Project | None = None) -> None:
        """An empty document, or a new one from a template."""
        self.leave(lambda: self._show(project if project is not None else Project(), None))

    def open(self, path: Path | None = None) -> None:
        """Open a file, asking which one unless it is given."""
        if path is None:
            path = self.choose_file()
        if path is not None:
            chosen = path
            self.leave(lambda: self._read(chosen))

    def choose_file(self) -> Path | None:
        """Ask which file to open."""
        folder = str(self.path.parent) if self.path is not None else ""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open", folder, OPEN_FILTER)
        return Path(name) if name else None

    def _read(self, path: Path) -> None:
        """Read a file in a thread, a foreign one in the worker; the open document stays until that went well."""
        if self._opening is not None:
            self._opening.stop()
        opening = self._opening = Opening(path, self._worker, self)
        opening.told.connect(self.busy)
        opening.offered.connect(partial(self._offer_to_stop, opening))
        opening.opened.connect(partial(self._opened, opening))
        opening.failed.connect(partial(self._not_opened, opening))
        opening.stopped.connect(partial(self._settled, opening))
        if path.suffix.lower() in PROJECTS and path.suffix.lower() not in READABLE_HERE:
            opening.in_worker()
        else:
            opening.in_thread(_open)

    def _opened(self, opening: Opening, project: Project) -> None:
        self._settled(opening)
        self._show(project, opening.path if opening.path.suffix.lower() in READABLE_HERE else None)
        self.recent.add(opening.path)

    def _not_opened(self, opening: Opening, sentence: str) -> None:
        self._settled(opening)
        self._say(sentence, "error")

    def _offer_to_stop(self, opening: Opening, sentence: str) -> None:
        def stop() -> None:
            opening.stop()
            self._say(f"{opening.path.name} was not opened.", "info")

        self._offered = sentence
        self._say(sentence, "info", "Stop", stop)

    def _settled(self, opening: Opening) -> None:
        """Nothing is being opened any more."""
        if opening is self._opening:
            self._opening = None
            self.busy.emit("")
        self.unsaid.emit(self._offered)
        opening.deleteLater()

    def _show(self, project: Project, path: Path | None, restored: bool = False) -> None:
        self.path, self._restored = path, restored
        self._stamp = self._told = _stamp(path)
        self._document.load(project)
        self.opened.emit()
        self.changed.emit()

    def restore(self, project: Project, then: Then) -> None:
        """Show what a session that ended badly left; it is not saved and has no file, so no original is overwritten."""

        def show() -> None:
            self._show(project, None, restored=True)
            then()

        self.leave(show)

    # ways out ---------------------------------------------------------------------------------------------------

    def save(self, then: Then | None = None) -> None:
        """Save into the document's file, asking for one where there is none; then go on with `then`."""
        if self.path is None or self.path.suffix.lower() != ".gbnet":
            self.save_as(then)
        elif self.changed_on_disk() and not self._replace_anyway(self.path):
            return
        else:
            self._write(self.path, then)

    def save_as(self, then: Then | None = None) -> None:
        """Save under another name."""
        path = self.choose_target(f"{self.name}.gbnet")
        if path is not None:
            self._write(path if path.suffix else path.with_suffix(".gbnet"), then)

    def choose_target(self, name: str) -> Path | None:
        """Ask where to save."""
        folder = self.path.parent if self.path is not None else Path.home()
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save as", str(folder / name), SAVE_FILTER)
        return Path(chosen) if chosen else None

    def _write(self, path: Path, then: Then | None) -> None:
        """Write a snapshot in a thread. What is edited meanwhile stays unsaved, and the title says so."""
        project, picture = self._document.project, self.thumbnail()
        self.busy.emit(f"Saving {path.name} …")

        def done(_: object) -> None:
            self.busy.emit("")
            self.path, self._restored = path, False
            self._stamp = self._told = _stamp(path)
            self.recent.add(path)
            if self._document.project is project:
                self._document.set_clean()
            self.saved.emit()
            self.changed.emit()
            if then is not None:
                then()

        def failed(sentence: str) -> None:
            self.busy.emit("")
            self._say(sentence, "error", "Save as …", self.save_as)

        run_in_thread(lambda: _save(project, path, picture), done, failed)

    def leave(self, then: Then) -> None:
        """Go on with `then` once nothing can be lost: saved, not wanted, or there is nothing to save."""
        if not self.dirty and not self.training():
            then()
            return
        answer = self.ask_to_save()
        if answer == "save":
            self.save(then)
        elif answer == "discard":
            then()

    def ask_to_save(self) -> str:
        """Ask about unsaved changes and a training that runs: `save`, `discard` or `cancel`."""
        box = QMessageBox(self._window)
        box.setWindowTitle("Save changes?")
        running = self.training()
        box.setText(f"{self.name} has changes that are not saved." if self.dirty else f"{self.name} is being trained.")
        box.setInformativeText("The training stops; what it learned since it started or paused is lost." if running
                               else "They are lost unless you save them.")
        save = box.addButton("Save", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Don't save" if self.dirty else "Stop the training",
                                QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)
        box.setEscapeButton(cancel)
        box.exec()
        pressed = box.clickedButton()
        return "save" if pressed is save else "discard" if pressed is discard else "cancel"

    # what happens on the disk -----------------------------------------------------------------------------------

    def changed_on_disk(self) -> bool:
        """Whether another program wrote to the document's file, or removed it."""
        return self.path is not None and _stamp(self.path) != self._stamp

    def look_at_disk(self) -> None:
        """Tell once when the file was changed by another program."""
        now = _stamp(self.path)
        if self.path is None or now in (self._stamp, self._told):
            return
        self._told = now
        if now is None:
            self._say(f"{self.path.name} is no longer there. Save it again to keep it.", "warning", "Save", self.save)
        else:
            path = self.path
            self._say(f"{self.path.name} was changed by another program.", "warning", "Open it again",
                      lambda: self.open(path))

    def _replace_anyway(self, path: Path) -> bool:
        if not path.exists():
            return True
        box = QMessageBox(self._window)
        box.setWindowTitle("Changed on disk")
        box.setText(f"{path.name} was changed by another program since it was opened.")
        box.setInformativeText("Saving replaces that version; it stays beside the file as a copy (.bak).")
        replace_it = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is replace_it

    # dropped on the window --------------------------------------------------------------------------------------

    def take(self, path: Path) -> None:
        """Do what a dropped file is for: open it, look at it, or train on it."""
        what = purpose(path)
        if what == "project":
            self.open(path)
        elif what == "picture":
            self.picture_dropped.emit(path)
        elif what == "data":
            self.use_data(path)
        else:
            self._say(f"{path.name} is no project, picture or data set that guibuilder knows.", "warning")

    def use_data(self, path: Path) -> None:
        """Train on a file or folder of the person's own."""
        choice = replace(self._document.project.data, source=str(path))
        self._document.edit(f"Use the data {path.name}", data=choice)
        self._say(f"Training will use {path.name}.", "info")

    def _say(self, text: str, severity: str, action: str = "", call: Callable[[], None] | None = None) -> None:
        self.said.emit(text, severity, action, call)


def _open(path: Path) -> Project:
    from core.formats import open_file

    return open_file(path)


def _save(project: Project, path: Path, picture: bytes) -> None:
    from core.formats import save_file

    save_file(project, path, thumbnail=picture)


def _stamp(path: Path | None) -> Stamp | None:
    """Time and size of a file as it lies on the disk; None where there is none."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)

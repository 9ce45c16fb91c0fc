"""What the window says about itself: title, Train button, status line; and whether it may close."""

from PySide6.QtCore import QObject, QSettings, QTimer
from PySide6.QtWidgets import QMainWindow

from core.worker.messages import Ready
from guibuilder.commands import Commands
from guibuilder.training.state import State

RUN_WORDS = {State.IDLE: "", State.PREPARING: "preparing", State.RUNNING: "training", State.PAUSED: "paused",
             State.FINISHED: "trained", State.FAILED: "stopped with a problem"}


class WindowState(QObject):
    """Follows document, training and files, and shows what changed, once for many reasons."""

    def __init__(self, parts: Commands, window: QMainWindow) -> None:
        super().__init__(window)
        self._parts, self._window = parts, window
        self._busy, self._opening = "", ""
        self.leaving = False
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self.refresh)
        for signal in (parts.document.changed, parts.run.state_changed, parts.files.changed, parts.run.advanced):
            signal.connect(self.refresh_soon)
        for signal in (parts.document.changed, parts.run.state_changed, parts.selection.changed, parts.files.changed,
                       parts.document.undo_stack.indexChanged):
            signal.connect(parts.actions.refresh_soon)
        parts.run.state_changed.connect(self._follow_run)
        parts.files.busy.connect(self._work)
        parts.files.saved.connect(parts.autosave.forget)
        parts.worker.ready.connect(self._greet)
        parts.worker.died.connect(self._worker_died)
        if parts.worker.greeting is not None:
            self._greet(parts.worker.greeting)
        self.refresh()
        parts.actions.refresh()

    def refresh_soon(self, *_: object) -> None:
        """Show everything anew, after what is going on now."""
        if not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Show title, Train button and run as they are."""
        parts = self._parts
        dirty, name = parts.files.dirty, parts.files.name
        progress = f" – {parts.run.place.share:.0%} trained".replace("%", " %") if parts.run.active else ""
        self._window.setWindowTitle(f"{name}[*]{progress} – guibuilder")
        self._window.setWindowModified(dirty)
        path = parts.files.path
        where = "Not saved in a file yet" if path is None else str(path)
        parts.header.title.show_text(f"{name} — edited" if dirty else name, where)
        parts.autosave.name, parts.autosave.original = name, "" if path is None else str(path)
        inference = parts.document.whole
        empty = not parts.document.whole.network.nodes
        parts.header.show_state(problems=0 if empty else len(inference.errors), ready=inference.runs,
                                why="Add some layers first." if empty else "", running=parts.run.active,
                                paused=parts.run.state is State.PAUSED)
        parts.status.show_run(self._busy or RUN_WORDS[parts.run.state])

    def _follow_run(self, state: State) -> None:
        if state is State.FAILED:
            self._parts.lower.show_tab("Training")

    def _work(self, text: str) -> None:
        self._busy = text
        self.refresh_soon()

    def _greet(self, ready: Ready) -> None:
        self._parts.status.show_threads(ready.threads)

    def _worker_died(self, sentence: str) -> None:
        self._parts.bar.show_message(sentence, "warning")

    def may_close(self) -> bool:
        """Whether the window may close now; where something is unsaved the question comes first."""
        if self.leaving:
            return True
        self._parts.files.leave(self._leave)
        return self.leaving

    def _leave(self) -> None:
        """Nothing is lost any more: remember where things are, end what runs, and close."""
        self.leaving = True
        parts = self._parts
        parts.layouts.keep()
        QSettings().setValue("window/geometry", self._window.saveGeometry())
        parts.autosave.forget()
        self._window.close()

"""The files that were open lately, kept in the settings."""

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

MOST = 15
_KEY = "recent files"


class RecentFiles(QObject):
    """At most 15 paths, the latest first. Files that are gone stay in the list, so that they can be looked for."""

    changed = Signal()

    def paths(self) -> list[Path]:
        """The files, the latest first."""
        kept = QSettings().value(_KEY, [])
        texts = kept if isinstance(kept, list) else [kept]
        return [Path(text) for text in texts if isinstance(text, str) and text][:MOST]

    def add(self, path: Path) -> None:
        """A file was opened or saved."""
        path = path.absolute()
        self._put([path, *(each for each in self.paths() if each != path)])

    def remove(self, path: Path) -> None:
        """Forget one file."""
        self._put([each for each in self.paths() if each != path])

    def clear(self) -> None:
        """Forget all."""
        self._put([])

    def _put(self, paths: list[Path]) -> None:
        QSettings().setValue(_KEY, [str(path) for path in paths[:MOST]])
        self.changed.emit()

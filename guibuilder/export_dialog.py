"""Taking the network away: which format, what it carries, and how closely the written file agrees with the engine."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QLabel,
    QProgressBar,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.export.lacking import Carried, carried
from core.formats import FORMATS
from core.formats.base import Format
from core.formats.folder import ZIP
from core.project import Project
from core.worker.messages import Exported, ExportFile
from guibuilder.background import Worker
from guibuilder.theme import Theme
from guibuilder.words import plural, small

FIRST = ("onnx", "pytorch", "keras", "numpy", "safetensors", "npz", "json", "html", "csv", "tensorboard")
CLOSE_ENOUGH = 1e-5


def formats() -> list[Format]:
    """The formats to offer, the usual ones first; the project's own format is what Save is for."""
    offered = [each for each in FORMATS.values() if each.name != "gbnet"]
    return sorted(offered, key=lambda each: FIRST.index(each.name) if each.name in FIRST else len(FIRST))


def difference_text(exported: Exported) -> str:
    """How closely the file agrees with the engine, in words."""
    if exported.max_difference is None:
        return exported.note
    agrees = "They agree." if exported.max_difference <= CLOSE_ENOUGH else "That is more than rounding explains."
    return (f"Compared on {plural(exported.pictures, 'real picture')}: the largest difference between "
            f"{exported.program} and this program is {small(exported.max_difference)}. {agrees} "
            f"{exported.note}").strip()


def carried_text(found: Carried) -> str:
    """What a format does not hold, or why it cannot be written, in words for below the formats."""
    return found.refused or "\n".join(found.lacking) or "Nothing of the network is left out."


class ExportDialog(QDialog):
    """Asks for the format, lets the worker write, and shows what came of it."""

    def __init__(self, project: Project, name: str, worker: Worker, theme: Theme,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._project, self._name, self._worker, self._theme = project, name, worker, theme
        self._number, self._written = 0, Path()
        self._choices = QButtonGroup(self)
        self._formats = formats()
        self.lacking, self.result_text, self.progress = QLabel(), QLabel(), QProgressBar()
        self.lacking.setWordWrap(True)
        self.lacking.setAccessibleName("What the file does not hold")
        self.result_text.setWordWrap(True)
        self.result_text.setMinimumHeight(4 * self.result_text.fontMetrics().lineSpacing())
        self.result_text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.result_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the export")
        self.progress.hide()
        self._lay_out()
        self.resize(self.sizeHint())
        worker.progress.connect(self._advance)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(4)
        title = QLabel(f"Export {self._name}")
        title.setProperty("title", True)
        column.addWidget(title)
        if not self._project.weights:
            note = QLabel("The network is not trained yet; the weights it starts from are exported.")
            note.setProperty("soft", True)
            note.setWordWrap(True)
            column.addWidget(note)
        column.addSpacing(8)
        self._area = self._scrolled_choices()
        column.addWidget(self._area, 1)
        column.addSpacing(4)
        column.addWidget(self.lacking)
        column.addSpacing(4)
        column.addWidget(self.progress)
        column.addWidget(self.result_text)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.export_button = self._buttons.addButton("Export …", QDialogButtonBox.ButtonRole.ActionRole)
        self.export_button.setProperty("primary", True)
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self.export)
        self.folder_button = self._buttons.addButton("Show folder", QDialogButtonBox.ButtonRole.ActionRole)
        self.folder_button.setToolTip("Opens the folder that holds what was written")
        self.folder_button.clicked.connect(self._show_folder)
        self.folder_button.hide()
        self._buttons.rejected.connect(self.reject)
        column.addWidget(self._buttons)
        self._choices.idToggled.connect(self._tell_lacking)
        self._choices.button(0).setChecked(True)

    def _scrolled_choices(self) -> QScrollArea:
        """All formats, in an area that scrolls where the text is large or the screen is small."""
        inner, area = QWidget(), QScrollArea()
        column = self._inside = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for number, each in enumerate(self._formats):
            button, about = QRadioButton(f"{each.title} · {each.suffix or 'folder'}"), QLabel(each.about)
            button.setAccessibleDescription(each.about)
            about.setProperty("soft", True)
            about.setWordWrap(True)
            about.setContentsMargins(24, 0, 0, 6)
            self._choices.addButton(button, number)
            column.addWidget(button)
            column.addWidget(about)
        column.addStretch(1)
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    def sizeHint(self) -> QSize:
        # High enough for every line of what the formats say, where the screen allows it.
        width, scale = round(560 * self._theme.scale), self._theme.scale
        needed = self._inside.totalHeightForWidth(width - round(60 * scale))
        rest = super().sizeHint().height() - self._area.sizeHint().height()
        return QSize(width, min(needed + rest + 8, round(self.screen().availableGeometry().height() * 0.9)))

    def _tell_lacking(self, number: int, chosen: bool) -> None:
        """Before anything is written: what stays behind, and why; a format that cannot be written says that."""
        if not chosen:
            return
        if not self._number:
            # What was said of another format is no longer true beside this one.
            self.result_text.clear()
            self.folder_button.hide()
        found = carried(self._formats[number].name, self._project)
        self.lacking.setText(carried_text(found))
        self.lacking.setStyleSheet(f"color: {self._theme.colours.error if found.refused else self._theme.colours.soft}")
        self.export_button.setEnabled(not found.refused and not self._number)
        self.export_button.setToolTip(found.refused)

    def choose(self, name: str) -> None:
        """Choose a format by its name."""
        names = [each.name for each in self._formats]
        self._choices.button(names.index(name)).setChecked(True)

    def choose_target(self, chosen: Format) -> Path | None:
        """Ask where to write; a format of several files without an ending makes a folder of the name."""
        if not chosen.suffix:
            text, _ = QFileDialog.getSaveFileName(self, f"Export {chosen.title}", f"{self._name}-{chosen.name}",
                                                  f"Folder (*);;One file (*{ZIP})")
            return Path(text) if text else None
        text, _ = QFileDialog.getSaveFileName(self, f"Export {chosen.title}", f"{self._name}{chosen.suffix}",
                                              f"{chosen.title} (*{chosen.suffix})")
        return Path(text) if text else None

    def export(self) -> None:
        """Ask where to, and let the worker write."""
        chosen = self._formats[self._choices.checkedId()]
        path = self.choose_target(chosen)
        if path is None:
            return
        path = path if path.suffix or not chosen.suffix else path.with_suffix(chosen.suffix)
        self._busy(True)
        self.folder_button.hide()
        self._say(f"Writing {path.name} …", "soft")
        request = ExportFile(0, self._project, chosen.name, str(path))
        self._number = self._worker.ask(request, self._done, self._failed)

    def _advance(self, number: int, text: str, done: int, total: int) -> None:
        if number == self._number:
            self.progress.setRange(0, total)
            self.progress.setValue(done)
            self._say(f"{text} …", "soft")

    def _done(self, exported: Exported) -> None:
        self._busy(False)
        more = difference_text(exported)
        fine = exported.max_difference is None or exported.max_difference <= CLOSE_ENOUGH
        self._say(f"Written: {exported.path}.\n{more}".strip(), "good" if fine else "warning")
        self._written = Path(exported.path)
        self.folder_button.show()

    def _show_folder(self) -> None:
        folder = self._written if self._written.is_dir() else self._written.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _failed(self, sentence: str, details: str = "") -> None:
        self._busy(False)
        self._say(sentence, "error")

    def _busy(self, busy: bool) -> None:
        self.progress.setRange(0, 0)
        self.progress.setVisible(busy)
        self.export_button.setEnabled(not busy)
        if not busy:
            self._number = 0
            self._tell_lacking(self._choices.checkedId(), True)

    def _say(self, text: str, role: str) -> None:
        self.result_text.setText(text)
        self.result_text.setStyleSheet(f"color: {getattr(self._theme.colours, role)}")

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._worker.forget(self._number)

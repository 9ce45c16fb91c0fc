"""The window: puts the parts in their places and wires them to each other; it decides nothing itself."""

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QSettings, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.project import Project
from core.templates import TEMPLATES, template
from guibuilder.action_kit import Actions
from guibuilder.actions import ACTIONS, MENUS
from guibuilder.background import Worker, run_in_thread
from guibuilder.canvas.canvas import Canvas
from guibuilder.commands import Commands
from guibuilder.document import Document, Selection
from guibuilder.files import Files
from guibuilder.finder import Finder
from guibuilder.header import Header
from guibuilder.inspection.filters_preview import FiltersPreview
from guibuilder.inspection.panel import InspectionPanel
from guibuilder.kernel_part import KernelPart
from guibuilder.layouts import Layouts
from guibuilder.lower_panel import LowerPanel
from guibuilder.messages import ErrorReport, MessageBar
from guibuilder.palette import Palette
from guibuilder.problems import ProblemsPanel
from guibuilder.properties import Properties
from guibuilder.recovery import Autosave, Left, discard, read_left
from guibuilder.start_screen import StartScreen
from guibuilder.status import StatusBar
from guibuilder.theme import Theme
from guibuilder.thumbnail import png
from guibuilder.training.panel import TrainingPanel
from guibuilder.training.run import TrainingRun
from guibuilder.window_state import WindowState

CONTEXT = ("settings", "rename", "explain", None, "cut", "copy", "paste", "duplicate", "delete", "delete-reconnect",
           None, "bypass", "freeze", None, "open-block", "group", "ungroup",
           "close-block", "add-port", None, "add", "wire", "arrange", "quick-fix")


class MainWindow(QMainWindow):
    """Top bar · palette, canvas over panels, properties · status bar; or the start screen in their place."""

    def __init__(self, theme: Theme, document: Document, worker: Worker) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setMinimumSize(720, 480)
        selection = Selection(document)
        run = TrainingRun(document, worker, self)
        self._inspection = InspectionPanel(document, selection, theme, worker, run)
        problems = ProblemsPanel(document, selection, theme)
        training = TrainingPanel(document, selection, theme, run, worker)
        lower = LowerPanel(theme, training, problems, self._inspection)
        files = Files(document, worker, self)
        canvas, palette = Canvas(document, selection, theme, lambda: document.cost), Palette(theme)
        properties = Properties(document, selection, theme)
        properties.set_extra(KernelPart(document, selection, theme, worker), above_cost=True)
        properties.set_extra(FiltersPreview(document, selection, theme, worker))
        header, status, bar = Header(theme), StatusBar(document, theme), MessageBar(theme)
        start, pages = StartScreen(theme, files.recent), QStackedWidget()
        rows = _splitter(Qt.Orientation.Vertical, canvas, lower)
        columns = _splitter(Qt.Orientation.Horizontal, palette, _column(bar, rows), properties)
        self._lay_out(header, columns, start, pages, status)
        layouts = Layouts(columns, rows, {"palette": palette, "properties": properties, "panel": lower}, theme)
        self.commands = Commands(
            window=self, theme=theme, document=document, selection=selection, worker=worker, run=run, files=files,
            autosave=Autosave(document, self), canvas=canvas, palette=palette, properties=properties, problems=problems,
            lower=lower, header=header, status=status, bar=bar, start=start, pages=pages, finder=Finder(theme, self),
            layouts=layouts)
        self.actions_by_name = self.commands.actions = Actions(ACTIONS, self.commands, self, theme)
        self._fill_menus()
        self._wire()
        self.state = WindowState(self.commands, self)

    def _lay_out(self, header: Header, columns: QSplitter, start: StartScreen, pages: QStackedWidget,
                 status: StatusBar) -> None:
        pages.addWidget(columns)
        pages.addWidget(start)
        whole = _column(header, pages, status)
        self.setCentralWidget(whole)
        geometry = QSettings().value("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            room = self.screen().availableSize()
            self.resize(min(1440, room.width()), min(900, room.height()))

    def _fill_menus(self) -> None:
        parts = self.commands
        menus = parts.actions.fill(parts.header.menus, MENUS)
        for name in parts.start.cards:
            if name in TEMPLATES:
                made = menus["New from template"].addAction(TEMPLATES[name].title)
                made.setToolTip(TEMPLATES[name].about)
                made.triggered.connect(lambda _=False, name=name: self.new_from(name))
        recent = menus["Open recent"]
        recent.aboutToShow.connect(lambda: self._fill_recent(recent))
        for menu in menus.values():
            menu.aboutToShow.connect(parts.actions.refresh)

    def _fill_recent(self, menu: QMenu) -> None:
        menu.clear()
        files = self.commands.files
        for path in files.recent.paths():
            action = menu.addAction(path.name if path.is_file() else f"{path.name} (missing)")
            action.setEnabled(path.is_file())
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: files.open(path))
        menu.addSeparator()
        menu.addAction("Clear this list").triggered.connect(files.recent.clear)
        menu.setEnabled(True)

    def _wire(self) -> None:
        p = self.commands
        p.palette.chosen.connect(p.canvas.commands.add_layer)
        p.canvas.edit_requested.connect(lambda _: p.edit_settings())
        p.canvas.templates_requested.connect(p.show_start)
        p.canvas.menu_requested.connect(self._show_context)
        p.canvas.zoom_changed.connect(p.status.show_zoom)
        p.properties.revealed.connect(p.canvas.commands.reveal)
        p.problems.revealed.connect(p.canvas.commands.reveal)
        p.header.tab_chosen.connect(p.show_tab)
        p.header.train_pressed.connect(lambda: p.actions.do("train"))
        p.header.problems_pressed.connect(p.show_problems)
        p.header.title.renamed.connect(p.rename_network)
        p.header.bind({name: p.actions.by_name[name] for name in p.header.transport})
        p.status.problems_pressed.connect(p.show_problems)
        p.lower.closed.connect(lambda: p.toggle("panel"))
        p.start.template_chosen.connect(self.new_from)
        p.start.file_chosen.connect(p.files.open)
        p.start.open_pressed.connect(p.files.open)
        p.start.left.connect(p.leave_start)
        p.start.recovery.restored.connect(self._restore)
        p.start.recovery.discarded.connect(discard)
        p.files.opened.connect(p.leave_start)
        p.files.said.connect(p.bar.show_message)
        p.files.unsaid.connect(p.bar.take_back)
        p.files.picture_dropped.connect(self._look_at)
        p.files.training = lambda: p.run.unkept
        p.autosave.snapshot = p.run.snapshot
        p.run.checkpointed.connect(p.autosave.soon)
        p.files.thumbnail = lambda: png(p.document.project.network)
        p.autosave.failed.connect(lambda text: p.bar.show_message(text, "warning"))

    # what comes from outside ------------------------------------------------------------------------------------

    def new_from(self, name: str) -> None:
        """A new document from a template; an empty one where the name is empty."""
        if name:
            self.commands.files.new(template(name))
        else:
            self.commands.new_empty()

    def offer(self, left: list[Left]) -> None:
        """Offer what crashed sessions left."""
        parts = self.commands
        parts.start.recovery.show_left(left)
        if left and not parts.starting:
            parts.bar.show_message("Work of an earlier session was not saved.", "warning", "Show it", parts.show_start)

    def _restore(self, left: Left) -> None:
        def done(project: Project) -> None:
            parts.files.restore(project, lambda: discard(left))

        parts = self.commands
        run_in_thread(lambda: read_left(left), done, lambda text: parts.bar.show_message(text, "error"))

    def report(self, sentence: str, details: str) -> None:
        """Say quietly that something broke; the details are one click away."""

        def show() -> None:
            ErrorReport(sentence, details, self).exec()

        self.commands.bar.show_message(sentence, "error", "Details", show)

    def _look_at(self, path: Path) -> None:
        """Show what the network says to a picture."""
        self.commands.show_tab(2)
        self._inspection.side.open_file(str(path))

    def _show_context(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        actions = self.commands.actions
        actions.refresh()
        for name in CONTEXT:
            if name is None:
                menu.addSeparator()
            elif actions.by_name[name].isEnabled():
                menu.addAction(actions.by_name[name])
        menu.exec(where)
        menu.deleteLater()

    # Qt ---------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.commands.files.take(paths[0])

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.commands.files.look_at_disk()
            self.commands.actions.refresh_soon()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.setAccepted(self.state.may_close())


def _splitter(orientation: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    for widget in widgets:
        splitter.addWidget(widget)
    splitter.setStretchFactor(1 if len(widgets) == 3 else 0, 1)
    return splitter


def _column(*widgets: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget, 1 if isinstance(widget, QSplitter | QStackedWidget) else 0)
    return box

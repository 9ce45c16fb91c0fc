"""The training panel: settings, curves, what the selected layer sees, and how far it is."""

from dataclasses import replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from core.graph.initial import AS_EACH_LAYER_SAYS, How
from core.graph.network import Network
from core.graph.starts import start_warning, usual_start
from core.train.options import how_to_start
from guibuilder.background import Worker
from guibuilder.document import Change, Document, Selection
from guibuilder.pictures.live_maps import LiveMaps
from guibuilder.theme import Theme
from guibuilder.training.announce import Announcer
from guibuilder.training.banner import Banner
from guibuilder.training.notice import notice, rewinding
from guibuilder.training.room import room
from guibuilder.training.run import TrainingRun
from guibuilder.training.settings_form import WIDTH, SettingsForm
from guibuilder.training.state import State
from guibuilder.training.transport import Transport
from guibuilder.training.trouble import Remedy
from guibuilder.training.words import loss_words, share_words
from guibuilder.viewing import viewing_of
from guibuilder.words import plural

if TYPE_CHECKING:
    from guibuilder.training.curves import Curves

MAPS_WIDTH = 204
ROOM_FOR_CURVES = 260
ROOM_FOR_MAPS = 500
ROOM_FOR_ALL = 960
CURVES_AFTER = 1000
SETTINGS_KEY = "training settings"


class TrainingPanel(QWidget):
    """Everything about a training in one place. Space, → and Shift+→ steer it while it has the focus.

    `sizes_asked`: somebody wants to see why the network cannot learn from its initial values.
    """

    sizes_asked = Signal()

    def __init__(self, document: Document, selection: Selection, theme: Theme, run: TrainingRun,
                 worker: Worker) -> None:
        super().__init__()
        self._document, self._theme, self.run = document, theme, run
        self._closed: object = None
        self._start: tuple[Network, How, str] | None = None
        self.banner = Banner(theme)
        self.form = SettingsForm(document, theme, run, worker)
        self.maps = LiveMaps(document, theme, viewing_of(document, selection, worker))
        self.transport = Transport(theme, run)
        Announcer(run, self)
        self.sentence = QLabel()
        self.sentence.setTextFormat(Qt.TextFormat.RichText)
        self.curves: Curves | None = None
        self.centre = QStackedWidget()
        self.settings_button = QToolButton()
        self._lay_out()
        for signal in (run.state_changed, run.advanced):
            signal.connect(self._refresh)
        self.form.data.understood.connect(self._refresh)
        self.form.data.understood.connect(self.maps.ask)
        document.changed.connect(self._follow)
        theme.changed.connect(self._paint)
        theme.changed.connect(self._refresh)
        self.banner.closed.connect(self._close_banner)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Training")
        self._soon = QTimer(self, singleShot=True, interval=CURVES_AFTER)
        self._soon.timeout.connect(self._make_curves)
        self._paint()
        self._refresh()

    def _lay_out(self) -> None:
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setProperty("soft", True)
        self.centre.addWidget(self.sentence)
        self.settings_button.setCheckable(True)
        self.settings_button.setProperty("filled", True)
        self.settings_button.setText("Settings")
        self.settings_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.settings_button.setToolTip("Show or hide the settings of the training")
        self.settings_button.clicked.connect(self._fold)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self.form)
        middle.addWidget(self.centre, 1)
        middle.addWidget(self.maps)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.settings_button)
        foot.addWidget(self.transport, 1)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(8)
        column.addWidget(self.banner)
        column.addLayout(middle, 1)
        column.addLayout(foot)

    # what is shown ----------------------------------------------------------------------------------------------

    def _refresh(self, *_: object) -> None:
        if not self.isVisible():
            return
        run = self.run
        self.transport.show_progress()
        self._show_banner()
        if run.state is State.PREPARING:
            compiling = bool(run.preparing.total)
            self._say(preparing_words(run), "Only this once: later trainings start at once." if compiling
                      else "Training starts in a moment.")
        elif run.figures.empty:
            self._say(*self._what_will_happen())
        else:
            self._show_curves()

    def _make_curves(self) -> "Curves":
        """The curves, with pyqtgraph: a moment nobody should wait for, neither at the start nor while it trains."""
        if self.curves is None:
            from guibuilder.training.curves import Curves

            self.curves = Curves(self._theme, self.run.figures)
            self.centre.addWidget(self.curves)
        return self.curves

    def _show_curves(self) -> None:
        curves = self._make_curves()
        self.centre.setCurrentWidget(curves)
        last = max((epoch.epoch for epoch in self.run.figures.epochs), default=0)
        curves.refresh(max(last, self.run.place.epochs if self.run.active else 0, 1))

    def _say(self, head: str, text: str) -> None:
        """A short head and a quiet text in the place of the curves."""
        colours = self._theme.colours
        size = round(16 * self._theme.scale)
        self.sentence.setText(f'<p style="font-size: {size}px; color: {colours.text}; font-weight: 600">{escape(head)}'
                              f'</p><p style="color: {colours.soft}">{escape(text)}</p>')
        self.centre.setCurrentWidget(self.sentence)

    def _what_will_happen(self) -> tuple[str, str]:
        """Before the first training: what Train will do, with its numbers."""
        inference, options = self._document.whole, self._document.project.options
        if not inference.runs:
            return "Not ready to train yet", inference.errors[0].message
        layers = plural(len(inference.flat.network.nodes), "layer")
        seen = self.form.data.seen
        pictures = f"{seen.train:,} pictures" if seen is not None else "the pictures"
        return "Nothing is trained yet", (f"Press Train: the {layers} go through {pictures} "
                                          f"{plural(options.epochs, 'time')}, and loss and accuracy are drawn here.")

    def _show_banner(self) -> None:
        run, said = self.run, notice(self.run)
        if run.trouble is not None:
            self.banner.say("error", run.trouble.message, run.trouble.remedies, details=run.trouble.details)
        elif run.state is State.FINISHED and run.result is not None and run.result is not self._closed:
            self._show_result()
        elif said is not None and said.text != self._closed:
            self.banner.say(said.severity, said.text, said.remedies, closable=said.closable)
        elif run.stale:
            over = (Remedy("Start over", run.start_over),) if not run.active else ()
            self.banner.say("warning", "From an earlier network: it has been edited since.", over, closable=False)
        elif self._start_words():
            self.banner.say("warning", self._start_words(), self._start_remedies(), closable=False)
        elif not run.active:
            self._show_room()
        else:
            self.banner.hide()

    def _show_room(self) -> None:
        """Before a training: whether memory will hold it."""
        seen = self.form.data.seen
        text, batch = room(self._document, None if seen is None else seen.train)
        if not text or self._closed == self._document.project.options:
            self.banner.hide()
            return
        remedies = (Remedy(f"Use batch {batch:,}", partial(self.run.use_batch, batch)),) if batch else ()
        self.banner.say("warning", text, remedies)

    def _start_words(self) -> str:
        """Why nothing will be learned from these initial values, where that is so and nothing is trained yet."""
        project = self._document.project
        if project.weights or not self._document.whole.runs:
            return ""
        asked = (project.network, how_to_start(project.options))
        if self._start is None or self._start[0] is not asked[0] or self._start[1] != asked[1]:
            self._start = (*asked, start_warning(*asked))
        return self._start[2]

    def _start_remedies(self) -> tuple[Remedy, ...]:
        """See it, or begin in the usual way."""
        show = Remedy("Show why", self._show_why)
        return (show,) if self.run.active else (show, Remedy("Use usual values", self._start_usually))

    def _show_why(self) -> None:
        self.sizes_asked.emit()

    def _start_usually(self) -> None:
        project = self._document.project
        self._document.edit("Use usual initial values", network=usual_start(project.network),
                            options=replace(project.options, init=AS_EACH_LAYER_SAYS))

    def _show_result(self) -> None:
        result = self.run.result
        if result is None:
            return
        again = rewinding(self.run) or (Remedy("Start over", self.run.start_over),)
        if result.test_accuracy is not None:
            ended = " It ended early: the validation loss got no better." if result.reason == "patience" else ""
            if result.best_epoch:
                ended += f" The weights are those of epoch {result.best_epoch:,}, which has the lowest validation loss."
            stale = " The network has been edited since." if self.run.stale else ""
            right, count = round(result.test_accuracy * self.run.place.test), self.run.place.test
            self.banner.say("good", f"{right:,} of {count:,} test pictures are recognised; loss "
                            f"{loss_words(result.test_loss)}.{ended}{stale}", again,
                            figure=share_words(result.test_accuracy))
        else:
            self.banner.say("good", f"Trained; the test loss is {loss_words(result.test_loss)}.", again)

    def _close_banner(self) -> None:
        said = notice(self.run)
        self._closed = self.run.result or (said.text if said is not None else self._document.project.options)
        self.run.dismiss()
        self._refresh()

    # layout and theme -------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if any(change.touched(part) for part in ("network", "options", "data", "progress")):
            self._refresh()

    def _fold(self, open_: bool) -> None:
        QSettings().setValue(SETTINGS_KEY, "on" if open_ else "off")
        self._share_room()

    def _share_room(self) -> None:
        """Curves first, then maps, then the settings; what finds no room is left out."""
        width = self.width() - 32
        chosen = QSettings().value(SETTINGS_KEY, "on" if width >= ROOM_FOR_ALL else "off") == "on"
        self.settings_button.setChecked(chosen)
        self._paint()
        open_ = chosen and width - WIDTH >= ROOM_FOR_CURVES
        self.form.setVisible(open_)
        self.maps.setVisible(width - (WIDTH if open_ else 0) >= ROOM_FOR_MAPS)
        self.maps.setFixedWidth(max(MAPS_WIDTH, min(420, width // 4)))

    def _paint(self) -> None:
        open_ = self.settings_button.isChecked()
        self.settings_button.setIcon(self._theme.icon("chevron-down" if open_ else "chevron-right", "text"))

    def minimumSizeHint(self) -> QSize:
        """Narrow, for what finds no room is left out."""
        return QSize(340, 150)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room again."""
        super().resizeEvent(event)
        self._share_room()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what happened while nobody looked."""
        super().showEvent(event)
        self._refresh()
        if self.curves is None:
            self._soon.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space starts, pauses and goes on; → makes one batch, Shift+→ one epoch; R rewinds."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() == Qt.Key.Key_Space:
            self.run.toggle()
        elif event.key() == Qt.Key.Key_Right:
            self.run.one_epoch() if shift else self.run.one_batch()
        elif event.key() == Qt.Key.Key_R and not event.modifiers():
            self.run.rewind()
        else:
            super().keyPressEvent(event)


def preparing_words(run: TrainingRun) -> str:
    """"Compiling the fast kernels, first time only: 12 of 18"."""
    now = run.preparing
    return f"{now.text}: {now.done:,} of {now.total:,}" if now.total else f"{now.text} …"

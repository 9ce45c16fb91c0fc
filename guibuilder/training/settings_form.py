"""The settings of a training: data first, what everybody changes next, the rest folded away."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from core.graph.initial import AS_EACH_LAYER_SAYS
from core.project import DataChoice
from core.settings import Setting, settings_of
from core.train.options import TrainOptions, why_idle
from guibuilder.background import Worker
from guibuilder.document import Change, Document
from guibuilder.fields import shown
from guibuilder.forms import Form
from guibuilder.theme import Theme
from guibuilder.training import schedule_part
from guibuilder.training.augment_part import AugmentPart
from guibuilder.training.data_choice import DataPanel
from guibuilder.training.outputs_part import OutputsPart
from guibuilder.training.run import TrainingRun
from guibuilder.training.words import updates_words

USUAL = ("epochs", "learning_rate", "mode", "batch_size", "optimizer", "loss", "validation", "seed")
WIDTH = 264
_LABELS = 92


class SettingsForm(QScrollArea):
    """Edits the document's data choice and training options; each change is one step of undo."""

    def __init__(self, document: Document, theme: Theme, run: TrainingRun, worker: Worker,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._theme, self._run = document, theme, run
        declared = settings_of(TrainOptions)
        rest = [name for name in declared if name not in (*USUAL, *schedule_part.NAMES)]
        self.data = DataPanel(document, theme, worker)
        self.usual = Form([declared[name] for name in USUAL], label_width=_LABELS)
        self.updates = QLabel()
        self.updates.setWordWrap(True)
        self.updates.setProperty("soft", True)
        self.outputs = OutputsPart(document, _LABELS)
        self.schedule = schedule_part.SchedulePart(theme, run, _LABELS)
        self.augment = AugmentPart(document, theme, worker, _LABELS)
        folded = [*(declared[name] for name in rest), settings_of(DataChoice)["normalise"]]
        self.rest = Form(folded, label_width=_LABELS)
        self.fold = QToolButton()
        self.fold.setText("More settings")
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setIconSize(QSize(12, 12))
        self.fold.toggled.connect(self._unfold)
        self._lay_out()
        for form in (self.usual, self.schedule.form, self.augment.form, self.rest):
            form.changed.connect(lambda name, value, form=form: self._changed(form, name, value))
        self.data.understood.connect(self._count_updates)
        self.data.understood.connect(self._show_augmentation)
        self.data.understood.connect(self._show_outputs)
        document.changed.connect(self._follow)
        run.state_changed.connect(self._lock)
        theme.changed.connect(self._paint)
        self._show()
        self._unfold(False)

    @property
    def _forms(self) -> tuple[Form, ...]:
        return self.usual, *self.outputs.forms, self.schedule.form, self.augment.form, self.rest

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(6)
        for widget in (self.data, self.usual, self.updates, self.outputs, self.schedule, self.augment, self.fold,
                       self.rest):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(WIDTH)
        self.setAccessibleName("Settings of the training")

    def _show(self) -> None:
        options, data = self._document.project.options, self._document.project.data
        values = {**{name: getattr(options, name) for name in settings_of(TrainOptions)}, "normalise": data.normalise}
        self.usual.show_values(values)
        self.rest.show_values(values)
        for form, name in ((self.rest, "momentum"), (self.rest, "patience"), (self.usual, "batch_size")):
            form.set_row_visible(name, not why_idle(options, name))
        self.rest.set_row_visible("init_value", self._begins_constant())
        self.schedule.show_options(options)
        self._count_updates()
        self._show_augmentation()
        self._show_outputs()
        self._lock()

    def _show_augmentation(self) -> None:
        self.augment.show_data(self._document.project, self.data.seen)

    def _show_outputs(self) -> None:
        seen = self.data.seen
        self.outputs.show_outputs(None if seen is None else len(seen.classes))

    def _count_updates(self) -> None:
        seen, project = self.data.seen, self._document.project
        known = seen.train if seen is not None else None
        self.updates.setText(updates_words(project.options, known))

    def _begins_constant(self) -> bool:
        """Whether any weights begin as constants, so that their value matters."""
        project = self._document.project
        layers = (project.options.init,) if project.options.init != AS_EACH_LAYER_SAYS else tuple(
            getattr(node.layer, "kernel_init", "") for node in project.network.nodes.values())
        return "constant" in layers

    def _follow(self, change: Change) -> None:
        if any(change.touched(part) for part in ("options", "data", "network")):
            self._show()

    def _changed(self, form: Form, name: str, value: Any) -> None:
        project = self._document.project
        setting = _setting(name)
        title = f"Set {setting.label.lower()} to {shown(setting, value)}"
        merge = f"training.{name}.{form.session}"
        part = "options" if name in settings_of(TrainOptions) else "data"
        parts: dict[str, Any] = {part: replace(getattr(project, part), **{name: value})}
        self._document.edit(title, merge=merge, **parts)

    def _lock(self, *_: object) -> None:
        """While a training goes on only its learning rate can be changed."""
        active = self._run.active
        self.data.setEnabled(not active)
        for form in self._forms:
            for name, editor in form.editors.items():
                editor.setEnabled(not active or name == "learning_rate")

    def _unfold(self, open_: bool) -> None:
        self.rest.setVisible(open_)
        self._paint()

    def _paint(self) -> None:
        self.fold.setIcon(self._theme.icon("chevron-down" if self.fold.isChecked() else "chevron-right"))


def _setting(name: str) -> Setting:
    return {**settings_of(DataChoice), **settings_of(TrainOptions)}[name]

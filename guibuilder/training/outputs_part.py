"""Several outputs: which is the main one, how much the loss of each counts, and which loss that is."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.graph.goals import Goal, ends, goals_of, with_main, with_output
from core.graph.output import SAME, Output
from core.layers.base import describe
from core.settings import Setting, settings_of
from guibuilder.document import Document
from guibuilder.fields import shown
from guibuilder.forms import Form
from guibuilder.words import plural

_HELP = ("Predictions, accuracy and the test are those of the main output. The others, called auxiliary, only help the "
         "network to learn.")
_NAME_WIDTH = 236


class OutputsPart(QWidget):
    """Hidden unless the network has several outputs; each change is one step of undo."""

    def __init__(self, document: Document, label_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._label_width = document, label_width
        self._shown: tuple[tuple[str, str], ...] = ()
        self.main = Form([])
        self.each: dict[str, Form] = {}
        self.names: dict[str, QLabel] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    @property
    def forms(self) -> tuple[Form, ...]:
        """All forms that are there now."""
        return (self.main, *self.each.values())

    def show_outputs(self, classes: int | None) -> None:
        """Show what the drawing has; `classes` is how many the data has, where that is known."""
        network = self._document.project.network
        goals = goals_of(network, self._document.project.options.loss) if len(ends(network)) > 1 else ()
        found = tuple(sorted((goal.id, goal.name) for goal in goals))
        if found != self._shown:
            self._shown = found
            self._build(goals)
        self.setVisible(bool(found))
        if found:
            self.main.show_values({"main": goals[0].id})
            for goal in goals:
                self._show(goal)
                self.each[goal.id].say("weight", self._wrong(goal, goals, classes))

    def _build(self, goals: tuple[Goal, ...]) -> None:
        """Other outputs than before: the forms anew."""
        for widget in (*self.forms, *self.names.values()):
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.each, self.names = {}, {}
        ids = tuple(goal.id for goal in goals)
        setting = [Setting("main", ids[0], "Main output", _HELP, "choice", choices=ids)] if goals else []
        self.main = Form(setting, label_width=self._label_width)
        for number, goal in enumerate(goals):
            self.main.editors["main"].setItemText(number, goal.name)  # type: ignore[union-attr]
        self.main.changed.connect(lambda _, key: self._choose(key))
        self._column.addWidget(self.main)
        for goal in goals:
            self._add(goal)

    def _add(self, goal: Goal) -> None:
        declared = settings_of(Output)
        form = Form([declared["weight"], declared["loss"]], label_width=self._label_width)
        name = QLabel()
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for label, editor in form.editors.items():
            editor.setAccessibleName(f"{declared[label].label} of {goal.name}")
        form.changed.connect(lambda label, value, key=goal.id, form=form: self._change(key, form, label, value))
        self.each[goal.id], self.names[goal.id] = form, name
        self._column.addWidget(name)
        self._column.addWidget(form)

    def _show(self, goal: Goal) -> None:
        form, label = self.each[goal.id], self.names[goal.id]
        text = f"{goal.name}, {'main' if goal.main else 'auxiliary'} output"
        label.setText(label.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH))
        label.setToolTip(f"{text}. {_HELP}")
        node = self._document.whole.flat.network.nodes[goal.id]
        form.show_values({"weight": goal.weight, "loss": SAME if node.output is None else node.output.loss})
        form.set_row_visible("loss", not goal.main)

    def _wrong(self, goal: Goal, goals: tuple[Goal, ...], classes: int | None) -> str:
        """What keeps this output from being trained, in one sentence."""
        shape = self._document.whole.flat.shapes.get(goal.id)
        if goal.main and not any(each.weight for each in goals):
            return "All outputs have the weight 0, so nothing can be learned."
        if shape is None or classes is None or not goal.counts or shape == (classes,):
            return ""
        size = describe(shape) if len(shape) > 1 else plural(shape[0], "number")
        return f"{goal.name} puts out {size}, but the data has {classes:,} classes."

    def _choose(self, key: str) -> None:
        name = dict(self._shown)[key]
        self._document.edit(f"Make {name} the main output", whole=with_main(self._document.project.network, key))

    def _change(self, key: str, form: Form, label: str, value: Any) -> None:
        network = with_output(self._document.project.network, key, **{label: value})
        goal = next(goal for goal in goals_of(network) if goal.id == key)
        setting = settings_of(Output)[label]
        self._document.edit(f"Set {setting.label.lower()} of {goal.name} to {shown(setting, value)}",
                            merge=f"output.{key}.{label}.{form.session}", whole=network)

"""The augmentation of the training pictures: its settings, folded away, and the way to what comes of them."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.data.augmentation import NAMES, Augmentation, remarks
from core.layers.base import Shape
from core.project import Project
from core.settings import settings_of
from core.worker.messages import DataSeen
from guibuilder.background import Worker
from guibuilder.document import Document
from guibuilder.forms import Form
from guibuilder.theme import Theme
from guibuilder.training.sight import SightDialog

# The setting of an augmentation → the switch it belongs to.
_BELONGS = {"translate_by": "translate", "crop_share": "crop", "rgb_pca_by": "rgb_pca"}
# With text larger than this the form has no room for the whole name of the button.
ROOM_FOR_WORDS = 1.25


class AugmentPart(QWidget):
    """Switches with their strengths, what should be said about them, and a button that shows what comes of them."""

    def __init__(self, document: Document, theme: Theme, worker: Worker, label_width: int,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._theme, self._worker = document, theme, worker
        self.form = Form(settings_of(Augmentation).values(), label_width=label_width)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.look = QPushButton()
        self.look.setAccessibleName("What the network will see")
        self.look.setToolTip("Show some training pictures exactly as the first epochs will bring them")
        self.look.clicked.connect(self.open)
        # However large the text is, the button makes no more room than the form has.
        self.look.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.sight: SightDialog | None = None
        self.fold = QToolButton()
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setIconSize(QSize(12, 12))
        self.fold.setToolTip("Change each training picture a little in every epoch, so that the network does not learn "
                             "them by heart")
        self.fold.toggled.connect(self._unfold)
        self._lay_out()
        theme.changed.connect(self._paint)
        self._unfold(False)

    def _lay_out(self) -> None:
        self.inside = QWidget()
        inner = QVBoxLayout(self.inside)
        inner.setContentsMargins(0, 0, 0, 4)
        inner.setSpacing(4)
        for widget in (self.form, self.words, self.look):
            inner.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.fold)
        column.addWidget(self.inside)

    def show_data(self, project: Project, seen: DataSeen | None) -> None:
        """Show the settings of a project, and what should be said about them for these pictures."""
        how = project.data.augmentation
        self.form.show_values({name: getattr(how, name) for name in settings_of(Augmentation)})
        for name, switch in _BELONGS.items():
            self.form.set_row_visible(name, getattr(how, switch))
        count = sum(getattr(how, field) for field in NAMES.values())
        self.fold.setText(f"Augment: {f'{count} on' if count else 'off'}")
        notes = remarks(how, self._shape(seen), seen.name, seen.classes) if seen is not None else ()
        self.words.setText("\n".join(notes))
        self.words.setVisible(bool(notes))

    def _shape(self, seen: DataSeen) -> Shape:
        """The pictures' C×H×W in the network, which may take grey ones as colour; else as they came."""
        network, shapes = self._document.project.network, self._document.whole.shapes
        inputs = [shapes.get(key) for key, node in network.nodes.items() if node.layer.ports[1] == 0]
        shape = inputs[0] if len(inputs) == 1 else None
        return shape if shape is not None and len(shape) == len(seen.shape) else seen.shape

    def open(self) -> None:
        """Show what the network will see, in a window that stays beside this one."""
        if self.sight is None:
            self.sight = SightDialog(self._document, self._theme, self._worker, self.window())
        self.sight.show()
        self.sight.raise_()
        self.sight.activateWindow()

    def _unfold(self, open_: bool) -> None:
        self.inside.setVisible(open_)
        self._paint()

    def _paint(self) -> None:
        self.fold.setIcon(self._theme.icon("chevron-down" if self.fold.isChecked() else "chevron-right"))
        self.look.setText("What the network will see …" if self._theme.scale <= ROOM_FOR_WORDS else "See it …")
        self.words.setStyleSheet(f"color: {self._theme.colours.warning}")

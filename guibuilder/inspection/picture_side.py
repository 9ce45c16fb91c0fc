"""Which picture is looked at: one of the test part, a file, or one's own drawing; with what the network says to it."""

import random
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.data.pictures import fit_to, read_picture
from core.layers.base import Array, Shape
from core.settings import Setting
from core.worker.messages import Seen
from guibuilder.background import run_in_thread
from guibuilder.inspection.base import Needs
from guibuilder.inspection.drawing_pad import DrawingPad
from guibuilder.inspection.predictions import Predictions
from guibuilder.pictures.thumbnail import InputPicture
from guibuilder.text_field import TextField
from guibuilder.viewing import DRAWN, FILE, TEST

PICTURES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff);;All files (*)"
_MOST = 1_000_000
_LARGEST, _SMALLEST, _FOOT, _LINE = 168, 72, 96, 26
TALL, NARROW = 400, 320
_SOURCES = ((TEST, "Test", "A picture that the network never trained on"),
            (FILE, "File …", "A picture of your own"), (DRAWN, "Draw", "Draw a picture with the mouse"))


class PictureSide(QWidget):
    """Picture, its source, and the prediction; beside each other where it is low, else one below the other.

    Where it is low and narrow the prediction is one line of words.
    """

    def __init__(self, needs: Needs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._needs, self._viewing = needs, needs.viewing
        self.picture = InputPicture(needs.theme, 140)
        self.pad = DrawingPad(needs.theme, 140)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.picture)
        self.stack.addWidget(self.pad)
        self.small = InputPicture(needs.theme, 32)
        self.small.setToolTip("What the network gets: your drawing, sized and centred like the digits it learned from")
        self.caption, self.note = QLabel(), QLabel()
        self.predictions = Predictions(needs.theme)
        self.sources = QButtonGroup(self)
        self.index = TextField(_number(_MOST))
        self.another, self.clear = QToolButton(), QPushButton("Clear")
        self._count = 300
        self._lay_out()
        self._connect()
        self._show_source()

    def _lay_out(self) -> None:
        self.caption.setProperty("caption", True)
        self.note.setProperty("faint", True)
        self.note.setWordWrap(True)
        self.index.setFixedWidth(84)
        self.another.setText("Another")
        self.another.setProperty("filled", True)
        self.another.setToolTip("Another test picture, chosen by chance")
        choice = QHBoxLayout()
        choice.setSpacing(4)
        for widget in (self.index, self.another, self.clear):
            choice.addWidget(widget)
        choice.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addLayout(self._source_buttons())
        left.addWidget(self.stack, 0, Qt.AlignmentFlag.AlignLeft)
        left.addLayout(choice)
        left.addWidget(self.note)
        left.addStretch(1)
        head = QHBoxLayout()
        head.addWidget(self.caption, 1)
        head.addWidget(self.small)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addLayout(head)
        right.addWidget(self.predictions, 1)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(16)
        self._layout.addLayout(left)
        self._layout.addLayout(right, 1)

    def _source_buttons(self) -> QHBoxLayout:
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for number, (_, text, tip) in enumerate(_SOURCES):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            self.sources.addButton(button, number)
            buttons.addWidget(button)
        buttons.addStretch(1)
        return buttons

    def _connect(self) -> None:
        self.sources.idClicked.connect(self._source)
        self.index.edited.connect(lambda number: self._viewing.choose_test_picture(number - 1))
        self.another.clicked.connect(self._another)
        self.clear.clicked.connect(self.pad.clear)
        self.pad.drawn.connect(self._drawn)
        self.pad.cleared.connect(lambda: self.show_seen(None))
        self._viewing.picture_changed.connect(self._show_source)

    # the source -------------------------------------------------------------------------------------------------

    def _source(self, number: int) -> None:
        source = _SOURCES[number][0]
        self.note.clear()
        if source == FILE:
            path = QFileDialog.getOpenFileName(self, "Open a picture", "", PICTURES)[0]
            if path:
                self.open_file(path)
            self._show_source()
        elif source == DRAWN:
            self._draw()
        else:
            self._viewing.choose_test_picture(self._viewing.index)

    def _draw(self) -> None:
        self.stack.setCurrentWidget(self.pad)
        self.pad.setFocus()
        self._show_source(DRAWN)
        if self.pad.empty:
            self.show_seen(None)
        else:
            self._drawn(self.pad.picture())

    def _another(self) -> None:
        self._viewing.choose_test_picture(random.randrange(self._count))

    def set_test_pictures(self, count: int) -> None:
        """How many test pictures there are."""
        self._count = max(1, count)
        self.index.setting = _number(self._count)
        self.index.setToolTip(f"Number of the test picture, from 1 to {self._count:,}; arrow keys go on")

    def open_file(self, path: str) -> None:
        """Look at a picture file, fitted to the network's input; what was done to it is said."""
        shape = self._input_shape()
        if shape is None:
            self.note.setText("Add an Input layer first: it says how large pictures are.")
            return
        run_in_thread(partial(_read, path, shape), self._opened, self.note.setText)

    def _opened(self, result: tuple[Array, tuple[str, ...]]) -> None:
        picture, notes = result
        self.note.setText(" ".join(notes))
        self._viewing.choose_picture(picture, FILE)

    def _drawn(self, picture: Array) -> None:
        shape = self._input_shape()
        if shape is not None:
            self._viewing.choose_picture(fit_to(picture, shape)[0], DRAWN)

    def _input_shape(self) -> Shape | None:
        network, shapes = self._needs.document.project.network, self._needs.document.whole.shapes
        return next((shapes[key] for key in network.order if network.nodes[key].layer.ports[1] == 0), None)

    # showing ----------------------------------------------------------------------------------------------------

    def _show_source(self, origin: str = "") -> None:
        origin = origin or self._viewing.origin
        number = next(number for number, source in enumerate(_SOURCES) if source[0] == origin)
        self.sources.button(number).setChecked(True)
        self.stack.setCurrentWidget(self.pad if origin == DRAWN else self.picture)
        for widget in (self.index, self.another):
            widget.setVisible(origin == TEST)
        self.clear.setVisible(origin == DRAWN)
        self.small.setVisible(origin == DRAWN)
        self.index.show_value(self._viewing.index + 1)

    def show_seen(self, seen: Seen | None) -> None:
        """The picture as the network gets it, and what it says."""
        waiting = self.stack.currentWidget() is self.pad and self.pad.empty
        if waiting:
            seen = None
        self.picture.show_picture(seen.picture if seen is not None else None)
        self.small.show_picture(seen.picture if seen is not None else None)
        self.predictions.show_seen(seen)
        self.caption.setText("Draw a digit; the network answers while you draw." if waiting else said_words(seen))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One below the other where it is tall."""
        super().resizeEvent(event)
        tall, narrow = self.height() > TALL, self.width() < NARROW
        beside = not tall and not narrow
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._layout.direction() != direction:
            self._layout.setDirection(direction)
        self.predictions.setVisible(tall or not narrow)
        room = self.width() if tall else self.height() - _FOOT - (_LINE if narrow else 0)
        size = max(_SMALLEST, min(room, self.width() if tall else _LARGEST, 240))
        self.picture.set_size(size)
        self.pad.set_size(size)
        self.stack.setFixedSize(QSize(size, size))


def _number(most: int) -> Setting:
    return Setting("index", 1, "Test picture", "Which picture of the test part to look at.", "int", low=1, high=most)


def said_words(seen: Seen | None) -> str:
    """"It says 7, and it is a 7", in short."""
    if seen is None or not seen.prediction:
        return "Prediction"
    name = seen.prediction[0][0]
    if seen.truth is None:
        return f"It says {name}"
    return f"It says {name}, which is right" if name == seen.truth else f"It says {name}, but it is {seen.truth}"


def _read(path: str, shape: Shape) -> tuple[Array, tuple[str, ...]]:
    picture, notes = read_picture(path)
    fitted, more = fit_to(picture, shape)
    return fitted, (*notes, *more)

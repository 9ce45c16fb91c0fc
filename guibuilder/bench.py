"""All parts of the window in one place, for the commands that need several of them."""

from dataclasses import dataclass, field

from PySide6.QtWidgets import QMainWindow, QStackedWidget

from guibuilder.action_kit import Actions
from guibuilder.background import Worker
from guibuilder.canvas.canvas import Canvas
from guibuilder.document import Document, Selection
from guibuilder.files import Files
from guibuilder.finder import Finder
from guibuilder.header import Header
from guibuilder.layouts import Layouts
from guibuilder.lower_panel import LowerPanel
from guibuilder.messages import MessageBar
from guibuilder.palette import Palette
from guibuilder.problems import ProblemsPanel
from guibuilder.properties import Properties
from guibuilder.recovery import Autosave
from guibuilder.start_screen import StartScreen
from guibuilder.status import StatusBar
from guibuilder.theme import Theme
from guibuilder.training.run import TrainingRun


@dataclass
class Bench:
    """What the window is made of."""

    window: QMainWindow
    theme: Theme
    document: Document
    selection: Selection
    worker: Worker
    run: TrainingRun
    files: Files
    autosave: Autosave
    canvas: Canvas
    palette: Palette
    properties: Properties
    problems: ProblemsPanel
    lower: LowerPanel
    header: Header
    status: StatusBar
    bar: MessageBar
    start: StartScreen
    pages: QStackedWidget
    finder: Finder
    layouts: Layouts
    actions: Actions = field(init=False)

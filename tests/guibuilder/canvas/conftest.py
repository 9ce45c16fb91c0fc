"""A canvas on the screen, with a document of its own."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QSettings

from core.graph.network import Network
from core.project import Project
from core.templates import template
from guibuilder.canvas.canvas import Canvas
from guibuilder.document import Document, Selection
from guibuilder.theme import Theme

SIZE = (1240, 760)


@pytest.fixture
def make_canvas(qtbot) -> Iterator[Callable[..., Canvas]]:
    """Makes canvases: of a template by name, of a network, or empty."""
    made = []

    def make(what: str | Network | None = None, theme: str = "light") -> Canvas:
        project = template(what) if isinstance(what, str) else Project(network=what or Network())
        document = Document(project)
        colours = Theme()
        colours.choose(theme)
        canvas = Canvas(document, Selection(document), colours)
        qtbot.addWidget(canvas)
        canvas.resize(*SIZE)
        canvas.show()
        qtbot.waitExposed(canvas)
        canvas.view.setFocus()
        qtbot.wait(5)
        # Qt deletes these with their owners; the test has to own them.
        made.append((document, colours, canvas))
        return canvas

    yield make
    QSettings().remove("theme")


@pytest.fixture
def canvas(make_canvas) -> Canvas:
    """An empty canvas."""
    return make_canvas()


@pytest.fixture
def lenet(make_canvas) -> Canvas:
    """A canvas with LeNet-5."""
    return make_canvas("lenet5")

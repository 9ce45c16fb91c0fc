"""A document, and a worker that says what the test tells it."""

import pytest
from pytestqt.qtbot import QtBot

from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from tests.guibuilder.parts import Scripted, tiny


@pytest.fixture
def theme(qapp) -> Theme:
    return Theme()


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(tiny())


@pytest.fixture
def selection(document: Document) -> Selection:
    return Selection(document)


@pytest.fixture
def worker(qtbot: QtBot) -> Scripted:
    return Scripted()

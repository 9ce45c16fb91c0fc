"""A document, a worker that says what the test tells it, and a run between them."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from guibuilder.training.run import TrainingRun
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


@pytest.fixture
def run(document: Document, worker: Scripted) -> Iterator[TrainingRun]:
    run = TrainingRun(document, worker)  # type: ignore[arg-type]
    yield run
    run._patience.stop()

"""What is looked at: who decides, what is asked, and that nobody asks for what nobody sees."""

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from guibuilder.document import Document, Selection
from guibuilder.theme import Theme
from guibuilder.viewing import DRAWN, Viewing, viewing_of
from tests.guibuilder.parts import Scripted, epoch, finished, seen, started, tiny


@pytest.fixture
def worker(qtbot: QtBot) -> Scripted:
    return Scripted()


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(tiny())


@pytest.fixture
def selection(document: Document) -> Selection:
    return Selection(document)


@pytest.fixture
def viewing(document: Document, selection: Selection, worker: Scripted) -> Viewing:
    return viewing_of(document, selection, worker)  # type: ignore[arg-type]


def wait_for(qtbot: QtBot, worker: Scripted, count: int) -> None:
    qtbot.waitUntil(lambda: worker.count("Watch") == count)


def test_all_views_of_a_worker_share_it(viewing: Viewing, document, selection, worker):
    assert viewing_of(document, selection, worker) is viewing


def test_nothing_is_asked_while_nobody_looks(viewing: Viewing, worker: Scripted, document: Document, qtbot: QtBot):
    viewing.choose_test_picture(3)
    document.edit("Filters", network=document.network.change(document.network.names["C1"], filters=7))
    qtbot.wait(80)
    assert not worker.asked


def test_first_convolution_is_looked_at_until_a_layer_is_selected(viewing: Viewing, worker: Scripted,
                                                                   selection: Selection, document: Document,
                                                                   qtbot: QtBot):
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    assert worker.last("Watch").layer == "C1"
    worker.answer(worker.last("Watch"), seen(worker.last("Watch")))
    selection.set([document.network.names["F1"]])
    wait_for(qtbot, worker, 2)
    assert worker.last("Watch").layer == "F1"
    selection.set([])
    assert viewing.layer == "F1"


def test_the_document_travels_without_what_does_not_belong_to_it(viewing: Viewing, worker: Scripted,
                                                                 document: Document, qtbot: QtBot):
    weights = {"C1.weight": np.zeros((4, 1, 3, 3), np.float32), "Gone.weight": np.zeros(3, np.float32)}
    document.edit("Weights", weights=weights)
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    assert set(worker.last("Watch").project.weights) == {"C1.weight"}


def test_questions_do_not_pile_up(viewing: Viewing, worker: Scripted, qtbot: QtBot):
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    for value in range(5):
        viewing.choose_picture(np.full((1, 8, 8), value / 5, np.float32), DRAWN)
        qtbot.wait(40)
    assert worker.count("Watch") == 1
    worker.answer(worker.last("Watch"), seen(worker.last("Watch")))
    wait_for(qtbot, worker, 2)
    assert worker.last("Watch").picture[0, 0, 0] == np.float32(0.8)


def test_answers_to_older_questions_are_ignored(viewing: Viewing, worker: Scripted, qtbot: QtBot):
    told = []
    viewing.seen.connect(told.append)
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    first = worker.last("Watch")
    worker.answer(first, seen(first))
    viewing.choose_test_picture(5)
    wait_for(qtbot, worker, 2)
    worker.seen.emit(seen(first))
    assert len(told) == 1
    worker.answer(worker.last("Watch"), seen(worker.last("Watch")))
    assert len(told) == 2
    assert viewing.last is told[-1]


def test_training_is_followed_without_sending_the_project(viewing: Viewing, worker: Scripted, qtbot: QtBot):
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    worker.ask(type("Train", (), {})() if False else worker.last("Watch"))
    worker.trained.emit(99, started())
    qtbot.waitUntil(lambda: viewing.training and worker.last("Watch").project is None)
    live = worker.last("Watch")
    for _ in range(3):
        worker.seen.emit(seen(live, training=True))
    assert viewing.last.training
    worker.trained.emit(99, epoch(1))
    worker.trained.emit(99, finished())
    qtbot.waitUntil(lambda: worker.last("Watch").project is not None)


def test_network_with_problems_is_said(viewing: Viewing, worker: Scripted, document: Document, qtbot: QtBot):
    said = []
    viewing.said.connect(said.append)
    viewing.want(viewing, True)
    document.edit("Kernel", network=document.network.change(document.network.names["C1"], kernel=20))
    qtbot.waitUntil(lambda: bool(said))
    assert said[-1].startswith("C1 needs at least 20×20")
    assert worker.count("Watch") == 0


def test_refusal_and_progress_are_said(viewing: Viewing, worker: Scripted, qtbot: QtBot):
    said = []
    viewing.said.connect(said.append)
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    worker.progress.emit(worker.last("Watch").number, "Fetching mnist", 3, 11)
    worker.refuse(worker.last("Watch"), "The data cannot be fetched without a network.")
    assert said == ["One moment: the engine gets ready …", "Fetching mnist: 3 of 11",
                    "The data cannot be fetched without a network."]


def test_death_of_the_worker_asks_again(viewing: Viewing, worker: Scripted, qtbot: QtBot):
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    worker.die("The training process was killed.")
    wait_for(qtbot, worker, 2)


def test_last_view_that_closes_ends_the_watching(viewing: Viewing, worker: Scripted, qtbot: QtBot):
    one, two = QObject(), QObject()
    viewing.want(one, True)
    viewing.want(two, True)
    wait_for(qtbot, worker, 1)
    viewing.want(one, False)
    assert worker.count("Watch") == 1
    viewing.want(two, False)
    assert worker.last("Watch").layer is None


def test_empty_network_says_what_to_do(qtbot: QtBot, worker: Scripted, qapp):
    Theme()
    empty = Document()
    viewing = viewing_of(empty, Selection(empty), worker)  # type: ignore[arg-type]
    viewing.want(viewing, True)
    qtbot.waitUntil(lambda: "drag layers" in viewing.sentence)


def test_what_was_seen_of_another_network_goes_with_it(viewing: Viewing, worker: Scripted, document: Document,
                                                       qtbot: QtBot):
    viewing.want(viewing, True)
    wait_for(qtbot, worker, 1)
    worker.answer(worker.last("Watch"), seen(worker.last("Watch")))
    assert viewing.last is not None
    document.load(tiny())
    assert (viewing.last, viewing.sentence) == (None, "One moment: the engine gets ready …")
    wait_for(qtbot, worker, 2)

"""The worker process as the window sees it: answers, order, death by every cause, and nothing left behind."""

import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from core.errors import DataError
from core.project import Project
from core.templates import template
from core.worker import messages as m
from guibuilder.background import Worker, run_in_thread
from guibuilder.worker_process import OUT_OF_MEMORY, how_it_ended
from tests.guibuilder.fake_worker import serve


@pytest.fixture
def worker(qtbot: QtBot):
    worker = Worker(target=serve)
    yield worker
    worker.stop()


def quiet(connection: Connection) -> None:
    """A worker that says it is there and then never reads."""
    connection.send(m.Ready(os.getpid(), 1))
    time.sleep(60)


def chatty(connection: Connection) -> None:
    """A worker that says far too much."""
    for number in range(3000):
        connection.send(m.Progress(1, "Loading", number, 3000))
    connection.send(m.Done(1, "end"))
    connection.poll(60)


def stillborn(connection: Connection) -> None:
    """A worker that cannot start."""
    os._exit(3)


def test_says_ready_with_its_process_and_answers_in_words_of_the_request(worker: Worker, qtbot: QtBot):
    answers: list[m.DataSeen] = []
    with qtbot.waitSignal(worker.ready) as ready:
        worker.start()
    assert ready.args[0].process == worker.process_id != os.getpid()
    worker.ask(m.LookAtData(0, "digits"), answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0].train == 1437


def test_every_request_has_a_number_of_its_own(worker: Worker, qtbot: QtBot):
    got: list[str] = []
    numbers = [worker.ask(m.LookAtData(0, name), lambda seen: got.append(seen.name))
               for name in ("one", "two", "three")]
    qtbot.waitUntil(lambda: len(got) == 3)
    assert got == ["one", "two", "three"]
    assert len(set(numbers)) == 3


def test_refusal_reaches_who_asked_and_everybody(worker: Worker, qtbot: QtBot):
    refused: list[str] = []
    with qtbot.waitSignal(worker.refused) as heard:
        number = worker.ask(m.LookAtData(0, "/missing/folder"), None, lambda message, details: refused.append(message))
    assert heard.args[0] == number
    assert refused == ["There is nothing at /missing/folder; choose another."]


def test_progress_is_coalesced_to_the_latest(qtbot: QtBot):
    worker = Worker(target=chatty)
    told: list[int] = []
    ends: list[str] = []
    worker.progress.connect(lambda number, text, done, total: told.append(done))
    worker.ask(m.LookAtData(0, "x"), ends.append)
    qtbot.waitUntil(lambda: bool(ends))
    worker.stop()
    assert ends == ["end"]
    assert told == sorted(told)
    assert len(told) < 300
    assert told[-1] == 2999


def test_kill_is_said_and_another_worker_answers(worker: Worker, qtbot: QtBot):
    with qtbot.waitSignal(worker.ready):
        worker.start()
    first, lost = worker.process_id, []
    assert first is not None
    worker.ask(m.Train(0, Project(notes="deaf")), None, lambda message, details: lost.append(message))
    with qtbot.waitSignals([worker.died, worker.ready]):
        os.kill(first, getattr(signal, "SIGKILL", signal.SIGTERM))
    assert worker.process_id != first
    assert "killed" in lost[0] or "stopped" in lost[0]
    answers: list[object] = []
    worker.ask(m.Measure(0, Project()), answers.append)
    qtbot.waitUntil(lambda: bool(answers))


def test_worker_that_never_starts_is_not_started_for_ever(qtbot: QtBot):
    worker = Worker(target=stillborn)
    deaths: list[str] = []
    worker.died.connect(deaths.append)
    worker.start()
    qtbot.waitUntil(lambda: len(deaths) == 4)
    qtbot.wait(300)
    assert len(deaths) == 4
    assert worker.process_id is None
    assert "code 3" in deaths[0]
    worker.stop()


def test_stop_ends_even_a_worker_that_does_not_listen(qtbot: QtBot):
    worker = Worker(target=quiet)
    with qtbot.waitSignal(worker.ready):
        worker.start()
    process = worker.process_id
    assert process is not None
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 4
    assert not Path(f"/proc/{process}").exists()


def test_nothing_starts_again_after_the_end(qtbot: QtBot):
    worker = Worker(target=serve)
    with qtbot.waitSignal(worker.ready):
        worker.start()
    worker.stop()
    worker.ask(m.Measure(0, Project()), pytest.fail, pytest.fail)
    worker.send(m.Control("stop"))
    assert worker.process_id is None


def test_worker_that_is_forgotten_takes_its_process_with_it(qtbot: QtBot):
    worker = Worker(target=serve)
    with qtbot.waitSignal(worker.ready):
        worker.start()
    process = worker._process
    worker.ask(m.LookAtData(0, "digits"))
    shiboken6.delete(worker)
    qtbot.waitUntil(lambda: not process.alive)
    process.stop()


def test_restart_replaces_a_worker_that_hangs(qtbot: QtBot):
    worker = Worker(target=quiet)
    with qtbot.waitSignal(worker.ready):
        worker.start()
    lost: list[str] = []
    worker.ask(m.Warm(0), None, lambda message, details: lost.append(message))
    with qtbot.waitSignal(worker.ready):
        worker.restart()
    assert "does not answer" in lost[0]
    worker.stop()


def test_large_request_does_not_hold_up_the_window(qtbot: QtBot):
    worker = Worker(target=quiet)
    with qtbot.waitSignal(worker.ready):
        worker.start()
    project = template("lenet5")
    began = time.monotonic()
    for _ in range(20):
        worker.ask(m.Measure(0, project))
    assert time.monotonic() - began < 0.2
    worker.stop()


@pytest.mark.parametrize(("code", "word"), [(-9, "killed"), (OUT_OF_MEMORY, "memory"), (-11, "crashed"),
                                            (1, "unexpectedly"), (0xC0000005, "crashed"), (None, "answer")])
def test_each_cause_has_its_sentence(code: int | None, word: str):
    assert word in how_it_ended(code)
    assert how_it_ended(code).endswith(".")


def test_short_work_runs_elsewhere_and_comes_back(qtbot: QtBot):
    threads: list[int] = []
    qtbot.wait(0)

    def done(result: int) -> None:
        threads.extend((result, threading.get_ident()))

    run_in_thread(threading.get_ident, done, pytest.fail)
    qtbot.waitUntil(lambda: bool(threads))
    assert threads[0] != threads[1] == threading.get_ident()


def test_refused_short_work_is_one_sentence(qtbot: QtBot):
    said: list[str] = []

    def refuse() -> None:
        raise DataError("That is no picture; choose a PNG or JPEG file.")

    run_in_thread(refuse, pytest.fail, said.append)
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["That is no picture; choose a PNG or JPEG file."]


def test_bug_in_short_work_surfaces(qtbot: QtBot):
    with qtbot.captureExceptions() as raised:
        run_in_thread(lambda: 1 // 0, pytest.fail, pytest.fail)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError
    QCoreApplication.processEvents()


def test_warming_up_for_another_network_leaves_the_one_before(worker: Worker, qtbot: QtBot, monkeypatch):
    sent = []
    monkeypatch.setattr(worker, "send", sent.append)
    first = worker.warm()
    assert worker.warming == first
    second = worker.warm(template("lenet5").network)
    assert [type(message).__name__ for message in sent] == ["Warm", "Cancel", "Warm"]
    assert sent[1] == m.Cancel(first)
    assert worker.warming == second

"""Garbage is collected in the window's thread, and nowhere else."""

import gc
import threading
import weakref

import pytest
from pytestqt.qtbot import QtBot

from guibuilder.collector import Collector


class Knot:
    """Refers to itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(qtbot: QtBot):
    collector = Collector()
    yield collector
    collector.stop()
    gc.disable()  # as the module found it


def tie(died: list[threading.Thread]) -> None:
    knot = Knot()
    weakref.finalize(knot, lambda: died.append(threading.current_thread()))


def test_no_other_thread_collects(collector: Collector, qtbot: QtBot):
    died: list[threading.Thread] = []
    tie(died)

    def work() -> None:
        for _ in range(50):
            [Knot() for _ in range(1000)]

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not died
    qtbot.waitUntil(lambda: bool(died))
    assert died == [threading.main_thread()]


def test_what_stays_is_put_aside_once(collector: Collector):
    before = gc.get_freeze_count()
    collector._settle()
    assert gc.get_freeze_count() > before + 1000


def test_stopping_gives_the_work_back(qtbot: QtBot):
    collector = Collector()
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.disable()

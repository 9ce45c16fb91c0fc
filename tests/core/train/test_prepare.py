"""Long work beside its caller: told at once when it is done, and handed over or thrown away."""

import threading
import time

import pytest

from core.train import prepare
from core.train.events import Preparing


def _all_of(generator):
    told = []
    while True:
        try:
            told.append(next(generator))
        except StopIteration as end:
            return told, end.value


def test_nobody_waits_out_the_heartbeat(monkeypatch):
    monkeypatch.setattr(prepare, "HEARTBEAT_SECONDS", 60)
    began, going = time.monotonic(), threading.Event()

    def work(report):
        assert going.wait(20)
        report(Preparing("half", 1, 2))
        return "made"

    generator = prepare.while_working("begin", work)
    assert next(generator) == Preparing("begin")
    going.set()
    told, made = _all_of(generator)
    assert made == "made"
    assert told[0] == Preparing("half", 1, 2)
    assert time.monotonic() - began < 30


def test_the_caller_gets_turns_while_work_goes_on(monkeypatch):
    monkeypatch.setattr(prepare, "HEARTBEAT_SECONDS", 0.001)
    going = threading.Event()
    generator = prepare.while_working("begin", lambda report: going.wait(20))
    assert [next(generator) for _ in range(5)] == [Preparing("begin")] * 5
    going.set()
    assert _all_of(generator)[1] is True


def test_what_fails_is_raised_in_the_caller():
    with pytest.raises(ZeroDivisionError):
        _all_of(prepare.while_working("begin", lambda report: 1 // 0))


def test_what_comes_too_late_is_thrown_away():
    going, thrown = threading.Event(), threading.Event()
    generator = prepare.while_working("begin", lambda report: going.wait(20), lambda made: thrown.set())
    next(generator)
    generator.close()
    assert not thrown.is_set()
    going.set()
    assert thrown.wait(20)

"""Rounds: sides in turn, disturbed ones left out, and what other programs use told from what is ours."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.benchmark import rounds
from core.benchmark.load import Load
from core.benchmark.memory import MemoryMeter
from core.benchmark.peak import TilePeak
from core.benchmark.rounds import PREDICT, TRAIN, Effort, Spread, measure

linux = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux tells what others use")


class Side:
    """Answers at once, as fast as it is told to be, and writes down what it was asked."""

    process = 0

    def __init__(self, name, step, log):
        self.name, self._step, self._log = name, step, log

    def ask(self, what, **arguments):
        self._log.append((self.name, what, arguments.get("steps")))
        if what == "peak":
            return {"one": 1e9, "all": 2e9}
        return {"seconds": self._step * arguments["steps"]}


class Loads:
    """Foreign load as told; every other look only begins a round."""

    known = True

    def __init__(self, values):
        self._values, self._begins = iter(values), False

    def __call__(self, processes):
        assert list(processes) == [0, 0]
        return self

    def foreign(self):
        self._begins = not self._begins
        return 0.0 if self._begins else next(self._values)


@pytest.fixture
def sides(monkeypatch):
    monkeypatch.setattr(rounds.time, "sleep", lambda seconds: None)
    log = []
    return [Side("a", 0.001, log), Side("b", 0.002, log)], log


def test_sides_work_in_turn_and_fill_their_time(sides, monkeypatch):
    both, log = sides
    monkeypatch.setattr(rounds, "Load", Loads([0.0] * 4))
    told = []
    found = measure(both, TRAIN, Effort(4, 0.1), peak=True, progress=lambda *at: told.append(at))
    assert [name for name, what, steps in log if what == TRAIN][4:] == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert {(name, steps) for name, what, steps in log[4:] if what == TRAIN} == {("a", 100), ("b", 50)}
    assert (len(found.found), found.discarded, found.quiet) == (4, 0, True)
    assert found.found[0].seconds == pytest.approx({"a": 0.001, "b": 0.002})
    assert found.found[0].peak == rounds.Peak(1e9, 2e9)
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_disturbed_rounds_are_left_out_and_tried_again(sides, monkeypatch):
    monkeypatch.setattr(rounds, "Load", Loads([0.0, 0.5, 0.16, 0.1, 0.15]))
    found = measure(sides[0], PREDICT, Effort(3, 0.01))
    assert (len(found.found), found.discarded, found.quiet) == (3, 2, True)
    assert found.found[0].peak is None


def test_where_it_is_never_quiet_all_rounds_count_and_that_is_said(sides, monkeypatch):
    monkeypatch.setattr(rounds, "Load", Loads([1.0] * 6))
    found = measure(sides[0], PREDICT, Effort(2, 0.01))
    assert (len(found.found), found.discarded, found.quiet) == (6, 0, False)


def test_a_spread_has_the_median_in_the_middle():
    assert Spread.of([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0)


@linux
def test_foreign_is_what_neither_we_nor_our_processes_use():
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with_it, without_it = Load([busy.pid]), Load([])
        time.sleep(0.5)
        end = time.perf_counter() + 0.3
        while time.perf_counter() < end:
            pass
        foreign = without_it.foreign(), with_it.foreign()
    finally:
        busy.kill()
        busy.wait()
    assert foreign[0] > foreign[1] + 0.1
    assert foreign[1] >= 0


def test_a_system_that_does_not_tell_gives_no_load(monkeypatch, tmp_path):
    monkeypatch.setattr("core.benchmark.load._ALL", tmp_path / "missing")
    load = Load([])
    assert not load.known
    assert load.foreign() is None


@linux
def test_memory_is_counted_from_the_meter_on():
    """In a process of its own: one that ran other tests may give memory back at that very moment."""
    held = np.empty(8_000_000).nbytes
    text = ("import numpy; from core.benchmark.memory import MemoryMeter; numpy.ones(2_000_000); "
            "meter = MemoryMeter(); before = meter.rise(); held = numpy.ones(8_000_000); print(meter.rise() - before)")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True, cwd=Path(__file__).parents[3])
    assert 0.9 * held <= int(done.stdout) <= 1.5 * held


def test_without_linux_an_unchanged_peak_is_not_known(monkeypatch, tmp_path):
    monkeypatch.setattr("core.benchmark.memory._STATUS", tmp_path / "missing")
    peaks = iter([5_000_000, 5_000_000, 7_000_000])
    monkeypatch.setattr("core.benchmark.memory._peak_of_unix", lambda: next(peaks))
    meter = MemoryMeter()
    assert meter.rise() is None
    assert meter.rise() == 2_000_000


def test_the_peak_is_a_speed_on_any_number_of_threads():
    peak = TilePeak(2)
    try:
        speeds = [peak.measure(threads, 0.01) for threads in (1, 2)]
    finally:
        peak.close()
    assert min(speeds) > 1e8

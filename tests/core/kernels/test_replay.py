"""Calls of kernels: written down instead of made, and made again from machine code."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.engine import pool as pools
from core.engine.pool import Pool
from core.kernels import calls, maps
from core.kernels.calls import Call, is_settings, noted, noting
from core.kernels.jit import kernel
from core.kernels.replay import Recording

ROOT = Path(__file__).resolve().parents[3]


@kernel
def write_down(whole, single, double, yes, flat, table, pair, nothing, target):
    """Every kind of argument, each as a number of its own in `target`; gives something back."""
    target[0], target[1], target[2] = whole, single, double
    target[3] = 1.0 if yes else 2.0
    target[4], target[5] = flat[0] + flat[flat.shape[0] - 1], flat.shape[0]
    target[6], target[7] = table[1, 2], table.shape[0] * 100 + table.shape[1]
    target[8], target[9] = pair[0][1] + pair[1][0], pair[2]
    target[10] = nothing.shape[0]
    return whole + 1


@kernel
def add_all(given, target, place, factor):
    """target[place] becomes factor · the sum of all that was given."""
    total = 0.0
    for number in range(given.shape[0]):
        total += given[number]
    target[place] = factor * total


@kernel
def note_number(target, settings, pair):
    """Adds ten times a number from an array of settings, and one from a tuple with such an array."""
    target[0] += 10 * settings[0] + pair[1][0]


@kernel
def count_up(numbers, times):
    """Long enough for two threads to meet."""
    for _ in range(times):
        numbers[0] += 1


@pytest.fixture
def processors(monkeypatch):
    """More threads than this machine has processors play as well, if slowly."""
    monkeypatch.setattr(pools, "processor_count", lambda: 8)


def once(*listed, threads=1):
    """A recording in one phase of one work."""
    return Recording([[[list(listed)] * threads]], threads)


def play(recording):
    Pool(1).play(recording, alone=True)


def call(function, *arguments):
    return Call(function.compiled, arguments)


# Calls ----------------------------------------------------------------------------------------------------------


def test_while_notes_are_taken_nothing_is_computed():
    numbers = np.ones(8, np.float32)
    with noted() as found:
        assert noting()
        assert maps.clear(numbers, 2, 5) is None
        assert maps.clear(numbers, 0, 1) is None
    assert not noting()
    assert numbers.tolist() == [1] * 8
    assert [(each.compiled, each.arguments[1:]) for each in found] == [(maps.clear.compiled, (2, 5)),
                                                                       (maps.clear.compiled, (0, 1))]
    assert all(each.arguments[0] is numbers for each in found)
    maps.clear(numbers, 2, 5)
    assert numbers.tolist() == [1, 1, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(("array", "expected"), [
    (np.zeros(64, np.int64), True), (np.zeros((8, 8), np.int64), True), (np.zeros(0, np.int64), True),
    (np.zeros(65, np.int64), False), (np.zeros(4, np.int32), False), (np.zeros(4, np.float32), False), (3, False),
    ((np.zeros(4, np.int64),), False)])
def test_small_arrays_of_whole_numbers_are_settings(array, expected):
    assert is_settings(array) is expected


def test_settings_are_noted_as_they_were_and_arrays_as_they_become():
    settings, floats, long = np.array([1, 2]), np.zeros(3), np.zeros(65, np.int64)
    target = np.zeros(1)
    with noted() as found:
        for number in (1, 2, 3):
            settings[0] = number
            note_number(target, settings, (floats, settings))
            note_number(target, long, (long, floats))
    settings[0], floats[0], long[0] = 100, 0.5, 1000
    assert [each.arguments[1][0] for each in found] == [1, 1000, 2, 1000, 3, 1000]
    play(once(*found))
    assert target[0] == 11 * (1 + 2 + 3) + 3 * (10_000 + 0.5)
    play(once(*found[:1]))
    assert target[0] == 66 + 30_001.5 + 11


def test_other_threads_compute_meanwhile():
    mine, others = np.ones(4, np.float32), np.ones(4, np.float32)
    with noted() as found:
        thread = threading.Thread(target=maps.clear, args=(others, 0, 4))
        thread.start()
        thread.join()
        maps.clear(mine, 0, 4)
    assert (mine.sum(), others.sum(), len(found)) == (4, 0, 1)


def test_two_threads_take_notes_of_their_own():
    barrier, found = threading.Barrier(2, timeout=20), {}

    def take(number):
        with noted() as listed:
            barrier.wait()
            for _ in range(number):
                maps.clear(np.ones(4, np.float32), 0, number)
            barrier.wait()
        found[number] = [each.arguments[2] for each in listed]

    threads = [threading.Thread(target=take, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {1: [1], 2: [2, 2]}
    assert not calls._notes


def test_behind_an_exception_kernels_compute_again():
    numbers = np.ones(4, np.float32)

    def fail():
        with noted():
            maps.clear(numbers, 0, 4)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not noting()
    assert not calls._notes
    maps.clear(numbers, 0, 2)
    assert numbers.sum() == 2


# What is handed over --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("yes", [True, False, np.True_])
@pytest.mark.parametrize(("whole", "single", "double"), [(7, np.float32(0.1), 0.1),
                                                         (-(1 << 40), np.float32(-np.inf), 1e300)])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.int32])
def test_every_kind_of_argument_arrives_as_in_a_usual_call(whole, single, double, yes, kind):
    flat, table = np.arange(3, 10).astype(kind), np.arange(6).reshape(2, 3).astype(np.float32)
    pair = (np.array([5, 6], np.float32), np.array([7], kind), whole)
    targets = np.zeros((2, 11))
    arguments = (whole, single, double, yes, flat, table, pair, np.empty(0, np.float32))
    assert write_down(*arguments, targets[0]) == whole + 1
    assert targets[0, 4] == 12
    play(once(call(write_down, *arguments, targets[1])))
    assert targets[0].tobytes() == targets[1].tobytes()


def test_arrays_with_gaps_and_read_only_ones_arrive_as_well():
    table, target = np.arange(12.0, dtype=np.float32).reshape(3, 4), np.zeros(2)
    fixed = np.ones(3, np.float32)
    fixed.setflags(write=False)
    play(once(call(add_all, table[:, 1], target, 0, 1.0), call(add_all, fixed, target, 1, 2.0)))
    assert target.tolist() == [1 + 5 + 9, 6]


@pytest.mark.parametrize("number", [0, 1, (1 << 63) + 2, (1 << 64) - 2])
def test_numbers_without_a_sign_arrive_whole(number):
    target = np.zeros(1)
    play(once(call(_halve, target, np.uint64(number))))
    assert target[0] == number // 2


@kernel
def _halve(target, number):
    target[0] = number >> np.uint64(1)


@pytest.mark.parametrize("argument", ["text", None, 1j, (np.zeros(2), "text")])
def test_what_cannot_be_made_again_is_named(argument):
    with pytest.raises(TypeError, match=r"^A call with .+ cannot be made again\.$"):
        once(call(_take_anything, argument))


@kernel
def _take_anything(thing):
    pass


def test_arrays_live_as_long_as_the_recording():
    target = np.zeros(1)
    recording = once(call(add_all, np.full(10_000, 2.0), target, 0, 0.5), call(note_number, target, np.array([3]),
                                                                              (np.zeros(1), np.array([4]))))
    waste = [np.full(10_000, 7.0) for _ in range(50)]
    play(recording)
    assert target[0] == 10_000 + 34
    assert len(waste) == 50


# Where it points ------------------------------------------------------------------------------------------------


def test_calls_are_pointed_at_other_arrays():
    first, second, other = (np.arange(4.0) * factor for factor in (1, 10, 1000))
    target = np.zeros(3)
    listed = [call(add_all, first, target, 0, 1.0), call(add_all, first[2:], target, 1, 1.0),
              call(add_all, other, target, 2, 1.0)]
    recording = Recording([[[listed]]], 1, first)
    for each, factor in ((second, 10), (first, 1), (second, 10)):
        recording.point(each)
        play(recording)
        assert target.tolist() == [6 * factor, 5 * factor, 6000]


# Phases, works, threads -----------------------------------------------------------------------------------------


def relay(threads, works, phases):
    """Every work of a phase adds up all that the phase before made, so it must be whole; (recording, numbers)."""
    numbers = np.zeros((phases + 1, works))
    numbers[0] = np.arange(1, works + 1)
    listed = [[[[call(add_all, numbers[phase], numbers[phase + 1], work, (work + 1) / works ** 2)]] * threads
               for work in range(works)] for phase in range(phases)]
    return Recording(listed, threads), numbers


def expected_relay(works, phases):
    found = np.arange(1.0, works + 1)
    for _ in range(phases):
        found = np.array([(work + 1) / works ** 2 * sum(found.tolist()) for work in range(works)])
    return found


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("works", [1, 2, 7])
def test_a_phase_sees_all_of_the_phase_before(processors, threads, works):
    pool, phases = Pool(threads), 6
    recording, numbers = relay(threads, works, phases)
    try:
        for _ in range(1000 if threads <= 2 else 50):
            numbers[1:] = np.nan
            pool.play(recording, alone=False)
            assert np.array_equal(numbers[-1], expected_relay(works, phases))
    finally:
        pool.close()


@pytest.mark.parametrize("threads", [2, 3])
def test_a_thread_makes_the_calls_that_were_noted_for_it(processors, threads):
    """All come to a work that takes long; who did which is told by the calls."""
    done = np.zeros((threads, 8))
    works = [[[call(count_up, done[thread], 200_000)] for thread in range(threads)] for _ in range(12)]
    recording, pool = Recording([works], threads), Pool(threads)
    try:
        pool.play(recording, alone=False)
    finally:
        pool.close()
    assert done[:, 0].sum() == 12 * 200_000
    assert not (done[:, 0] % 200_000).any()


def test_one_thread_plays_what_was_recorded_for_several():
    recording, numbers = relay(3, 7, 4)
    play(recording)
    assert np.array_equal(numbers[-1], expected_relay(7, 4))


def test_a_helper_that_sleeps_is_woken_and_one_that_is_awake_needs_no_python(processors):
    """After a break it sleeps in its queue; soon after a recording it attends to the mail."""
    pool, (recording, numbers), seen = Pool(2), relay(2, 4, 3), []
    try:
        for rest in (0.05, 0, 0, 0.002, 0.2, 0):
            time.sleep(rest)
            numbers[1:] = np.nan
            pool.play(recording, alone=False)
            assert np.array_equal(numbers[-1], expected_relay(4, 3))
            seen.clear()
            pool.run([seen.append] * 5)
            assert len(seen) == 5
    finally:
        pool.close()


def test_a_work_may_take_far_longer_than_others_wait_awake(processors):
    numbers, target, pool = np.zeros(1), np.zeros(2), Pool(2)
    works = [[[call(count_up, numbers, 30_000_000)]] * 2, [[call(add_all, np.ones(1), target, 0, 1.0)]] * 2]
    recording = Recording([works, [[[call(add_all, numbers, target, 1, 1.0)]] * 2]], 2)
    pool.play(recording, alone=False)
    pool.close()
    assert target.tolist() == [1, 30_000_000]


@pytest.mark.parametrize("phases", [[], [[]], [[], [[[]]], []]])
def test_nothing_to_do_is_soon_done(phases):
    recording = Recording(phases, 1)
    for _ in range(2):
        play(recording)


def test_two_recordings_in_turns_do_not_touch_each_other(processors):
    pool, (one, first), (other, second) = Pool(2), relay(2, 3, 5), relay(2, 5, 4)
    try:
        for _ in range(100):
            for recording, numbers, wanted in ((one, first, expected_relay(3, 5)),
                                               (other, second, expected_relay(5, 4))):
                numbers[1:] = np.nan
                pool.play(recording, alone=False)
                assert np.array_equal(numbers[-1], wanted)
    finally:
        pool.close()


def test_recordings_are_made_and_played_in_two_threads_at_once():
    wrong, barrier = [], threading.Barrier(2, timeout=20)

    def work(works):
        barrier.wait()
        ends = time.perf_counter() + 0.5
        while time.perf_counter() < ends:
            recording, numbers = relay(1, works, 3)
            for _ in range(5):
                numbers[1:] = np.nan
                play(recording)
                if not np.array_equal(numbers[-1], expected_relay(works, 3)):
                    wrong.append(works)

    threads = [threading.Thread(target=work, args=(works,)) for works in (2, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_program_that_played_ends_well():
    """Machine code is given back in some order at the end."""
    script = """
import numpy as np
from core.engine.pool import Pool
from core.kernels import maps, elementwise
from core.kernels.calls import noted
from core.kernels.replay import Recording
numbers, others = np.ones(16, np.float32), np.zeros(16, np.float32)
with noted() as found:
    maps.clear(numbers, 2, 5)
    elementwise.copy_rows(numbers, others, 0, 2, 8)
recording = Recording([[[found]]], 1)
Pool(1).play(recording, alone=True)
print(others.sum())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "13.0", "")

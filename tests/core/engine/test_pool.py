"""Threads that stay."""

import threading

import pytest

from core.engine.pool import Pool, _Handout


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_work_is_done_once(threads):
    pool, done = Pool(threads), []
    for count in (0, 1, 2, 20):
        done.clear()
        pool.run([lambda thread, number=number: done.append((number, thread)) for number in range(count)])
        assert sorted(number for number, _ in done) == list(range(count))
        assert all(0 <= thread < threads for _, thread in done)
    pool.close()


def test_threads_work_at_the_same_time():
    pool, barrier = Pool(3), threading.Barrier(3, timeout=10)
    pool.run([lambda thread: barrier.wait()] * 3)
    pool.close()


@pytest.mark.parametrize("threads", [1, 3])
def test_an_exception_reaches_the_caller_and_the_pool_goes_on(threads):
    pool, done = Pool(threads), []

    def fail(thread):
        raise ValueError("broken work")

    with pytest.raises(ValueError, match="broken work"):
        pool.run([fail, done.append, done.append])
    pool.run([done.append] * 4)
    assert len(done) >= 4
    pool.close()


def test_closing_ends_the_threads():
    before = threading.active_count()
    pool = Pool(4)
    pool.run([lambda thread: None] * 2)
    assert threading.active_count() == before + 3
    pool.close()
    pool.close()
    assert threading.active_count() == before
    pool.run([lambda thread: None] * 2)


def test_nobody_waits_for_a_thread_that_comes_too_late():
    pool, held, free = Pool(2), threading.Event(), threading.Event()
    pool.run([lambda thread: None] * 2)

    def hold(thread):
        if thread == 1:
            held.set()
            free.wait(20)

    pool._queues[0].put(_Handout(iter([lambda thread: hold(1)])))
    assert held.wait(20)
    done = []
    pool.run([done.append, done.append])
    assert done == [0, 0]
    free.set()
    pool.close()


def test_who_comes_after_a_failure_finds_nothing_to_do():
    pool, held, free, done = Pool(2), threading.Event(), threading.Event(), []
    pool.run([lambda thread: None] * 2)

    def hold(thread):
        held.set()
        free.wait(20)

    def fail(thread):
        raise ValueError("broken work")

    busy = _Handout(iter([hold]))
    pool._queues[0].put(busy)
    pool._news[0] += 1
    assert held.wait(20)
    with pytest.raises(ValueError, match="broken work"):
        pool.run([fail, done.append, done.append])
    free.set()
    pool.run([lambda thread: None] * 2)
    pool.close()
    assert not done

"""Waiting awake."""

import threading
import time

import numpy as np
import pytest

from core.kernels.jit import COMPILED
from core.kernels.waiting import wait_for_change

LONG = 1 << 40

pytestmark = pytest.mark.skipif(not COMPILED, reason="compilation is switched off")


def test_a_change_by_another_thread_ends_the_wait_and_other_threads_run_meanwhile():
    state = np.zeros(16, np.int64)
    waiting = threading.Thread(target=wait_for_change, args=(state, 8, 0, LONG))
    waiting.start()
    time.sleep(0.05)
    state[0] = 1
    assert waiting.is_alive()
    state[8] = 1
    waiting.join(timeout=10)
    assert not waiting.is_alive()


def test_no_wait_is_longer_than_its_looks():
    state = np.zeros(1, np.int64)
    wait_for_change(state, 0, 0, 0)
    began = time.perf_counter()
    wait_for_change(state, 0, 0, 100, 100)
    assert time.perf_counter() - began < 1


def test_rest_comes_after_the_change():
    state = np.ones(1, np.int64)
    wait_for_change(state, 0, 0, LONG)
    began = time.perf_counter()
    wait_for_change(state, 0, 0, LONG, 1_000_000)
    assert time.perf_counter() - began > 1e-4

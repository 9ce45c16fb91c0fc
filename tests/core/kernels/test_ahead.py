"""Kernels compiled ahead: by helpers where there are any, by this process where not, and nothing stays behind."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from core.kernels import abreast_gradients, ahead, crew, jit, maps, packing

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(not jit.COMPILED, reason="compilation is switched off")

SCRIPT = textwrap.dedent("""
    import os, subprocess, sys, threading
    import numpy as np
    from core.kernels import ahead, crew, jit, maps, packing
    from core.kernels.calls import noted
    {before}
    crew.processor_count, crew._PATIENCE, ahead._WORTH_A_HELPER, started = lambda: 2, 2.0, 100, []
    start = crew._helper
    def helper():
        started.append(start())
        return started[-1]
    crew._helper = helper
    numbers = np.ones(8, np.float32)
    def calls():
        with noted() as found:
            maps.clear(numbers, 2, 5)
            packing.pack_bias(numbers, 0, numbers.copy(), np.array([0, 0, 0, 8, 1]))
        return found
    told = []
    def progress(*how):
        told.append(how)
        {telling}
    {work}
    for thread in threading.enumerate():
        if thread.name == "compiling":
            thread.join(60)
    maps.clear(numbers, 2, 5)
    print(numbers.tolist() == [1, 1, 0, 0, 0, 1, 1, 1], told, len(started),
          all(each.poll() is not None for each in started),
          sum(sum(each.stats.cache_hits.values()) for each in (maps.clear, packing.pack_bias)),
          len(maps.clear.signatures) + len(packing.pack_bias.signatures), sep=";")
""")
# This process waits until the helper has taken the other job.
WAIT = "import time; [time.sleep(0.01) for _ in range(3000) if told[1:] == [] and not crew.CREW._under_way]"


def _run(folder, before="", telling=WAIT, work="ahead.compile_ahead(calls(), progress)"):
    """(told, helpers started, kernels loaded from disk, kernels there) as a fresh process with an empty cache says."""
    script = SCRIPT.format(before=before, telling=telling, work=work)
    names = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-P", "-c", script], env=names, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    right, told, started, ended, loaded, there = done.stdout.strip().split(";")
    assert (right, ended) == ("True", "True"), "right numbers, and no helper is left"
    return told, int(started), int(loaded), int(there)


def test_a_helper_compiles_one_kernel_while_this_process_compiles_the_other(tmp_path):
    assert _run(tmp_path) == ("[(0, 2), (1, 2)]", 1, 1, 2)
    assert _run(tmp_path, telling="") == ("[(0, 2), (1, 2)]", 0, 2, 2), "what is on disk is worth no helper"


@pytest.mark.parametrize("before", [
    "sys.executable = '/no/such/program'", "crew._START = 'import sys; sys.exit(3)'", "sys.frozen = True"],
    ids=["cannot start", "dies at once", "packed program"])
def test_without_helpers_this_process_compiles_everything(tmp_path, before):
    told, _, loaded, there = _run(tmp_path, before, telling="")
    assert (told, loaded, there) == ("[(0, 2), (1, 2)]", 0, 2)


def test_who_is_stopped_leaves_the_rest_and_may_go_on(tmp_path):
    work = """
    try:
        ahead.compile_ahead(calls(), lambda done, total: 1 // (1 - done))
    except ZeroDivisionError:
        pass
    ahead.compile_ahead(calls(), progress)
    """
    told, started, _, there = _run(tmp_path, telling="", work=textwrap.dedent(work))
    assert (told[:2], started, there) == ("[(", 1, 2)


def test_what_is_compiled_already_is_not_asked_for_again(tmp_path):
    work = "ahead.compile_ahead(calls(), progress); ahead.compile_ahead(calls(), progress)"
    assert _run(tmp_path, work=work)[0] == "[(0, 2), (1, 2)]"


def test_larger_kernels_take_longer():
    sizes = [ahead.code_size(each) for each in (abreast_gradients.add_gradients_abreast, packing.pack_bias, maps.clear)]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) > 0


def test_a_function_without_a_name_of_its_own_is_left_to_this_process(tmp_path):
    work = """
    @jit.kernel
    def add(x):
        return x + 1
    with noted() as found:
        add(3)
    ahead.compile_ahead([*calls(), *found], progress)
    assert add.signatures and add(3) == 4
    """
    assert _run(tmp_path, telling="", work=textwrap.dedent(work))[3] == 2


def test_two_threads_do_not_take_each_others_jobs(tmp_path):
    work = """
    threads = [threading.Thread(target=ahead.compile_ahead, args=(calls(), progress)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    """
    assert _run(tmp_path, telling="", work=textwrap.dedent(work))[3] == 2


def test_the_longest_job_is_left_to_a_helper():
    crew_, jobs = crew.Crew(), [crew.Job(name, []) for name in ("longest", "longer", "long")]
    with crew_.at_work(jobs, 0):
        assert crew_.next() is jobs[0], "alone, the longest comes first"
    with crew_.at_work(jobs, 0):
        crew_._helpers = 1
        assert [crew_.next() for _ in jobs] == [jobs[1], jobs[2], jobs[0]]

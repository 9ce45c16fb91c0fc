"""Every way a worker process can end, and Ctrl+C, which does not end it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.project import DataChoice, Project
from core.train.events import BatchDone, Finished
from core.train.options import TrainOptions
from core.worker.messages import (
    Done,
    LookAtData,
    Ready,
    Train,
)
from tests.core.networks import small_cnn
from tests.core.worker.client import Client

ROOT = Path(__file__).resolve().parents[3]
PROJECT = Project(small_cnn(), data=DataChoice("digits"), options=TrainOptions(epochs=3, learning_rate=0.01))
LONG = replace(PROJECT, options=replace(PROJECT.options, epochs=100_000))


def gone(process_id: int, seconds: float) -> bool:
    """Whether a process ends within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_killed_worker_is_seen_and_another_one_trains():
    with Client() as first:
        first.ask(Train(0, LONG))
        first.event(BatchDone)
        first.process.kill()
        first.process.join(2)
        assert first.process.exitcode == -9
        with pytest.raises((EOFError, OSError)):
            first.end()
    with Client() as second:
        second.ask(Train(0, PROJECT))
        assert second.event(Finished).reason == "done"


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_does_not_end_it():
    with Client() as worker:
        worker.until(lambda message: isinstance(message, Ready))
        os.kill(worker.process.pid, signal.SIGINT)
        assert isinstance(worker.answer(LookAtData(0, "digits")), Done)


def test_a_closed_pipe_ends_it():
    with Client() as worker:
        worker.ask(Train(0, LONG))
        worker.event(BatchDone)
        worker.connection.close()
        worker.process.join(2)
        assert not worker.process.is_alive()


WINDOW = textwrap.dedent("""
    import multiprocessing, sys, time
    from core.worker.launch import serve
    from core.worker.messages import Train, Warm
    from core.project import DataChoice, Project
    from core.train.options import TrainOptions
    from tests.core.networks import small_cnn

    if __name__ == "__main__":
        context = multiprocessing.get_context("spawn")
        connection, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        connection.recv()
        project = Project(small_cnn(), data=DataChoice("digits"), options=TrainOptions(epochs=100_000))
        connection.send(Train(1, project) if sys.argv[1] == "train" else Warm(1, small_cnn()))
        while sys.argv[1] == "train" and type(connection.recv().event).__name__ != "BatchDone":
            pass
        print(process.pid, flush=True)
        time.sleep(60)
""")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize("doing", ["train", "compile"])
def test_a_killed_window_takes_its_worker_along(tmp_path, doing):
    script = tmp_path / "window.py"
    script.write_text(WINDOW, "utf-8")
    # An empty cache, so that the worker is really compiling.
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")} if doing == "compile" else {}
    window = subprocess.Popen([sys.executable, str(script), doing], stdout=subprocess.PIPE, text=True, cwd=ROOT,
                              env={**os.environ, "PYTHONPATH": str(ROOT), **cache})
    worker = int(window.stdout.readline())
    time.sleep(0.5)
    assert not gone(worker, 0.0)
    window.kill()
    window.wait(5)
    window.stdout.close()
    assert gone(worker, 2.0)

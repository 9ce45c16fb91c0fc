"""A helper that compiles kernels for another process: each line of its input is a job, each line it writes one done.

The machine code goes into the cache on disk. The process ends with its input, at once, whatever it is doing.
"""

import base64
import os
import pickle
import queue
import signal
import sys
import threading
from importlib import import_module

from core.kernels.jit import get_ready


def main() -> None:
    """Do jobs until the input ends."""
    # Ctrl+C in the terminal is meant for the window, whose end is ours.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    letters: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(letters,), daemon=True).start()
    get_ready()
    while True:
        module, name, kinds = pickle.loads(base64.b64decode(letters.get()))  # noqa: S301 - from our own process
        kernel = getattr(import_module(module), name)
        for each in kinds:
            kernel.compile(each)
        sys.stdout.write("\n")
        sys.stdout.flush()


def _read(letters: "queue.SimpleQueue[bytes]") -> None:
    while letter := sys.stdin.buffer.readline():
        letters.put(letter)
    os._exit(0)

"""Messages with large arrays: the same at the other end, in pieces, without being packed as a whole."""

import multiprocessing
import threading
import tracemalloc

import numpy as np
import pytest

from core.worker.messages import Done
from core.worker.post import PIECE, receive, send

RNG = np.random.default_rng(0)


def _through(message):
    mine, theirs = multiprocessing.Pipe()
    thread = threading.Thread(target=send, args=(theirs, message))
    thread.start()
    found = receive(mine)
    thread.join()
    mine.close()
    theirs.close()
    return found


@pytest.mark.parametrize("size", [0, 1, PIECE // 4 - 1, PIECE // 4, PIECE // 4 + 1, 3 * PIECE // 4 + 7])
def test_arrays_arrive_as_they_were(size):
    weights = {"a.weight": RNG.normal(size=size).astype(np.float32), "b.weight": np.arange(size)[::-1],
               "c.weight": np.asfortranarray(RNG.normal(size=(2, size)))}
    found = _through(Done(7, weights))
    assert (found.number, list(found.result)) == (7, list(weights))
    for name, array in weights.items():
        assert np.array_equal(found.result[name], array)
        assert found.result[name].dtype == array.dtype
        assert found.result[name].flags.aligned


def test_small_messages_are_what_a_connection_sends():
    mine, theirs = multiprocessing.Pipe()
    send(theirs, Done(1, np.arange(9)))
    assert np.array_equal(mine.recv().result, np.arange(9))


def test_a_large_array_is_copied_once():
    array = np.ones(16 * PIECE, np.uint8)
    tracemalloc.start()
    found = _through(Done(1, array))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.result.nbytes <= peak < found.result.nbytes + 6 * PIECE


def test_an_end_in_the_middle_is_an_end():
    mine, theirs = multiprocessing.Pipe()

    class Breaking:
        """Breaks after the first piece."""

        def __init__(self):
            self.left = 2

        def send(self, message):
            theirs.send(message)

        def send_bytes(self, data):
            if not self.left:
                theirs.close()
                raise BrokenPipeError
            self.left -= 1
            theirs.send_bytes(data)

    def half():
        with pytest.raises(BrokenPipeError):
            send(Breaking(), Done(1, np.ones(4 * PIECE, np.uint8)))

    thread = threading.Thread(target=half)
    thread.start()
    with pytest.raises(EOFError):
        receive(mine)
    thread.join()

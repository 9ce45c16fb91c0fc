"""Messages over a pipe, of which large arrays go apart, in pieces: neither end copies them or holds the others up.

Packed into one message, an array of hundreds of megabytes keeps Python's lock while it is copied, and the window's
thread waits for that lock. Small messages travel as `Connection.send` sends them.
"""

import pickle
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

# Arrays of fewer bytes stay inside their message; larger ones go in pieces of this size.
PIECE = 1 << 20


@dataclass(frozen=True)
class _Apart:
    """Announces a message whose arrays of these sizes follow it."""

    sizes: tuple[int, ...]


def send(connection: Connection, message: Any) -> None:
    """Send one message; OSError where nobody reads."""
    views: list[memoryview] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        if view.nbytes < PIECE:
            return True
        views.append(view)
        return False

    packed = pickle.dumps(message, protocol=5, buffer_callback=stays)
    if not views:
        connection.send_bytes(packed)
        return
    connection.send(_Apart(tuple(view.nbytes for view in views)))
    connection.send_bytes(packed)
    for view in views:
        for start in range(0, view.nbytes, PIECE):
            connection.send_bytes(view[start:start + PIECE])


def receive(connection: Connection) -> Any:
    """The next message; EOFError or OSError where the other end is gone."""
    message = connection.recv()
    if not isinstance(message, _Apart):
        return message
    packed = connection.recv_bytes()
    return pickle.loads(packed, buffers=[_array(connection, size) for size in message.sizes])  # noqa: S301 - our process


def _array(connection: Connection, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    found = np.empty(size, np.uint8)
    view = memoryview(found.data)
    for start in range(0, size, PIECE):
        connection.recv_bytes_into(view[start:start + PIECE])
    return found

"""A real worker process for tests, and what it has said."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from core.worker.launch import serve
from core.worker.messages import Done, Quit, Refused, Trained
from core.worker.post import receive, send

PATIENCE = 60.0


class Client:
    """The other end of a spawned worker. Use as a context: at its end the worker is gone."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.said: list[Any] = []
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.is_alive():
            send(self.connection, Quit())
            self.process.join(5)
        self.process.kill()
        self.process.join(5)
        self.connection.close()

    def send(self, message: Any) -> None:
        """Send a message without a number."""
        send(self.connection, message)

    def ask(self, request: Any) -> int:
        """Send a request under a fresh number."""
        self._number += 1
        send(self.connection, replace(request, number=self._number))
        return self._number

    def until(self, wanted: Callable[[Any], bool], patience: float = PATIENCE) -> Any:
        """The first message, from now on, that is wanted; all are kept in `said`."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.connection.poll(0.05):
                self.said.append(receive(self.connection))
                if wanted(self.said[-1]):
                    return self.said[-1]
        raise AssertionError(f"nothing of the kind came in {patience} s; the last was {self.said[-1:]}")

    def answer(self, request: Any) -> Any:
        """Ask, and wait for Done or Refused."""
        number = self.ask(request)
        return self.until(lambda message: isinstance(message, Done | Refused) and message.number == number)

    def event(self, kind: type | tuple[type, ...], patience: float = PATIENCE) -> Any:
        """The next event of a training of that kind."""
        found = self.until(lambda message: isinstance(message, Trained) and isinstance(message.event, kind), patience)
        return found.event

    def quiet(self, seconds: float) -> list[Any]:
        """What comes in that time."""
        deadline, came = time.monotonic() + seconds, []
        while (left := deadline - time.monotonic()) > 0:
            if self.connection.poll(left):
                came.append(receive(self.connection))
        self.said += came
        return came

    def end(self) -> None:
        """Read until the pipe ends."""
        while True:
            self.said.append(receive(self.connection))

    def events(self, number: int) -> list[Any]:
        """All events said under a number."""
        return [message.event for message in self.said if isinstance(message, Trained) and message.number == number]

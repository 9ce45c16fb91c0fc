"""A process that measures answers requests: one JSON object a line on standard input, one answer a line on output."""

import json
import sys
from typing import Any, Protocol


class Side(Protocol):
    """One side of a measurement; each request names a method and brings its arguments."""

    def open(self, path: str, threads: int) -> dict[str, Any]:
        """Make the network of a job ready; the one before is given up."""

    def loss(self) -> dict[str, Any]:
        """{"loss"} of the batch in training mode, without dropout and noise; nothing is updated."""

    def train(self, steps: int) -> dict[str, Any]:
        """{"seconds"} that so many training steps took."""

    def predict(self, steps: int) -> dict[str, Any]:
        """{"seconds"} that so many passes in inference mode took."""

    def memory(self) -> dict[str, Any]:
        """{"bytes"}: most memory that was resident, above what it was after the imports; None where not known."""


def serve(side: Side) -> None:
    """Answer until the input ends. What libraries print goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(side, request.pop("do"))(**request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

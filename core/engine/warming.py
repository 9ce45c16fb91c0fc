"""Kernels are made ready before the first batch: all that it will call are known without calling any of them."""

from collections.abc import Callable, Iterable

import numpy as np

from core.kernels.ahead import compile_ahead
from core.kernels.calls import Call, noted
from core.kernels.jit import COMPILED

Progress = Callable[[int, int, str], None]


def warm_up(works: Callable[[], Iterable[Callable[[], object]]], progress: Progress | None) -> None:
    """Compile the kernels that works call, or load them from disk, and do the works; they are asked for twice.

    `progress` gets (done, total, text) before each kernel and at the end.
    """
    last = 0

    def tell(done: int, total: int) -> None:
        nonlocal last
        last = total
        if progress is not None:
            progress(done, total, "Compiling the kernels")

    # Outputs are empty while calls are only noted, and so are some of the batch here: nobody looks at the numbers.
    with np.errstate(all="ignore"):
        compile_ahead(_calls_of(works()), tell)
        for work in works():
            work()
    if progress is not None:
        progress(last, last, "Kernels are ready")


def _calls_of(works: Iterable[Callable[[], object]]) -> list[Call]:
    """The calls of kernels that works would make."""
    if not COMPILED:
        return []
    with noted() as calls:
        for work in works:
            work()
    return calls
